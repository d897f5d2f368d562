"""The report of a run as plain data: everything that the Markdown, HTML and JUnit pages show, down to each case."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.answer import Answer
from eval.answers import citations_of, shown_text
from eval.compare import Comparison
from eval.facts import states_fact, states_number
from eval.gate import Check
from eval.ranking import passage_of
from eval.relevance import matches
from eval.reliability import reliability
from eval.summary import Row, by_group, summarise, unscored

PASSED, BELOW, NOT_RUN = 0, 1, 2
REPORT_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The exit code and the sentences that explain it."""

    code: int
    reasons: tuple[str, ...]

    @property
    def word(self) -> str:
        """The verdict in a word or two."""
        return {PASSED: "passed", BELOW: "below threshold"}.get(self.code, "could not run")


def judge_run(rows: Sequence[Row], checks: Sequence[Check], drops: Sequence[str], failures: Sequence[str]) -> Verdict:
    """Exit 2 if anything could not be scored, else 1 if a threshold is broken or a metric dropped, else 0."""
    missing = [*failures, *unscored(rows)]
    if missing:
        return Verdict(NOT_RUN, tuple(missing))
    broken = [*map(str, (check for check in checks if not check.passed)), *drops]
    return Verdict(BELOW if broken else PASSED, tuple(broken))


def build_report(
    run: Mapping[str, Any],
    rows: Sequence[Row],
    checks: Sequence[Check],
    comparison: Comparison | None,
    verdict: Verdict,
) -> dict[str, Any]:
    """The whole report, JSON-ready."""
    groups = by_group(rows)
    return {
        "version": REPORT_VERSION,
        "run": dict(run),
        "verdict": {"code": verdict.code, "word": verdict.word, "reasons": list(verdict.reasons)},
        "figures": {name: asdict(figure) for name, figure in summarise(rows).items()},
        "groups": {
            group: {
                "n": len(members),
                "abstention": _abstention_counts(members),
                "figures": {name: asdict(figure) for name, figure in summarise(members).items()},
            }
            for group, members in groups.items()
        },
        "reliability": [asdict(b) for b in reliability(rows)],
        "checks": [{**asdict(check), "bound": str(check.bound)} for check in checks],
        "comparison": asdict(comparison) if comparison else None,
        "cases": [_case_report(row) for row in rows],
    }


def _abstention_counts(rows: Sequence[Row]) -> dict[str, int]:
    answerable = [row for row in rows if row.case.answerable]
    other = [row for row in rows if not row.case.answerable]
    return {
        "answerable": len(answerable),
        "answered": sum(not row.abstained for row in answerable),
        "unanswerable": len(other),
        "abstained": sum(row.abstained for row in other),
    }


def _case_report(row: Row) -> dict[str, Any]:
    case, answer = row.case, row.outcome.answer
    report: dict[str, Any] = {
        "id": case.id,
        "digest": case.digest,
        "group": case.group,
        "kind": case.kind,
        "question": case.question,
        "history": [asdict(turn) for turn in case.history],
        "answerable": case.answerable,
        "reference": case.reference,
        "gold": [asdict(gold) for gold in case.gold],
        "scores": dict(row.scores),
        "unscored": dict(row.unscored),
        "spread": dict(row.spread),
        "error": row.outcome.error,
        "seconds": round(row.outcome.seconds, 4),
        "prompt": row.outcome.prompt,
        "tokens": row.tokens,
    }
    return report | (_answer_report(row, answer) if answer else _NO_ANSWER)


_NO_ANSWER: dict[str, Any] = {
    "abstained": False,
    "answer": "",
    "answer_hash": "",
    "reason": "",
    "notes": [],
    "model": "",
    "composed_by": "",
    "timings": {},
    "facts": [],
    "numbers": [],
    "citations": [],
    "hits": [],
    "cited": [],
    "retrieved": [],
}


def _answer_report(row: Row, answer: Answer) -> dict[str, Any]:
    case = row.case
    text = "" if answer.abstained else shown_text(answer)
    cited = citations_of(answer)
    return {
        "abstained": answer.abstained,
        "answer": text,
        "answer_hash": hashlib.sha256(text.encode()).hexdigest()[:16],
        "reason": answer.reason,
        "notes": list(answer.notes),
        "model": answer.model,
        "composed_by": answer.composed_by,
        "timings": dict(answer.timings),
        "facts": [{"text": fact, "stated": states_fact(fact, text)} for fact in case.facts],
        "numbers": [{"text": number, "stated": states_number(number, text)} for number in case.numbers],
        "citations": [
            {"doc": c.doc, "version": c.version, "section": c.section, "page": c.page, "quote": c.quote} for c in cited
        ],
        "hits": [
            {
                "doc": hit.doc,
                "section": hit.section,
                "page": hit.page,
                "score": round(hit.score, 5),
                "gold": any(matches(passage_of(hit), gold, "any") for gold in case.gold),
                "text": hit.text,
            }
            for hit in answer.hits
        ],
        "cited": [f"{c.doc}#{c.page or c.section}" for c in cited],
        "retrieved": [f"{hit.doc}#{hit.page or hit.section}" for hit in answer.hits],
    }


def write_report(report: Mapping[str, Any], path: Path) -> None:
    """Write the report as JSON; a NaN anywhere is an error, not a value."""
    path.write_text(json.dumps(report, ensure_ascii=False, indent=1, default=str, allow_nan=False) + "\n", "utf-8")
