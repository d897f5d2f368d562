"""Generations: sealed, switched to, rolled back; what does not belong is refused."""

from pathlib import Path

import pytest

from ingest.errors import BrokenIndexError, PublishError
from ingest.publish import (
    check_generation,
    current_generation,
    index_lock,
    list_generations,
    read_manifest,
    roll_back,
    whole_generation,
)
from ingest.verify import verify_index
from tests.ingest_folder import run, settings_for, write_corpus


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """Three generations."""
    settings = settings_for(tmp_path)
    for number in range(3):
        run_over = write_corpus(tmp_path / "corpus", {"a.md": f"# A\n\nnumber {number}\n"})
        assert run_over.is_dir()
        run(settings)
    return settings.index


def test_without_an_index_the_hint_is_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(BrokenIndexError, match="there is no index") as missing:
        current_generation(tmp_path / "none")
    assert missing.value.hint == "run: python -m ingest run"


def test_the_manifest_covers_itself_and_every_file(index: Path) -> None:
    generation = current_generation(index)
    files = {path.relative_to(generation).as_posix() for path in generation.rglob("*") if path.is_file()}
    assert set(check_generation(generation).files) == files - {"manifest.json"}
    assert read_manifest(generation).content_hash in (generation / "manifest.json").read_text()
    assert "1 documents" in verify_index(index)


def test_files_that_do_not_belong_or_are_missing_are_named(index: Path) -> None:
    generation = current_generation(index)
    (generation / "extra.npy").write_bytes(b"x")
    with pytest.raises(BrokenIndexError, match=r"extra\.npy does not belong"):
        check_generation(generation)
    (generation / "extra.npy").unlink()
    (generation / "chunks.sqlite").unlink()
    with pytest.raises(BrokenIndexError, match=r"chunks\.sqlite is missing"):
        verify_index(index)


@pytest.mark.parametrize("pointer", ["", "../../etc", "000009-0000000000000000", "\x00", "generations"])
def test_a_pointer_to_nowhere_is_told_and_a_whole_generation_still_found(index: Path, pointer: str) -> None:
    newest = current_generation(index)
    (index / "CURRENT").write_text(pointer)
    with pytest.raises(BrokenIndexError, match="names no generation"):
        current_generation(index)
    assert whole_generation(index)[0] == newest


def test_rollback_goes_one_back_or_where_it_is_told(index: Path) -> None:
    first, second, third = list_generations(index)
    assert roll_back(index) == second
    assert roll_back(index) == first
    with pytest.raises(BrokenIndexError, match="no generation before the current one"):
        roll_back(index)
    assert roll_back(index, third.name[:6]) == third
    assert roll_back(index, second.name) == second == current_generation(index)
    with pytest.raises(BrokenIndexError, match=r"no generation 000007 .*kept: 000001-"):
        roll_back(index, "000007")


def test_rollback_never_serves_a_damaged_generation(index: Path) -> None:
    _, second, third = list_generations(index)
    (second / "vectors.faiss").write_bytes(b"")
    with pytest.raises(BrokenIndexError, match=r"vectors\.faiss is damaged"):
        roll_back(index)
    assert current_generation(index) == third


def test_a_held_lock_is_told(index: Path) -> None:
    with (
        index_lock(index, seconds=0),
        pytest.raises(PublishError, match="another run holds"),
        index_lock(index, seconds=0),
    ):
        pass
