"""Evaluation: golden cases through the assistant that the chat uses, scored and gated."""
