"""The folder source: everything in it, in one order, and nothing outside it."""

import os
from pathlib import Path

import pytest

from ingest.errors import SourceError
from ingest.source import FolderSource
from tests.ingest_folder import write_corpus


def test_files_are_listed_recursively_sorted_and_without_hidden_ones(tmp_path: Path) -> None:
    write_corpus(tmp_path, {"b.md": "x", "a/c.md": "xy", ".git/d.md": "x", ".e.md": "x", "register.csv": "id"})
    listing = FolderSource(tmp_path).list_files()
    assert [(file.path, file.size) for file in listing.files] == [("a/c.md", 2), ("b.md", 1)]
    assert listing.register is not None
    assert listing.register.path == "register.csv"


def test_links_may_not_leave_the_folder(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", {"a.md": "x", "sub/b.md": "x"})
    (tmp_path / "secret.md").write_text("x")
    (corpus / "out.md").symlink_to(tmp_path / "secret.md")
    (corpus / "in.md").symlink_to(corpus / "a.md")
    (corpus / "nothing.md").symlink_to(corpus / "gone.md")
    (corpus / "loop").symlink_to(corpus)
    os.mkfifo(corpus / "pipe.md")
    listing = FolderSource(corpus).list_files()
    assert [file.path for file in listing.files] == ["a.md", "in.md", "sub/b.md"]
    assert {item.path: item.reason for item in listing.skipped} == {
        "out.md": "a link that leaves the folder",
        "nothing.md": "a link to nothing",
        "loop": "a link to a folder",
        "pipe.md": "not a regular file",
    }


def test_two_spellings_of_one_name_are_told(tmp_path: Path) -> None:
    write_corpus(tmp_path, {"u\u0308.md": "x", "\u00fc.md": "x"})
    listing = FolderSource(tmp_path).list_files()
    assert [file.path for file in listing.files] == ["\u00fc.md"]
    assert listing.skipped[0].reason == "another file has the same name"


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({}, "holds no documents"),
        ({"register.yaml": "x"}, "holds no documents"),
        ({"a.md": "x", "register.yaml": "x", "register.csv": "x"}, "two registers"),
    ],
)
def test_what_can_not_be_a_corpus_is_refused(tmp_path: Path, texts: dict[str, str], message: str) -> None:
    (tmp_path / "corpus").mkdir()
    with pytest.raises(SourceError, match=message):
        FolderSource(write_corpus(tmp_path / "corpus", texts)).list_files()


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no folder"):
        FolderSource(tmp_path / "none").list_files()


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every folder")
def test_an_unreadable_folder_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    write_corpus(tmp_path, {"a.md": "x", "shut/b.md": "x"})
    (tmp_path / "shut").chmod(0)
    with pytest.raises(SourceError, match="can't be read"):
        FolderSource(tmp_path).list_files()
    (tmp_path / "shut").chmod(0o755)
