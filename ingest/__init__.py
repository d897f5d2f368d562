"""Ingestion: documents in, one immutable generation of the index out."""
