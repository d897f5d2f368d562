"""Golden cases against the index: does every quote still stand where the case says?"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.cases import Case, Gold
from eval.facts import states_fact, states_number
from eval.relevance import under_heading
from eval.stored import Stored
from eval.words import overlap
from ingest.errors import CaseError

STANDS = 0.9
"""Share of a quote's words that must stand in the document; the rest allows for OCR and lost hyphens."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a case; `changed` says that its document is not the one the case was checked against.

    An `advice` is no error: the case may be right, but the metrics can't see it.
    """

    case_id: str
    doc: str
    problem: str
    changed: bool = False
    advice: bool = False

    def __str__(self) -> str:
        note = " (the document changed)" if self.changed else ""
        return f"{self.case_id}: {self.doc or 'case'}: {self.problem}{note}"


def lint_cases(cases: Sequence[Case], stored: Stored, known: Mapping[str, str]) -> list[Finding]:
    """Every finding; `known` are the content hashes under which the cases stood last time."""
    now = stored.content_hashes()
    changed = {doc for doc, digest in known.items() if now.get(doc) != digest}
    findings = []
    for case in cases:
        for gold in case.gold:
            problem = _gold_problem(gold, stored)
            if problem:
                findings.append(Finding(case.id, gold.doc, problem, gold.doc in changed))
        findings += _case_findings(case)
    return findings


def _gold_problem(gold: Gold, stored: Stored) -> str:
    passages = stored.pages_text(gold.doc)
    if not passages:
        return "not in the index"
    if not gold.quote:
        return "" if _has_place(gold, passages) else f"no page or section {gold.pages or gold.section}"
    share = overlap(gold.quote, "\n".join(text for _, _, text in passages))
    if share < STANDS:
        return f'the quote does not stand there any more ({share:.0%} of it): "{gold.quote[:60]}"'
    place = max(passages, key=lambda passage: overlap(gold.quote, passage[2]))
    if gold.pages and place[0] is not None and not _near(place[0], gold.pages):
        return f"the quote stands on page {place[0]}, not {', '.join(map(str, gold.pages))}"
    return ""


def _near(page: int, pages: Sequence[int]) -> bool:
    # A passage is known by the page it begins on; its quote may be on the next.
    return any(page in (wanted, wanted - 1) for wanted in pages)


def _has_place(gold: Gold, passages: Sequence[tuple[int | None, str, str]]) -> bool:
    return any(page in gold.pages or (gold.section and under_heading(gold.section, path)) for page, path, _ in passages)


def _case_findings(case: Case) -> list[Finding]:
    if not case.answerable:
        return [Finding(case.id, "", "an unanswerable case has gold")] if case.gold else []
    told = "\n".join([case.reference, *(gold.quote for gold in case.gold)])
    unseen = [f'the number "{n}"' for n in case.numbers if not states_number(n, told)]
    unseen += [f'"{fact}"' for fact in case.facts if not states_fact(fact, told)]
    advice = [f"neither its reference nor its quotes are seen to state {what}" for what in unseen]
    findings = [Finding(case.id, "", text, advice=True) for text in advice]
    return findings if case.gold else [*findings, Finding(case.id, "", "an answerable case has no gold")]


def lock_path(cases: Path) -> Path:
    """Where the content hashes of the cases' documents are kept, beside the cases."""
    return cases.with_suffix(".lock.json")


def read_lock(path: Path) -> dict[str, str]:
    """Content hash by document; empty where there is no lock yet."""
    if not path.exists():
        return {}
    try:
        return {str(doc): str(digest) for doc, digest in json.loads(path.read_text(encoding="utf-8")).items()}
    except (ValueError, AttributeError) as error:
        raise CaseError(f"{path}: {error}", hint="run: python -m eval lint --update-lock") from None


def write_lock(path: Path, cases: Sequence[Case], stored: Stored) -> None:
    """Keep the content hashes of all documents that the cases' gold names."""
    named = {gold.doc for case in cases for gold in case.gold}
    hashes = {doc: digest for doc, digest in stored.content_hashes().items() if doc in named}
    path.write_text(json.dumps(hashes, indent=1, sort_keys=True) + "\n", encoding="utf-8")
