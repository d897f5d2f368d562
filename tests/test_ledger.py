"""The ledger records, masks, and shows every way of tampering, in SQLite and in PostgreSQL."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from postgres_server import find_binaries, postgres_server

from app.ledger import Ledger, open_ledger
from app.settings import load_settings
from ingest.errors import LedgerError, SettingsError

IBAN = "DE89370400440532013000"
ENTRY = {
    "reader": "maria.garcia",
    "question": f"IBAN {IBAN} came back AC04, USD 10,000,000, what now?",
    "history": [{"role": "user", "text": "customer John Smith called"}],
    "filters": {"as_of": date(2026, 11, 23), "rails": ("fedwire",)},
    "answer": {"text": f"Return {IBAN} to John Smith.", "statements": []},
}


@dataclass(frozen=True)
class Place:
    """A folder, the URL of the rows ("" is SQLite in the folder), and a way to change them behind the ledger's back."""

    folder: Path
    url: str

    def open(self, **more: Any) -> Ledger:
        return Ledger(self.folder, url=self.url, now=lambda: datetime(2026, 11, 23, 12, tzinfo=UTC), **more)

    def change(self, sql: str) -> None:
        """Run SQL as somebody who may drop the triggers."""
        if self.url:
            with psycopg.connect(self.url) as postgres:
                postgres.execute(f"ALTER TABLE chain DISABLE TRIGGER USER; {sql}".encode())
            return
        with closing(sqlite3.connect(self.folder / "ledger.sqlite")) as db:
            db.executescript("DROP TRIGGER chain_no_update; DROP TRIGGER chain_no_delete;" + sql)
            db.commit()

    def try_to(self, sql: str) -> None:
        """Run SQL by mistake, with the triggers in place."""
        if self.url:
            with psycopg.connect(self.url) as postgres:
                postgres.execute(sql.encode())
        with closing(sqlite3.connect(self.folder / "ledger.sqlite")) as db:
            db.execute(sql)


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    if find_binaries() is None:
        pytest.skip("no PostgreSQL server is installed (apt-get install postgresql)")
    with postgres_server() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "sqlite":
        return Place(tmp_path, "")
    url: str = request.getfixturevalue("postgres")
    with psycopg.connect(url) as db:
        db.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return Place(tmp_path, url)


@pytest.fixture
def ledger(place: Place) -> Ledger:
    return place.open()


@pytest.fixture
def edit(place: Place, ledger: Ledger) -> Callable[[str], None]:
    """Change five recorded answers behind the ledger's back."""
    for number in range(1, 6):
        ledger.append({"question": f"question {number}"})
    return place.change


def test_an_answer_is_found_again_by_its_id(ledger: Ledger) -> None:
    entry = ledger.get(ledger.append(ENTRY))
    assert entry.number == 1 and entry.kind == "answer" and entry.id.startswith("000001-")
    assert entry.body["at"] == "2026-11-23T12:00:00.000+00:00"
    assert entry.body["filters"] == {"as_of": "2026-11-23", "rails": ["fedwire"]}


def test_what_was_typed_is_masked_wherever_it_stands(ledger: Ledger, place: Place) -> None:
    body = ledger.get(ledger.append(ENTRY)).body
    assert body["question"] == "IBAN [IBAN] came back AC04, USD 10,000,000, what now?"
    assert body["history"][0]["text"] == "customer [NAME] called"
    assert body["answer"]["text"] == "Return [IBAN] to [NAME]."
    written = b"".join(path.read_bytes() for path in place.folder.iterdir())
    if place.url:
        with psycopg.connect(place.url) as db:
            written = str(db.execute("SELECT * FROM chain").fetchall()).encode()
    for secret in (IBAN, "John Smith", "maria.garcia"):
        assert secret.encode() not in written


def test_a_reader_is_the_same_pseudonym_here_and_another_elsewhere(
    ledger: Ledger, place: Place, tmp_path: Path
) -> None:
    first = ledger.get(ledger.append(ENTRY)).body["reader"]
    assert first == place.open().pseudonym("maria.garcia")
    assert first != Ledger(tmp_path / "other").pseudonym("maria.garcia")
    assert (tmp_path / "pseudonym.key").stat().st_mode & 0o077 == 0


