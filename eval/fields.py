"""Fields of a JSON object, read strictly: ValueError says which field is not what it must be."""

from typing import Any


def read_text(value: object, name: str, *, required: bool = False) -> str:
    """Text without the space around it."""
    if not isinstance(value, str) or (required and not value.strip()):
        raise ValueError(f"{name} must be text")
    return value.strip()


def read_flag(value: object, name: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false")
    return value


def read_list(value: object, name: str) -> list[Any]:
    """A list; nothing is an empty one."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError(f"{name} must be a list")
    return value


def read_texts(value: object, name: str) -> tuple[str, ...]:
    """A list of texts, none of them empty."""
    return tuple(read_text(item, name, required=True) for item in read_list(value, name))


def read_names(value: object, name: str) -> tuple[str, ...]:
    """A list of names, in lower case."""
    return tuple(text.lower() for text in read_texts(value, name))
