"""Damaged generations: every flipped bit and every cut is found, the file is named, the one before serves."""

import random
from pathlib import Path

import pytest

from ingest.__main__ import main
from ingest.errors import BrokenIndexError
from ingest.generations import check_generation, current_generation, list_generations, whole_generation
from ingest.settings import IngestSettings
from tests.ingest_folder import TEXTS, run, settings_for, write_corpus

DAMAGES = 1000
KINDS = {".faiss", ".json", ".npy", ".sqlite"}


@pytest.fixture
def settings(tmp_path: Path) -> IngestSettings:
    """An index with two generations."""
    chosen = settings_for(tmp_path)
    corpus = write_corpus(tmp_path / "corpus")
    run(chosen)
    (corpus / "recalls.txt").write_text("Recalls\n\nA camt.029 answers a camt.056.\n")
    run(chosen)
    return chosen


def damaged(data: bytes, chance: random.Random) -> bytes:
    """One flipped bit, or a cut."""
    place = chance.randrange(len(data))
    if chance.random() < 0.25:
        return data[:place]
    return data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]


@pytest.mark.slow
def test_every_damaged_byte_is_found_and_the_previous_generation_serves(settings: IngestSettings) -> None:
    previous, current = list_generations(settings.index)
    files = sorted(path for path in current.rglob("*") if path.is_file())
    assert {path.suffix for path in files} == KINDS
    chance = random.Random(4)  # noqa: S311 -- a reproducible choice of bytes
    hit = set()
    for _ in range(DAMAGES):
        path = chance.choice(files)
        hit.add(path)
        good = path.read_bytes()
        path.write_bytes(damaged(good, chance))
        with pytest.raises(BrokenIndexError) as found:
            check_generation(current)
        assert str(path) in found.value.message
        serving, problem = whole_generation(settings.index)
        assert (serving, str(path) in problem) == (previous, True)
        path.write_bytes(good)
    assert hit == set(files)
    assert whole_generation(settings.index) == (current, "")


def test_verify_names_the_damaged_file(settings: IngestSettings, capsys: pytest.CaptureFixture[str]) -> None:
    current = current_generation(settings.index)
    files = sorted(path for path in current.rglob("*") if path.is_file())
    arguments = ["verify", "--index", str(settings.index)]
    for path in files:
        good = path.read_bytes()
        path.write_bytes(good[:-1])
        assert main(arguments) == 2
        assert f"{path.relative_to(current)}" in capsys.readouterr().err
        path.write_bytes(good)
    assert main(arguments) == 0
    assert f"{len(files) - 1} files, {len(TEXTS)} documents" in capsys.readouterr().out


def test_a_damaged_generation_is_replaced_by_the_next_run(settings: IngestSettings) -> None:
    damaged_one = current_generation(settings.index)
    (damaged_one / "vectors.faiss").write_bytes(b"")
    report = run(settings)
    assert (report.published, report.parsed) == (True, 0)
    assert check_generation(current_generation(settings.index))