def test_feedback_belongs_to_a_recorded_answer(ledger: Ledger) -> None:
    answer = ledger.append(ENTRY)
    ledger.add_feedback(answer, thumb="down", reason="wrong step", comment=f"{IBAN} is open")
    ledger.add_feedback(answer, thumb="up")
    given = ledger.feedback(answer)
    assert [entry.body["thumb"] for entry in given] == ["down", "up"]
    assert given[0].body["comment"] == "[IBAN] is open" and given[0].about == answer
    with pytest.raises(LedgerError, match="no entry"):
        ledger.add_feedback("000009-0123456789", thumb="up")


def test_the_latest_answers_come_newest_first_without_feedback(ledger: Ledger) -> None:
    ids = [ledger.append({"question": str(number)}) for number in range(4)]
    ledger.add_feedback(ids[0], thumb="up")
    assert [entry.id for entry in ledger.latest(3)] == ids[:0:-1]


@pytest.mark.parametrize("wrong", ["", "x", "000001", "000001-0000000000", "999999-0", "1; DROP TABLE chain", "9" * 40])
def test_an_id_that_names_nothing_is_refused(ledger: Ledger, wrong: str) -> None:
    ledger.append(ENTRY)
    with pytest.raises(LedgerError, match="no entry"):
        ledger.get(wrong)


def test_a_sound_ledger_passes(ledger: Ledger, edit: Callable[[str], None]) -> None:
    audit = ledger.verify()
    assert (audit.rows, audit.problems, audit.unanchored) == (5, (), 0)


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("UPDATE chain SET body = replace(body, 'question 3', 'question 8')", "row 3 was changed"),
        ("UPDATE chain SET about = '000001-x' WHERE number = 2", "row 2 was changed"),
        ("UPDATE chain SET kind = 'feedback' WHERE number = 2", "row 2 was changed"),
        ("DELETE FROM chain WHERE number = 3", "1 rows are missing before row 4"),
        ("DELETE FROM chain WHERE number <= 2", "2 rows are missing before row 3"),
        ("DELETE FROM chain WHERE number >= 4", "the anchor names row 5, the ledger ends at row 3"),
        ("DELETE FROM chain", "the anchor names row 5, the ledger ends at row 0"),
        (
            "UPDATE chain SET number = 9 WHERE number = 2; UPDATE chain SET number = 2 WHERE number = 3;"
            "UPDATE chain SET number = 3 WHERE number = 9",
            "row 2 does not follow the row before it",
        ),
        (
            "DELETE FROM chain WHERE number = 3; UPDATE chain SET number = number - 1 WHERE number > 3",
            "row 3 does not follow the row before it",
        ),
    ],
)
def test_tampering_is_found(ledger: Ledger, edit: Callable[[str], None], sql: str, found: str) -> None:
    edit(sql)
    assert found in ledger.verify().problems


def test_a_ledger_rewritten_as_a_whole_does_not_match_its_anchor(ledger: Ledger, place: Place, tmp_path: Path) -> None:
    ledger.append({"question": "true"})
    place.change("DELETE FROM chain")
    place.open(anchor=tmp_path / "elsewhere").append({"question": "forged"})
    assert place.open(anchor=tmp_path / "elsewhere").verify().problems == ()
    assert ledger.verify().problems == ("row 1 is not the one that the anchor names",)


def test_a_missing_or_damaged_anchor_is_a_problem(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(ENTRY)
    anchor = tmp_path / "ledger.anchor"
    anchor.write_text("{}")
    assert "can't be read" in ledger.verify().problems[0]
    anchor.unlink()
    assert "is missing" in ledger.verify().problems[0]


def test_a_crash_between_row_and_anchor_is_no_alarm(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append(ENTRY)
    kept = (tmp_path / "ledger.anchor").read_text()
    ledger.append(ENTRY)
    (tmp_path / "ledger.anchor").write_text(kept)
    audit = ledger.verify()
    assert (audit.problems, audit.unanchored) == ((), 1)


@pytest.mark.parametrize("sql", ["UPDATE chain SET body = ''", "DELETE FROM chain", "TRUNCATE chain"])
def test_rows_can_t_be_changed_through_the_database_by_mistake(ledger: Ledger, place: Place, sql: str) -> None:
    ledger.append(ENTRY)
    if sql.startswith("TRUNCATE") and not place.url:
        pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.RaiseException), match="append-only"):
        place.try_to(sql)
    assert ledger.verify().rows == 1


def test_threads_share_one_chain(ledger: Ledger) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda number: ledger.append({"question": str(number)}), range(40)))
    assert len(set(ids)) == 40
    assert ledger.verify().problems == () and ledger.verify().rows == 40


