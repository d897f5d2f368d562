"""Runs that die or hit a bad disk: readers always see one whole generation, and the next run heals."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ingest.errors import AssistantError, BrokenIndexError
from ingest.failpoint import POINTS
from ingest.index import open_index
from ingest.manifest import Manifest
from ingest.publish import check_generation, current_generation, list_generations, whole_generation
from ingest.settings import IngestSettings
from tests.ingest_folder import run, settings_for, write_corpus

pytestmark = pytest.mark.slow  # each test starts processes and kills them

WORDS = ("before", "after")


def write_state(corpus: Path, word: str, documents: int = 4) -> None:
    """Every document of a state says the same word, so that a mixture would show."""
    write_corpus(
        corpus, {f"{n}.md": f"# Title {n}\n\nThe state is {word} in document {n}.\n" for n in range(documents)}
    )


def command(settings: IngestSettings) -> list[str]:
    return [sys.executable, "-m", "ingest", "run", "--corpus", settings.corpus, "--index", str(settings.index)]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "INGEST_EMBEDDER": "word-hash", "INGEST_WORKERS": "1", "INGEST_OCR": "none", **more}


def state(index: Path) -> str:
    """The one word that all served documents say; fails on a mixture or on damage."""
    generation = current_generation(index)
    manifest: Manifest = check_generation(generation)
    opened = open_index(generation)
    texts = [opened.document_chunks(number)[0].text for number in range(len(manifest.documents))]
    opened.close()
    words = {word for word in WORDS for text in texts if f"is {word} in" in text}
    assert len(words) == 1, f"a mixture: {texts}"
    return words.pop()


@contextmanager
def asking_reader(index: Path) -> Iterator[list[str]]:
    """A thread that opens the served generation all the while; what it sees, or its first failure."""
    seen: list[str] = []
    failures: list[BaseException] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                seen.append(state(index))
            except (AssertionError, AssistantError) as error:
                failures.append(error)
                return

    reader = threading.Thread(target=ask)
    reader.start()
    try:
        yield seen
    finally:
        stop.set()
        reader.join()
    if failures:
        raise failures[0]


@pytest.fixture
def settings(tmp_path: Path) -> IngestSettings:
    """An index that says "before", over a corpus that says "after"."""
    chosen = settings_for(tmp_path, keep=3)
    write_state(tmp_path / "corpus", "before")
    run(chosen)
    write_state(tmp_path / "corpus", "after")
    return chosen


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_any_point_shows_no_half_state(settings: IngestSettings, point: str) -> None:
    with asking_reader(settings.index) as seen:
        ended = subprocess.run(command(settings), env=environment(INGEST_FAILPOINT=point), check=False)
    assert ended.returncode == -signal.SIGKILL
    assert seen
    assert state(settings.index) == ("after" if point in ("switched", "pruned") else "before")
    run(settings)
    assert state(settings.index) == "after"
    assert not list((settings.index / "generations").glob(".building-*"))
    assert len(list_generations(settings.index)) == 2


@pytest.mark.parametrize("failure", ["ENOSPC", "EIO"])
@pytest.mark.parametrize("point", POINTS[:-2])
def test_a_full_or_bad_disk_leaves_the_old_generation(settings: IngestSettings, point: str, failure: str) -> None:
    told = subprocess.run(
        command(settings),
        env=environment(INGEST_FAILPOINT=f"{point}={failure}"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2
    assert "what was served before still is" in told.stderr
    assert len(told.stderr.splitlines()) == 1
    assert state(settings.index) == "before"
    assert not list((settings.index / "generations").glob(".building-*"))
    run(settings)
    assert state(settings.index) == "after"


def test_a_file_size_limit_is_met_in_the_middle_of_a_write(settings: IngestSettings) -> None:
    limited = f"ulimit -f 8; exec {' '.join(command(settings))}"  # 8 blocks: less than the database needs
    told = subprocess.run(["/bin/bash", "-c", limited], env=environment(), capture_output=True, text=True, check=False)
    assert (told.returncode, len(told.stderr.splitlines())) == (2, 1), told.stderr
    assert state(settings.index) == "before"
    run(settings)
    assert state(settings.index) == "after"


def test_five_runs_at_once_publish_each_change_once(settings: IngestSettings) -> None:
    runs = [subprocess.Popen(command(settings), env=environment(), stdout=subprocess.DEVNULL) for _ in range(5)]
    assert [started.wait() for started in runs] == [0] * 5
    assert state(settings.index) == "after"
    assert [path.name[:6] for path in list_generations(settings.index)] == ["000001", "000002"]


def test_a_dead_holder_does_not_keep_the_lock(settings: IngestSettings) -> None:
    subprocess.run(command(settings), env=environment(INGEST_FAILPOINT="built"), check=False)
    assert run(settings.model_copy(update={"lock_seconds": 0.0})).published


def damaged(data: bytes, chance: random.Random) -> bytes:
    """One flipped bit, or a cut."""
    place = chance.randrange(len(data))
    if chance.random() < 0.25:
        return data[:place]
    return data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]


def test_every_damaged_byte_is_found_and_the_previous_generation_serves(settings: IngestSettings) -> None:
    run(settings)
    previous, current = list_generations(settings.index)
    files = sorted(path for path in current.rglob("*") if path.is_file() and path.stat().st_size)
    chance = random.Random(4)  # noqa: S311 -- a reproducible choice of bytes
    for _ in range(1000):
        path = chance.choice(files)
        good = path.read_bytes()
        path.write_bytes(damaged(good, chance))
        with pytest.raises(BrokenIndexError, match=path.name):
            check_generation(current)
        serving, problem = whole_generation(settings.index)
        assert (serving, path.name in problem) == (previous, True)
        path.write_bytes(good)
    assert whole_generation(settings.index) == (current, "")


def test_a_damaged_generation_is_replaced_by_the_next_run(settings: IngestSettings) -> None:
    run(settings)
    current = current_generation(settings.index)
    (current / "vectors.faiss").write_bytes(b"")
    report = run(settings)
    assert report.published
    assert report.parsed == 0
    assert state(settings.index) == "after"


def test_kills_at_random_moments(settings: IngestSettings, tmp_path: Path) -> None:
    started = time.monotonic()
    subprocess.run(command(settings), env=environment(), stdout=subprocess.DEVNULL, check=True)
    whole_run = time.monotonic() - started
    chance = random.Random(9)  # noqa: S311 -- a reproducible choice of moments
    with asking_reader(settings.index):
        for number in range(40):
            write_state(tmp_path / "corpus", WORDS[number % 2])
            process = subprocess.Popen(command(settings), env=environment(), stdout=subprocess.DEVNULL)
            try:
                process.wait(timeout=chance.uniform(0.2, 1.1) * whole_run)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            assert state(settings.index) in WORDS
    write_state(tmp_path / "corpus", "after")
    run(settings)
    assert state(settings.index) == "after"
