"""Where documents come from: a folder (or, by URL, an S3 bucket: ingest/bucket.py)."""

import os
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ingest.errors import SourceError

REGISTER_NAMES = ("register.yaml", "register.csv")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was listed: `path` below the source in NFC with "/" between parts, `size` in bytes.

    `key` is the name the store knows it by. `hint` changes when the content does (an ETag); "" where there is
    no such thing and only the content's hash can tell. `version` is what the store calls the version that was read.
    """

    path: str
    key: str
    size: int
    hint: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file's content at hand, and what the store calls this version of it (S3's version id, or "")."""

    path: Path
    version: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that is not indexed although nothing is wrong with it, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What a source holds; `files` are sorted by path and without the register, which is in `register`."""

    files: tuple[SourceFile, ...]
    skipped: tuple[Skipped, ...] = ()
    register: SourceFile | None = None


class Source(Protocol):
    """A document store."""

    @property
    def name(self) -> str:
        """What messages call it."""

    def list_files(self) -> Listing:
        """Everything it holds; SourceError when it can't be listed completely or is empty."""

    def open_local(self, file: SourceFile) -> AbstractContextManager[LocalFile]:
        """The file's content for as long as the context lasts; OSError when it can't be read."""


class FolderSource:
    """A folder and everything below it; hidden files are left out and links must stay inside."""

    def __init__(self, folder: Path) -> None:
        self.name = str(folder.resolve())  # for readers that start in another folder
        self._folder = folder

    def list_files(self) -> Listing:
        """Everything below the folder; SourceError when a part of it can't be read."""
        if not self._folder.is_dir():
            raise SourceError(f"no folder {self._folder}", hint="name the folder of your documents with --corpus")
        files: dict[str, SourceFile] = {}
        skipped: list[Skipped] = []
        for key in self._walk():
            path = stored_name(key)
            reason = self._refusal(key) or ("another file has the same name" if path in files else "")
            if reason:
                skipped.append(Skipped(path, reason))
            else:
                files[path] = SourceFile(path, key, (self._folder / key).stat().st_size)
        return make_listing(self.name, list(files.values()), skipped)

    def _walk(self) -> Iterator[str]:
        """Keys of all files that are not hidden, sorted."""
        for root, folders, names in os.walk(self._folder, onerror=_refuse_unreadable):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            below = Path(root).relative_to(self._folder)
            linked = [name for name in folders if (Path(root) / name).is_symlink()]
            for name in sorted(names) + linked:
                if not name.startswith("."):
                    yield (below / name).as_posix()

    def _refusal(self, key: str) -> str:
        """Why a file is not taken, "" if it is."""
        path = self._folder / key
        try:
            if path.is_symlink() and not path.resolve().is_relative_to(self._folder.resolve()):
                return "a link that leaves the folder"
            mode = path.stat().st_mode
        except OSError:
            return "a link to nothing"
        if stat.S_ISDIR(mode):
            return "a link to a folder"
        return "" if stat.S_ISREG(mode) else "not a regular file"

    @contextmanager
    def open_local(self, file: SourceFile) -> Iterator[LocalFile]:
        """The file itself."""
        yield LocalFile(self._folder / file.key)


def _refuse_unreadable(error: OSError) -> None:
    # A folder that can't be read would look like documents that were removed.
    raise SourceError(f"{error.filename} can't be read: {error.strerror}", hint="mend its permissions") from error


def stored_name(key: str) -> str:
    """The name that is shown and stored: NFC, bytes that are not UTF-8 written as \\xNN."""
    text = key.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", text)


def make_listing(name: str, files: list[SourceFile], skipped: list[Skipped]) -> Listing:
    """Sort, and set the register apart; SourceError when nothing is left."""
    registers = [file for file in files if file.path in REGISTER_NAMES]
    if len(registers) > 1:
        raise SourceError(f"{name} has two registers, register.yaml and register.csv", hint="keep one of them")
    documents = tuple(sorted((file for file in files if file not in registers), key=lambda file: file.path))
    if not documents:
        raise SourceError(f"{name} holds no documents", hint="put documents there or name another with --corpus")
    return Listing(documents, tuple(sorted(skipped, key=lambda s: s.path)), registers[0] if registers else None)
