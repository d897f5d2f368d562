"""Who is asking and which documents they may read."""

from dataclasses import dataclass

from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Reader:
    """A person and the groups (lower case) that a trusted source says they belong to."""

    name: str
    groups: frozenset[str] = frozenset()


def may_read(reader: Reader, readers: tuple[str, ...]) -> bool:
    """Whether a document for `readers` is open to `reader`; an empty `readers` is open to everyone."""
    return not readers or any(group.lower() in reader.groups for group in readers)


def local_reader(settings: Settings) -> Reader:
    """The person at this machine, with the groups that the settings give them."""
    return Reader("local", frozenset(settings.readers))
