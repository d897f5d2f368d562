"""Runs that die or hit a bad disk: every answer comes from one whole generation, and the next run heals.

A test run takes a share of the moments. `make crash` takes all: CRASH_KILLS=200 random ones, and with CRASH_ALL=1
each write fails in each way.
"""

import errno
import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest
from bad_disk import run_on_bad_disk, unsupported
from dying_runs import CONTEXT, WORDS, asking_readers, run_command, start_run, state, write_state

from ingest.failpoint import POINTS
from ingest.generations import list_generations
from ingest.settings import IngestSettings
from tests.ingest_folder import run, settings_for

pytestmark = pytest.mark.slow  # each test starts processes and kills them

KILLS = int(os.environ.get("CRASH_KILLS", "80"))
ALL = bool(os.environ.get("CRASH_ALL"))
FAULTS = ("ENOSPC", "EIO", "KILL")


@pytest.fixture
def settings(tmp_path: Path) -> IngestSettings:
    """An index that says "before", over a corpus that says "after"."""
    chosen = settings_for(tmp_path, keep=3)
    write_state(tmp_path / "corpus", "before")
    run(chosen)
    write_state(tmp_path / "corpus", "after")
    return chosen


def healed(settings: IngestSettings) -> bool:
    """Whether one more run leaves the new state and nothing else."""
    run(settings)
    left = [path.name for path in (settings.index / "generations").glob(".*")]
    return (state(settings.index), left, len(list_generations(settings.index))) == ("after", [], 2)


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_any_point_shows_no_half_state(settings: IngestSettings, point: str) -> None:
    with asking_readers(settings.index):
        dying = start_run(settings, INGEST_FAILPOINT=point)
        dying.join()
    assert dying.exitcode == -signal.SIGKILL
    assert state(settings.index) == ("after" if point in ("switched", "pruned") else "before")
    assert healed(settings)


@pytest.mark.parametrize("failure", ["ENOSPC", "EIO"])
@pytest.mark.parametrize("point", POINTS)
def test_a_full_or_bad_disk_leaves_one_whole_generation(settings: IngestSettings, point: str, failure: str) -> None:
    failing = start_run(settings, INGEST_FAILPOINT=f"{point}={failure}")
    failing.join()
    told = (settings.index.parent / "errors").read_text()
    assert failing.exitcode == 2
    assert os.strerror(getattr(errno, failure)) in told
    switched = point in ("switched", "pruned")
    assert ("is served, but the disk failed afterwards" if switched else "what was served before still is") in told
    assert len(told.splitlines()) == 1
    assert state(settings.index) == ("after" if switched else "before")
    assert healed(settings)


def fail_each_write(settings: IngestSettings, among: str = "") -> list[str]:
    """Fail the calls named `among` of a run one after the other, each from the same start; returns all its calls."""
    index, errors = settings.index, settings.index.parent / "errors"
    start = shutil.copytree(index, index.with_name("start"))

    def attempt(number: int, fault: str) -> tuple[int | None, list[str]]:
        shutil.rmtree(index)
        shutil.copytree(start, index)
        return run_on_bad_disk(CONTEXT, index, number, fault, run_command, settings, errors, {})

    code, calls = attempt(0, "none")
    assert (code, state(index)) == (0, "after")
    for number in (n for n, call in enumerate(calls, start=1) if among in call):
        for fault in FAULTS if ALL else (FAULTS[number % 3],):
            code, reached = attempt(number, fault)
            told = errors.read_text()
            where = f"{fault} at {number}, {reached[number - 1]}: {told}"
            assert code in ((-signal.SIGKILL,) if fault == "KILL" else (0, 2)), where
            assert len(told.splitlines()) == (code == 2), where
            assert state(index) == "after" if code == 0 else state(index) in WORDS, where
            assert state(index) == "before" or "what was served before" not in told, where
            assert healed(settings), where
    return calls


@pytest.mark.skipif(bool(unsupported()), reason=unsupported())
def test_every_write_may_fail_or_be_the_last(settings: IngestSettings) -> None:
    start_run(settings, INGEST_FAILPOINT="parsed").join()  # so that the parsers need not be started each time
    calls = fail_each_write(settings)
    assert len(calls) > 90
    assert {"pwrite64 chunks.sqlite", "fsync manifest.json", "rename .CURRENT.new"} <= set(calls)


@pytest.mark.skipif(bool(unsupported()), reason=unsupported())
def test_every_write_of_the_parse_cache_may_fail_too(settings: IngestSettings) -> None:
    calls = fail_each_write(settings, among=".json.gz")
    assert sum(".json.gz" in call for call in calls) == 9


def test_five_runs_at_once_publish_each_change_once(settings: IngestSettings) -> None:
    runs = [start_run(settings) for _ in range(5)]
    for started in runs:
        started.join()
    assert [started.exitcode for started in runs] == [0] * 5
    assert state(settings.index) == "after"
    assert [path.name[:6] for path in list_generations(settings.index)] == ["000001", "000002"]


def test_a_dead_holder_does_not_keep_the_lock(settings: IngestSettings) -> None:
    start_run(settings, INGEST_FAILPOINT="built").join()
    assert run(settings.model_copy(update={"lock_seconds": 0.0})).published


def test_kills_at_random_moments(settings: IngestSettings, tmp_path: Path) -> None:
    start_run(settings).join()  # the first one also starts the server
    write_state(tmp_path / "corpus", "before")
    started = time.monotonic()
    start_run(settings).join()
    whole_run = time.monotonic() - started
    chance = random.Random(9)  # noqa: S311 -- a reproducible choice of moments
    killed = 0
    with asking_readers(settings.index) as answers:
        for number in range(3 * KILLS):  # some runs end before their moment comes
            write_state(tmp_path / "corpus", WORDS[1 - number % 2])
            process = start_run(settings)
            process.join(chance.uniform(0, whole_run))
            process.kill()
            process.join()
            killed += process.exitcode == -signal.SIGKILL
            assert state(settings.index) in WORDS
            if killed == KILLS:
                break
    assert killed == KILLS
    assert answers
    assert set(answers) <= set(WORDS)  # whether a run got as far as publishing is up to the machine
    write_state(tmp_path / "corpus", "after")
    run(settings)
    assert state(settings.index) == "after"
