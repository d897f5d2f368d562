"""Golden case files: what is read, what is refused and where."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.answer import Turn
from eval.cases import Gold, load_cases, parse_case
from ingest.errors import CaseError

CASE: dict[str, Any] = {
    "id": "q1",
    "kind": "number",
    "question": "By when?",
    "history": [{"role": "user", "content": "About recalls."}, {"role": "assistant", "content": "Yes?"}],
    "answerable": True,
    "gold": [
        {"doc": "a/b.pdf", "pages": [3], "section": "2 Recalls", "quote": "by 17:00"},
        {"doc": "c.md", "pages": [], "section": "Glossary", "quote": "recall", "alt": True},
    ],
    "facts": ["by 17:00"],
    "numbers": ["17:00"],
    "reference": "By 17:00.",
}


def write(path: Path, *cases: Any) -> Path:
    path.write_text("\n".join(json.dumps(case) if not isinstance(case, str) else case for case in cases))
    return path


def test_a_case_is_read_whole() -> None:
    case = parse_case(CASE | {"as_of": "2026-01-31", "rails": ["CHAPS"], "readers": ["Ops"]})
    assert case is not None
    assert case.history == (Turn("user", "About recalls."), Turn("assistant", "Yes?"))
    assert case.gold[0] == Gold("a/b.pdf", (3,), "2 Recalls", "by 17:00")
    assert case.required == case.gold[:1]
    assert (case.as_of, case.rails, case.readers) == (date(2026, 1, 31), ("chaps",), ("ops",))


def test_alternatives_may_be_quotes_or_places() -> None:
    entry = {"doc": "a.md", "quote": "first", "alt": ["second", {"doc": "b.md", "pages": [2]}]}
    case = parse_case(CASE | {"gold": [entry]})
    assert case is not None
    assert case.gold[1:] == (
        Gold("a.md", (), "", "second", alternative=True),
        Gold("b.md", (2,), "", "", alternative=True),
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"answerable": "yes"}, "answerable must be true or false"),
        ({"question": " "}, "question must be text"),
        ({"gold": [{"pages": [1]}]}, "'doc' is missing"),
        ({"gold": [{"doc": "a", "pages": [0]}]}, "gold.pages must be 1-based"),
        ({"gold": [{"doc": "a", "quotes": "x", "pages": [1]}]}, "unknown field 'quotes'"),
        ({"gold": [{"doc": "a"}]}, "needs pages, a section or a quote"),
        ({"gold": [], "facts": [], "numbers": []}, "needs gold, facts or numbers"),
        ({"history": [{"role": "system", "content": "x"}]}, "needs the role user or assistant"),
        ({"facts": "by 17:00"}, "facts must be a list"),
        ({"as_of": "31.01.2026"}, "Invalid isoformat"),
    ],
)
def test_a_wrong_case_is_refused_with_its_line(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = write(tmp_path / "cases.jsonl", CASE, "", CASE | {"id": "q2"} | change)
    with pytest.raises(CaseError, match=r"cases\.jsonl:3: ") as error:
        load_cases(path)
    assert message in str(error.value)
    assert error.value.exit_code == 3


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"id": "q1"}'])
def test_a_file_without_cases_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(CaseError):
        load_cases(write(tmp_path / "cases.jsonl", content))


def test_an_id_must_not_stand_twice(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="q1 stands twice"):
        load_cases(write(tmp_path / "c.jsonl", CASE, CASE))


def test_cases_come_by_id_and_drafts_are_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "c.jsonl", CASE | {"id": "b"}, CASE | {"id": "a"}, CASE | {"id": "c", "status": "draft"})
    assert [case.id for case in load_cases(path)] == ["a", "b"]
    assert [case.id for case in load_cases(path, limit=1)] == ["a"]


def test_a_changed_case_has_another_digest() -> None:
    first, same, other = (parse_case(CASE | {"facts": [fact]}) for fact in ("x", "x", "y"))
    assert first and same and other
    assert first.digest == same.digest != other.digest
