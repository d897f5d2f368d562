"""Generations: sealed, switched to, rolled back; what does not belong is refused."""

import sqlite3
from pathlib import Path

import pytest

from ingest.errors import BrokenIndexError, PublishError
from ingest.generations import check_generation, current_generation, list_generations, whole_generation
from ingest.manifest import read_manifest
from ingest.publish import index_lock, publish
from ingest.rollback import roll_back
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
    assert "1 documents, 1 passages; 1 of them embedded again" in verify_index(index, models=index)


def test_files_that_do_not_belong_or_are_missing_are_named(index: Path) -> None:
    generation = current_generation(index)
    (generation / "extra.npy").write_bytes(b"x")
    with pytest.raises(BrokenIndexError, match=r"extra\.npy does not belong"):
        check_generation(generation)
    (generation / "extra.npy").unlink()
    (generation / "chunks.sqlite").unlink()
    with pytest.raises(BrokenIndexError, match=r"chunks\.sqlite is missing"):
        verify_index(index, models=index)


def reseal(index: Path) -> None:
    """Make the manifest agree with the files as they are now, as a faulty program would."""
    generation = current_generation(index)
    manifest = read_manifest(generation)
    building = generation.rename(index / "generations/.building-x")
    (building / "manifest.json").unlink()
    publish(index, building, manifest)


def test_passages_and_vectors_must_belong_together_not_only_be_intact(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    write_corpus(tmp_path / "corpus")
    run(settings)
    reseal(settings.index)
    assert "3 documents" in verify_index(settings.index, models=tmp_path)
    path = current_generation(settings.index) / "vectors.faiss"
    data = path.read_bytes()
    head, row = len(data) - 3 * 256 * 4, 256 * 4
    path.write_bytes(data[:head] + data[head + row : head + 2 * row] + data[head : head + row] + data[head + 2 * row :])
    reseal(settings.index)
    check_generation(current_generation(settings.index))
    with pytest.raises(BrokenIndexError, match="row 0 holds another passage's vector"):
        verify_index(settings.index, models=tmp_path)


def test_with_all_every_passage_is_compared_with_its_vector(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    texts = {f"{n:03}.md": f"# Number {n}\n\nThe procedure {n} is for case {n * 7}.\n" for n in range(70)}
    write_corpus(tmp_path / "corpus", texts)
    run(settings)
    assert "70 of them embedded again" in verify_index(settings.index, models=tmp_path, every=True)
    path = current_generation(settings.index) / "vectors.faiss"
    data = path.read_bytes()
    row = 256 * 4
    place = len(data) - 70 * row + 5 * row  # rows 5 and 6 are not in the sample
    path.write_bytes(
        data[:place] + data[place + row : place + 2 * row] + data[place : place + row] + data[place + 2 * row :]
    )
    reseal(settings.index)
    verify_index(settings.index, models=tmp_path)
    with pytest.raises(BrokenIndexError, match="row 5 holds another passage's vector"):
        verify_index(settings.index, models=tmp_path, every=True)


def test_a_passage_that_is_not_the_recorded_one_is_named(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    write_corpus(tmp_path / "corpus")
    run(settings)
    with sqlite3.connect(current_generation(settings.index) / "chunks.sqlite") as database:
        database.execute("UPDATE chunks SET text = replace(text, '18:15', '19:15')")
    database.close()
    reseal(settings.index)
    with pytest.raises(BrokenIndexError, match=r"us/cutoffs\.md: its passages are not those of the manifest"):
        verify_index(settings.index, models=tmp_path)


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


def test_rollback_never_serves_what_this_version_can_not_read(index: Path) -> None:
    _, _, third = list_generations(index)
    (third / "vocabulary.json").unlink()
    reseal(index)  # whole, but of another form
    older = current_generation(index)
    roll_back(index)
    served = current_generation(index)
    with pytest.raises(BrokenIndexError, match="another version of this program"):
        roll_back(index, older.name)
    assert current_generation(index) == served


def test_a_held_lock_is_told(index: Path) -> None:
    with (
        index_lock(index, seconds=0),
        pytest.raises(PublishError, match="another run holds"),
        index_lock(index, seconds=0),
    ):
        pass
