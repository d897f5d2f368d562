"""Whole runs over a library that changes at random: after each, the index is what a full rebuild would make."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import ingest.parse_missing
from ingest.embed import load_embedder
from ingest.errors import ParseError
from ingest.generations import current_generation
from ingest.index import Index, open_index
from ingest.manifest import read_manifest
from ingest.parse import parse_file
from ingest.parsed import NEUTRAL_STEM, write_document
from ingest.worker_process import Job
from tests.ingest_folder import content_hash, run, settings_for, write_corpus

SECTIONS = ("Scope", "Steps", "Escalation")
TOPICS = ("returns", "recalls", "cut-offs", "sanctions", "cheques", "reports")


@dataclass(frozen=True)
class Procedure:
    """A document of the model: what it says in each section, and what the register says of it."""

    name: str
    file: str
    topics: tuple[str, ...]
    version: int = 1
    withdrawn: bool = False
    broken: bool = False

    @property
    def word(self) -> str:
        """A word that no other document holds."""
        return f"zq{self.name}"

    @property
    def text(self) -> str:
        """Its content; the number of its version is in the register only."""
        body = "\n".join(
            f"## {s}\n\nThe desk {self.word} looks after {t}.\n" for s, t in zip(SECTIONS, self.topics, strict=False)
        )
        return "" if self.broken else f"# Procedure {self.name}\n\n{body}"


class Parsers:
    """Stands in for the pool of worker processes, which start slowly; the parsers are the real ones."""

    def __init__(self, *_: object, **__: object) -> None:
        self.folder = Path(tempfile.mkdtemp())

    def __enter__(self) -> "Parsers":
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder)

    def parse(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, str]]:
        """As ParsePool.parse."""
        for job in jobs:
            neutral = shutil.copy(job.path, self.folder / f"{NEUTRAL_STEM}{job.suffix}")
            try:
                write_document(parse_file(Path(neutral), ocr="none"), job.out)
            except ParseError as error:
                yield job, str(error)
            else:
                yield job, ""


@pytest.fixture(autouse=True, scope="module")
def _in_process() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ingest.parse_missing, "ParsePool", Parsers)
        yield


@dataclass(frozen=True)
class Change:
    """One thing that happens to a library in a day."""

    what: str
    number: int
    topics: tuple[str, ...]
    folder: str


CHANGES = st.builds(
    Change,
    what=st.sampled_from(["add", "change", "move", "rename", "remove", "new_version", "break_file"]),
    number=st.integers(0, 9),
    topics=st.lists(st.sampled_from(TOPICS), min_size=1, max_size=3).map(tuple),
    folder=st.sampled_from(["", "us/", "eu/deep/"]),
)


class Nights(RuleBasedStateMachine):
    """Each step is a day's changes to a library and the run of the night."""

    @initialize(registered=st.booleans())
    def begin(self, registered: bool) -> None:
        """A small library, with or without a register."""
        self.home = Path(tempfile.mkdtemp())
        self.registered = registered
        self.library: dict[str, Procedure] = {}
        self.made = 0
        self.gone: set[str] = set()
        self.night([Change("add", 0, TOPICS[n : n + 3], "") for n in range(3)])

    def teardown(self) -> None:
        """Remove the files."""
        shutil.rmtree(self.home, ignore_errors=True)

    @rule(changes=st.lists(CHANGES, max_size=3))
    def night(self, changes: list[Change]) -> None:
        """A run; what it leaves is checked against the model and against a rebuild."""
        for change in changes:
            getattr(self, change.what)(change)
        served = [p for p in self.library.values() if not p.withdrawn]
        if not any(not p.broken for p in served):
            return
        self.store()
        chosen = settings_for(self.home, max_failed_share=1.0)
        before = contexts(chosen.index)
        report = run(chosen, force="nights may publish what was rolled back or lost")
        assert report.embedded <= len(contexts(chosen.index) - before)
        again = run(chosen)
        assert (again.published, again.parsed, again.embedded) == (False, 0, 0)
        self.check_against_model(chosen.index)
        if not any(p.broken for p in served):
            self.check_against_rebuild(chosen.index)

    def pick(self, change: Change) -> Procedure:
        """The document that a change is about."""
        return self.library[sorted(self.library)[change.number % len(self.library)]]

    def add(self, change: Change) -> None:
        """A new document."""
        self.made += 1
        name = f"p{self.made}"
        self.library[name] = Procedure(name, f"{change.folder}{name}.md", change.topics)

    def change(self, change: Change) -> None:
        """A document says something else."""
        procedure = self.pick(change)
        self.library[procedure.name] = replace(procedure, topics=change.topics, broken=False)

    def move(self, change: Change) -> None:
        """A document moves to another folder or back."""
        procedure = self.pick(change)
        self.library[procedure.name] = replace(procedure, file=change.folder + procedure.file.rpartition("/")[2])

    def rename(self, change: Change) -> None:
        """A document gets another file name."""
        procedure = self.pick(change)
        folder, _, name = procedure.file.rpartition("/")
        self.library[procedure.name] = replace(procedure, file=f"{folder}/r{name}".lstrip("/"))

    def remove(self, change: Change) -> None:
        """A document ends: its file goes, or the register withdraws it first."""
        procedure = self.pick(change)
        if len(self.library) == 1:
            return
        if self.registered and not procedure.withdrawn:
            self.library[procedure.name] = replace(procedure, withdrawn=True)
        else:
            del self.library[procedure.name]
        self.gone.add(procedure.word)

    def new_version(self, change: Change) -> None:
        """The register gives a document its next number."""
        procedure = self.pick(change)
        self.library[procedure.name] = replace(procedure, version=procedure.version + 1)

    def break_file(self, change: Change) -> None:
        """A document's file goes empty."""
        self.library[self.pick(change).name] = replace(self.pick(change), broken=True)

    def store(self) -> Path:
        """The model as files."""
        corpus = self.home / "corpus"
        shutil.rmtree(corpus, ignore_errors=True)
        texts = {procedure.file: procedure.text for procedure in self.library.values()}
        if self.registered:
            rows = [
                f"- {{id: {p.name}, title: Procedure {p.name}, version: {p.version}, file: {p.file}, "
                f"status: {'withdrawn' if p.withdrawn else 'approved'}}}\n"
                for p in self.library.values()
            ]
            texts["register.yaml"] = "documents:\n" + "".join(rows)
        return write_corpus(corpus, texts)

    def check_against_model(self, index: Path) -> None:
        """Every good document can be retrieved, none that ended can."""
        opened = open_index(current_generation(index))
        try:
            for p in self.library.values():
                if not p.withdrawn and not p.broken:
                    found = opened.chunks(np.flatnonzero(opened.score_passages([(p.word,)])))
                    assert {chunk.text.split()[-1].rstrip(".") for chunk in found} == set(p.topics)
            for word in self.gone:
                assert opened.document_frequency(word) == 0
                assert not any(word in chunk.text for chunk in opened.chunks(nearest(opened, word)))
        finally:
            opened.close()

    def check_against_rebuild(self, index: Path) -> None:
        """The same index, chunk for chunk and file for file, as one that was made from nothing."""
        fresh = settings_for(self.home, index=self.home / "fresh", max_failed_share=1.0)
        run(fresh)
        one, other = open_index(current_generation(index)), open_index(current_generation(fresh.index))
        try:
            assert content_hash(index) == content_hash(fresh.index)
            rows = range(len(one))
            assert one.chunks(rows) == other.chunks(rows)
            assert [d.record for d in one.documents] == [d.record for d in other.documents]
            files = [read_manifest(current_generation(folder)).files for folder in (index, fresh.index)]
            assert files[0] == files[1]
        finally:
            one.close()
            other.close()
            shutil.rmtree(fresh.index)

    @invariant()
    def nothing_is_left_behind(self) -> None:
        """No generation in the making stays."""
        assert not list(self.home.glob("*/generations/.building-*"))


def contexts(index: Path) -> set[tuple[str, ...]]:
    """What is embedded for each served passage."""
    if not (index / "CURRENT").exists():
        return set()
    opened = open_index(current_generation(index))
    try:
        chunks = opened.chunks(range(len(opened)))
        return {(opened.document_of_chunk(c.id).record.title, *c.heading_path, c.text) for c in chunks}
    finally:
        opened.close()


def nearest(index: Index, word: str) -> list[int]:
    """The rows that dense search finds for a word."""
    everything = np.ones(len(index), dtype=bool)
    vector = load_embedder("word-hash", models=Path()).embed_query(word)
    return [int(row) for row in index.search_dense(vector, everything, 10)[0]]


TestNights = pytest.mark.slow(Nights.TestCase)
TestNights.settings = settings(
    max_examples=30, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
)