def test_processes_share_one_chain_and_one_key(place: Place) -> None:
    program = (
        "import sys; from pathlib import Path; from app.ledger import Ledger;"
        "ledger = Ledger(Path(sys.argv[1]), url=sys.argv[2]);"
        "[ledger.append({'question': str(n), 'reader': 'me'}) for n in range(15)];"
        "print(ledger.pseudonym('me'))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, place.folder, place.url], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    names = {process.communicate(timeout=60)[0] for process in running}
    audit = place.open().verify()
    assert (audit.rows, audit.problems, len(names)) == (45, (), 1)


def test_the_anchor_can_be_kept_elsewhere(tmp_path: Path) -> None:
    anchor = tmp_path / "anchor.json"
    ledger = open_ledger(load_settings(state=tmp_path / "state", ledger_anchor=anchor))
    ledger.append(ENTRY)
    assert json.loads(anchor.read_text())["number"] == 1
    assert not (tmp_path / "state" / "ledger.anchor").exists()


def test_a_folder_that_can_t_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="APP_STATE"):
        open_ledger(load_settings(state=tmp_path / "file"))


def test_what_is_no_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_text("this is no database, and long enough to be read as one" * 20)
    with pytest.raises(LedgerError, match="can't be used"):
        Ledger(tmp_path)


@dataclass(frozen=True)
class Part:
    path: Path
    names: frozenset[str]


def test_what_programs_hold_becomes_json(ledger: Ledger) -> None:
    body = ledger.get(ledger.append({"part": Part(Path("a/b"), frozenset("ba")), "score": 0.1 + 0.2})).body
    assert body["part"] == {"path": "a/b", "names": ["a", "b"]}
    assert body["score"] == 0.1 + 0.2


def test_a_number_without_a_spelling_is_refused(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="JSON"):
        ledger.append({"score": float("nan")})


def test_what_has_no_bytes_or_no_place_in_a_database_is_replaced(ledger: Ledger) -> None:
    body = ledger.get(ledger.append({"question": "nul \0 and half \ud83d", "n": 1})).body
    assert body["question"] == "nul \N{REPLACEMENT CHARACTER} and half ?"
    assert ledger.verify().problems == ()


def test_parts_of_many_entries_are_read_at_once(ledger: Ledger) -> None:
    ids = [ledger.append({"question": f"q{n}", "answer": {"abstained": n > 1}}) for n in range(3)]
    found = ledger.extract(("$.question", "$.answer.abstained", "$.nothing"), 2)
    assert found == [(ids[2], ["q2", True, None]), (ids[1], ["q1", False, None])]


@pytest.mark.slow
def test_a_role_that_may_only_insert_and_read_is_enough(postgres: str, tmp_path: Path) -> None:
    with psycopg.connect(postgres) as db:
        db.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    Ledger(tmp_path, url=postgres).append(ENTRY)
    with psycopg.connect(postgres) as db:
        db.execute(
            "DROP ROLE IF EXISTS assistant; CREATE ROLE assistant LOGIN; GRANT USAGE ON SCHEMA public TO assistant"
        )
        db.execute("GRANT SELECT, INSERT ON chain TO assistant")
    url = postgres.replace("owner@", "assistant@")
    ledger = Ledger(tmp_path, url=url)
    ledger.append(ENTRY)
    assert ledger.verify().rows == 2
    with psycopg.connect(url) as db, pytest.raises(psycopg.errors.InsufficientPrivilege):
        db.execute("ALTER TABLE chain DISABLE TRIGGER USER")
    with psycopg.connect(postgres) as db:
        db.execute("DROP OWNED BY assistant; DROP ROLE assistant")


@pytest.mark.slow
def test_a_server_that_is_gone_is_one_line_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="APP_LEDGER_URL") as raised:
        Ledger(tmp_path, url="postgresql://me:hunter2@127.0.0.1:1/audit")
    assert "127.0.0.1/audit" in str(raised.value) and "hunter2" not in str(raised.value)


def test_the_settings_choose_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_LEDGER_URL", "mysql://somewhere/audit")
    with pytest.raises(SettingsError, match=r"APP_LEDGER_URL: .*postgresql"):
        load_settings()
    monkeypatch.setenv("APP_LEDGER_URL", "postgresql://me:hunter2@127.0.0.1:1/audit")
    settings = load_settings(state=tmp_path)
    assert "hunter2" not in repr(settings)
    with pytest.raises(LedgerError, match=r"127\.0\.0\.1/audit"):
        open_ledger(settings)
