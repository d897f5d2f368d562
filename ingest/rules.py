"""Publication rules: when a new generation is worse than anyone would want, the old one keeps serving."""

from collections.abc import Collection, Mapping

from ingest.manifest import Manifest


def broken_rules(
    new: Manifest,
    previous: Manifest | None,
    *,
    listed: Collection[str],
    rolled_back: Mapping[str, str],
    max_failed_share: float,
) -> list[str]:
    """A sentence for each rule that publishing `new` after `previous` would break.

    `listed` are the document ids of the register, withdrawn ones included; `rolled_back` the content hashes of
    generations that were rolled back, by name.
    """
    problems = _vanished(new, previous, listed) if previous else []
    failed, total = len(new.quarantine), len(new.quarantine) + sum(not entry.stale for entry in new.documents)
    if not new.documents:
        why = f" ({new.quarantine[0].file}: {new.quarantine[0].reason})" if new.quarantine else ""
        problems.append(f"no document would be left in the index{why}")
    elif failed > max_failed_share * total:
        problems.append(f"{failed} of {total} documents failed, more than a share of {max_failed_share:g}")
    for generation, content_hash in rolled_back.items():
        if content_hash == new.content_hash:
            problems.append(f"the documents give again what was rolled back as generation {generation}")
    return problems


def _vanished(new: Manifest, previous: Manifest, listed: Collection[str]) -> list[str]:
    """Approved documents that the register has forgotten: their end must be stated, not just happen."""
    if not previous.registered:
        return []
    if not new.registered:
        return ["the register is gone, and with it every document's status and dates"]
    gone = [entry.record for entry in previous.documents if entry.record.doc_id not in listed]
    return [
        f"approved {record.doc_id} version {record.version} ({record.file}) has vanished from the register"
        for record in gone
        if record.status == "approved"
    ]
