"""What a run was made with, as facts: index, embedder, chunking, chat model by hash, settings that shape answers."""

from dataclasses import asdict
from typing import Any

from app.llm import LLM
from app.settings import Settings
from eval.run import NOT_CONFIGURATION
from ingest.manifest import Manifest
from ingest.models import MODELS


def provenance(manifest: Manifest, settings: Settings, llm: LLM | None) -> dict[str, Any]:
    """JSON-ready facts for a report; secrets are left out."""
    shaping = settings.model_dump(mode="json", exclude=NOT_CONFIGURATION | SECRETS)
    return {
        "published_at": manifest.published_at.isoformat(timespec="seconds"),
        "content_hash": manifest.content_hash,
        "registered": manifest.registered,
        "embedder": asdict(manifest.embedder),
        "chunking": f"{manifest.making.made_by} {manifest.making.index_version}",
        "chat_model": _chat_model(llm),
        "settings": {name: str(value) for name, value in shaping.items() if value not in (None, "", [], {})},
        "register": {
            entry.record.file: {
                "id": entry.record.doc_id,
                "version": entry.record.version,
                "status": entry.record.status,
                "sha256": entry.content_hash,
            }
            for entry in manifest.documents
        },
    }


SECRETS = frozenset(name for name, field in Settings.model_fields.items() if "Secret" in str(field.annotation))


def _chat_model(llm: LLM | None) -> dict[str, str]:
    if llm is None:
        return {"id": "none", "sha256": "no model: passages word for word"}
    known = {name: digest for model in MODELS.values() for name, digest in model.files.items()}
    return {"id": llm.model_id, "sha256": known.get(llm.model_id, "held by its provider")}
