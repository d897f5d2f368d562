"""The register: what it says, and everything that may be wrong with it."""

from datetime import date
from pathlib import Path

import pytest

from ingest.errors import RegisterError
from ingest.register import Record
from ingest.register_file import load_register, parse_register
from tests.ingest_folder import write_corpus

FILES = {"a.md", "b.md", "c.md"}
HEAD = "id,title,version,status,effective_from,effective_to,supersedes,rails,file\n"


def parse(rows: str) -> dict[str, Record]:
    return parse_register("register.csv", (HEAD + rows).encode(), FILES)


def test_yaml_and_csv_say_the_same(tmp_path: Path) -> None:
    yaml = """documents:
- id: SOP-1
  title: Returns
  version: 2.10
  status: approved
  effective_from: 2026-01-01
  effective_to: null
  rails: [SWIFT, sepa]
  readers: []
  file: a.md
"""
    from_yaml = parse_register("register.yaml", yaml.encode(), FILES)
    from_csv = parse("SOP-1,Returns,2.10,Approved,2026-01-01,,,swift;SEPA,a.md\n")
    semicolons = (HEAD.replace(",", ";") + "SOP-1;Returns;2.10;approved;2026-01-01;;;swift,sepa;a.md\n").encode()
    assert from_yaml == from_csv == parse_register("register.csv", b"\xef\xbb\xbf" + semicolons, FILES)
    record = from_yaml["a.md"]
    assert (record.version, record.effective_from, record.effective_to) == ("2.10", date(2026, 1, 1), None)
    assert record.rails == ("sepa", "swift")


def test_a_folder_without_register_has_none(tmp_path: Path) -> None:
    assert load_register(write_corpus(tmp_path)) is None


def test_the_days_of_a_period_are_both_in_force() -> None:
    record = parse("S,T,1,approved,2026-01-01,2026-01-31,,,a.md\n")["a.md"]
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 1)]
    assert [record.in_force(day) for day in days] == [False, True, True, False]


@pytest.mark.parametrize("status", ["withdrawn", "draft"])
def test_withdrawn_documents_and_drafts_never_are(status: str) -> None:
    assert not parse(f"S,T,1,{status},2026-01-01,,,,a.md\n")["a.md"].in_force(date(2026, 5, 1))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("S,T,1,aproved,,,,,a.md\n", r"entry 1 \(id S, file a.md\): unknown status 'aproved'"),
        ("S,T,1,approved,1.2.2026,,,,a.md\n", r"effective_from '1.2.2026' is not a date like 2026-01-31"),
        ("S,T,1,approved,2026-02-01,2026-01-01,,,a.md\n", "effective_to 2026-01-01 is before effective_from"),
        ("S,,1,approved,,,,,a.md\n", "title is empty"),
        (",T,1,approved,,,,,a.md\n", r"entry 1 \(id \?, file a.md\): id is empty"),
        ("S,T,1,approved,,,,,z.md\n", "S version 1: there is no file z.md"),
        ("S,T,1,approved,,,,,../a.md\n", r"there is no file ../a.md"),
        ("S,T,1,approved,,,,,a.md\nR,T,1,approved,,,,,a.md\n", "a.md is already the file of S version 1"),
        ("S,T,1,draft,,,,,a.md\nS,T,1,draft,,,,,b.md\n", "listed twice, as a.md and b.md"),
        ("S,T,2,approved,,,S 2,,a.md\n", "supersedes S 2, which is not in the register"),
        ("S,T,2,approved,,,Q 1,,a.md\n", "supersedes Q 1, which is not in the register"),
        (
            "S,T,1,superseded,2025-01-01,2025-12-31,,,a.md\nS,T,3,approved,2026-01-01,,S v2,,b.md\n",
            "supersedes S v2, which is not in the register",
        ),
        (
            "S,T,1,approved,2025-01-01,2026-01-31,,,a.md\nS,T,2,approved,2026-01-01,,,,b.md\n",
            r"S version 1 \(a.md\) and version 2 \(b.md\) are both in force from 2026-01-01 until 2026-01-31",
        ),
        ("S,T,1,superseded,,,,,a.md\nS,T,2,approved,,,,,b.md\n", "are both in force always"),
    ],
)
def test_every_contradiction_is_told_with_id_and_file(rows: str, message: str) -> None:
    with pytest.raises(RegisterError, match=message):
        parse(rows)


@pytest.mark.parametrize("told", ["1", "v1", "S 1", "S v1", "S@1", "R", ""])
def test_a_predecessor_may_be_named_in_any_usual_way(told: str) -> None:
    rows = "S,T,1,superseded,2025-01-01,2025-12-31,,,a.md\nR,T,1,withdrawn,,,,,c.md\n"
    parse(f"{rows}S,T,2,approved,2026-01-01,,{told},,b.md\n")


def test_the_oldest_listed_version_may_name_one_that_the_store_let_go() -> None:
    parse("S,T,2,superseded,2025-01-01,2025-12-31,S v1,,a.md\nS,T,3,approved,2026-01-01,,S v2,,b.md\n")


def test_all_problems_come_in_one_line() -> None:
    with pytest.raises(RegisterError) as broken:
        parse("S,T,1,aproved,,,,,a.md\nR,T,1,approved,soon,,,,b.md\n")
    assert "2 problems" in str(broken.value)
    assert "\n" not in str(broken.value)


@pytest.mark.parametrize(
    "content",
    [
        b"documents: [",
        b"documents: 3",
        b"[]",
        b"documents: [1]",
        b"\xff",
        b"documents: !!python/object:os.system {}",
        b"[" * 2000,
    ],
)
def test_unreadable_yaml_is_a_register_error(content: bytes) -> None:
    with pytest.raises(RegisterError, match=r"register\.yaml"):
        parse_register("register.yaml", content, FILES)


def test_a_misspelt_column_is_told() -> None:
    with pytest.raises(RegisterError, match="unknown column 'efective_from'"):
        parse_register("register.csv", b"id,title,version,status,efective_from,file\nS,T,1,approved,,a.md\n", FILES)
