"""How far a judge can be trusted: its agreement with labelled pairs of statement and evidence."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from eval.cases import Case
from eval.facts import states_fact
from eval.judging import spread
from eval.quantities import is_quantity, tokens
from ingest.errors import CaseError

if TYPE_CHECKING:
    from eval.judge import Judge

Label = Literal["supported", "contradicted", "not stated"]
FEWEST_WORDS = 4  # a shorter fact ("ext. 4470") says nothing without its question


@dataclass(frozen=True, slots=True)
class Pair:
    """A statement, the text it is held against, and what a careful reader says of them."""

    id: str
    statement: str
    evidence: str
    label: Label


@dataclass(frozen=True, slots=True)
class Agreement:
    """Cohen's kappa of judge and labels (supported or not), and the share right for each label."""

    kappa: float
    n: int
    right: dict[str, float]


def load_pairs(path: Path) -> list[Pair]:
    """Pairs from JSON lines with id, statement, evidence and label; CaseError names a bad line."""
    pairs = []
    try:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            data: dict[str, Any] = json.loads(line)
            if data["label"] not in get_args(Label):
                raise ValueError(f"line {number}: the label must be one of {', '.join(get_args(Label))}")
            pairs.append(Pair(str(data["id"]), data["statement"], data["evidence"], data["label"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CaseError(f"pairs in {path}: {error}", hint="make them with: python -m eval pairs") from None
    if len({pair.label for pair in pairs}) < 2:
        raise CaseError(f"pairs in {path} need supported and unsupported statements", hint="python -m eval pairs")
    return pairs


def measure_agreement(judge: "Judge", pairs: Sequence[Pair], progress: Callable[[], None]) -> Agreement:
    """Ask the judge about every pair; an LLMError stops it, because a part of the pairs is no measure."""
    verdicts = []
    for pair in pairs:
        verdicts.append(judge.supports(pair.statement, pair.evidence))
        progress()
    truth = [pair.label == "supported" for pair in pairs]
    right: dict[str, float] = {}
    for label in get_args(Label):
        chosen = [v == (label == "supported") for v, pair in zip(verdicts, pairs, strict=True) if pair.label == label]
        if chosen:
            right[label] = sum(chosen) / len(chosen)
    return Agreement(cohen_kappa(truth, verdicts), len(pairs), right)


def cohen_kappa(left: Sequence[bool], right: Sequence[bool]) -> float:
    """Agreement beyond chance (1 perfect, 0 chance); a constant rater has 0."""
    n = len(left)
    observed = sum(a == b for a, b in zip(left, right, strict=True)) / n
    yes_left, yes_right = sum(left) / n, sum(right) / n
    chance = yes_left * yes_right + (1 - yes_left) * (1 - yes_right)
    return 0.0 if chance == 1 else (observed - chance) / (1 - chance)


def make_pairs(cases: Iterable[Case], each: int | None = None) -> list[Pair]:
    """Labelled pairs from golden cases, to be read over by a person; at most `each` of a label, spread over the cases.

    supported: a fact with its own quotes, where these are seen to state it. contradicted: the same fact with one
    figure changed, or turned into its opposite. not stated: the fact with the quotes of a case from other documents
    that share none of its figures.
    """
    usable = [case for case in cases if case.answerable and case.facts and _evidence(case)]
    pairs: dict[Label, list[Pair]] = {label: [] for label in get_args(Label)}
    for case in usable:
        evidence = _evidence(case)
        for number, fact in enumerate(case.facts, 1):
            if len(fact.split()) < FEWEST_WORDS or not states_fact(fact, evidence):
                continue
            name = f"{case.id}-{number}"
            pairs["supported"].append(Pair(f"{name}-s", fact, evidence, "supported"))
            if (opposite := contradict(fact)) != fact:
                pairs["contradicted"].append(Pair(f"{name}-c", opposite, evidence, "contradicted"))
            if (foreign := _foreign(case, fact, usable)) is not None:
                pairs["not stated"].append(Pair(f"{name}-n", fact, foreign, "not stated"))
    return sorted((pair for group in pairs.values() for pair in spread(group, each)), key=lambda pair: pair.id)


def take_pairs(pairs: Sequence[Pair], most: int | None) -> list[Pair]:
    """At most `most` pairs, as many of each label and evenly spread; all of them where `most` is None."""
    each = None if most is None else -(-most // len(get_args(Label)))
    chosen = [pair for label in get_args(Label) for pair in spread([p for p in pairs if p.label == label], each)]
    return sorted(chosen, key=lambda pair: pair.id)


def _evidence(case: Case) -> str:
    return " ".join(dict.fromkeys(gold.quote for gold in case.required if gold.quote))


def _foreign(case: Case, fact: str, cases: Sequence[Case]) -> str | None:
    figures = {token for token in tokens(fact) if is_quantity(token)}
    start = cases.index(case) + 1
    for other in (*cases[start:], *cases[:start]):
        text = _evidence(other)
        docs = {gold.doc for gold in other.gold} & {gold.doc for gold in case.gold}
        if not docs and not figures & set(tokens(text)) and not states_fact(fact, text):
            return text
    return None


_OPPOSITES = (
    (" must not ", " must "), (" may not ", " may "), (" is not ", " is "), (" are not ", " are "),
    (" must ", " must not "), (" may ", " may not "), (" can ", " can not "), (" is ", " is not "),
    (" are ", " are not "), (" before ", " after "), (" after ", " before "), (" within ", " not within "),
    ("no later than", "no earlier than"), ("at least", "at most"),
)  # fmt: skip
_NEGATIONS = frozenset("no not never nobody nothing none only without cannot".split())


def contradict(fact: str) -> str:
    """The fact with its last whole number changed, else turned into its opposite; unchanged where neither fits."""
    words = fact.split(" ")
    for position in range(len(words) - 1, -1, -1):
        core = words[position].strip(".,;:()$€£%")
        if core.isdigit() and len(core) <= 4:
            changed = str(int(core) + max(2, int(core) // 2))
            return " ".join([*words[:position], words[position].replace(core, changed), *words[position + 1 :]])
    padded = f" {fact} "
    for said, opposite in _OPPOSITES:
        # A second "not" in one sentence is no clear contradiction.
        if said in padded and not (" not " in opposite and _NEGATIONS & set(fact.lower().split())):
            return padded.replace(said, opposite, 1).strip()
    return fact


def write_pairs(pairs: Iterable[Pair], path: Path) -> None:
    """Write pairs as JSON lines."""
    path.write_text("".join(json.dumps(asdict(p), ensure_ascii=False) + "\n" for p in pairs), encoding="utf-8")


def record_agreement(path: Path, judge: str, agreement: Agreement) -> None:
    """Add the agreement of one judge to the calibration file."""
    known = read_agreements(path) if path.exists() else {}
    known[judge] = asdict(agreement)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read_agreements(path: Path) -> dict[str, dict[str, Any]]:
    """Agreement by judge; CaseError (exit 3) if the file is not one."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        if any("kappa" not in entry for entry in known.values()):
            raise ValueError("an entry lacks its kappa")
        return cast(dict[str, dict[str, Any]], known)
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise CaseError(f"calibration in {path}: {error}", hint="run: python -m eval calibrate") from None
