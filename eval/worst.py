"""The cases a person should look at first: sorted by what went wrong, with the answer held against the gold."""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from markupsafe import Markup, escape

EACH = 5
"""Cases shown of each kind of failure."""

KINDS = {
    "could not be answered": "The assistant failed",
    "answered what is not there": "Answered although the procedures don't say",
    "refused what is there": "Refused although the procedures answer",
    "wrong passage": "The right passage was not found",
    "wrong words": "The right passage was found, but the answer misses something",
}
WORDS = {
    "hit_at_10": "right passage found",
    "citation_recall": "required places cited",
    "citation_precision": "citations that prove",
    "fact_coverage": "facts stated",
    "number_coverage": "numbers given",
}


def failures(cases: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each kind of failure that occurs, with its title, how often it does, and its worst cases."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for case in cases:
        if kind := failure_of(case):
            found.setdefault(kind, []).append(case)
    return [
        {
            "title": title,
            "n": len(found[kind]),
            "cases": [_shown(case) for case in sorted(found[kind], key=_rank)[:EACH]],
        }
        for kind, title in KINDS.items()
        if kind in found
    ]


def failure_of(case: Mapping[str, Any]) -> str:
    """The kind of failure (a key of KINDS), "" for a case that is right."""
    if case["error"]:
        return "could not be answered"
    if case["scores"].get("abstention_correct") == 0:
        return "refused what is there" if case["abstained"] else "answered what is not there"
    if case["abstained"]:
        return ""
    if case["scores"].get("hit_at_10") == 0:
        return "wrong passage"
    return "wrong words" if _goodness(case) < 1 else ""


def _rank(case: Mapping[str, Any]) -> tuple[float, str]:
    return _goodness(case), case["id"]


def _goodness(case: Mapping[str, Any]) -> float:
    values = [v for name in WORDS if name != "citation_precision" and (v := case["scores"].get(name)) is not None]
    return sum(values) / len(values) if values else 0.0


def _shown(case: Mapping[str, Any]) -> dict[str, Any]:
    said = case["answer"] or case["reason"] or case["error"]
    gold = " ".join(dict.fromkeys(entry["quote"] for entry in case["gold"] if not entry["alternative"]))
    told, wanted = (
        highlight(said, gold) if case["answer"] and gold else (escape(said), escape(gold or case["reference"]))
    )
    scores = {WORDS[name]: case["scores"][name] for name in WORDS if case["scores"].get(name) is not None}
    missing = [item["text"] for item in (*case["facts"], *case["numbers"]) if not item["stated"]]
    return {"case": case, "told": told, "wanted": wanted, "scores": scores, "missing": missing}


def highlight(said: str, gold: str) -> tuple[Markup, Markup]:
    """Both texts as HTML; words that only the answer has are in <ins>, words that only the gold has in <del>."""
    left, right = said.split(), gold.split()
    matcher = SequenceMatcher(None, _plain(left), _plain(right), autojunk=False)
    told, wanted = [], []
    for kind, a, b, c, d in matcher.get_opcodes():
        told.append(_mark("ins", left[a:b], kind != "equal"))
        wanted.append(_mark("del", right[c:d], kind != "equal"))
    return Markup(" ").join(filter(None, told)), Markup(" ").join(filter(None, wanted))


def _plain(words: Sequence[str]) -> list[str]:
    return [word.casefold().strip(".,;:") for word in words]


def _mark(tag: str, words: Sequence[str], marked: bool) -> Markup:
    text = escape(" ".join(words))
    return Markup("<{0}>{1}</{0}>").format(tag, text) if marked and text else text
