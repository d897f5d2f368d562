"""Masks what people type about customers before it is written anywhere. There is no way back.

What an analyst's question needs stays: message types, reason codes, amounts, dates, times, bank identifiers.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from app.personal import find_personal

PLACEHOLDER = re.compile(r"\[([A-Z]+)(?:-(\d{1,6}))?\]")
"""What stands in place of something masked: its kind, and a number from the second one on."""


def mask(text: str) -> str:
    """`text` with placeholders: the first account is [ACCOUNT], a second, other one [ACCOUNT-2]."""
    return _Placeholders().apply(text)


def mask_texts(texts: Sequence[str]) -> list[str]:
    """The texts of one conversation, each masked; the same words have the same placeholder in all of them."""
    placeholders = _Placeholders()
    return [placeholders.apply(text) for text in texts]


def mask_entry(entry: Mapping[str, Any], typed: Sequence[str]) -> dict[str, Any]:
    """The entry, with what is found under its `typed` keys masked there and wherever else the same words stand.

    A model may repeat an account number from the question; the texts of documents are otherwise left as they are.
    """
    placeholders = _Placeholders()
    for text in _texts([entry.get(key) for key in typed]):
        placeholders.apply(text)
    return {key: _mapped(value, placeholders.replace_known) for key, value in entry.items()}


class _Placeholders:
    """Gives the same words the same placeholder, within one text or one entry."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def apply(self, text: str) -> str:
        """`text`, with everything personal in it replaced and remembered."""
        for label, number in PLACEHOLDER.findall(text):  # masked before: a new finding must not share its number
            self._counts[label] = max(self._counts.get(label, 0), int(number or 1))
        pieces, at = [], 0
        for found in find_personal(text):
            pieces += [text[at : found.start], self._placeholder(text[found.start : found.end], found.label)]
            at = found.end
        return "".join([*pieces, text[at:]])

    def replace_known(self, text: str) -> str:
        """`text`, with what `apply` has found before replaced."""
        for words in sorted(self._known, key=len, reverse=True):
            text = re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", self._known[words], text)
        return text

    def _placeholder(self, words: str, label: str) -> str:
        if words not in self._known:
            same = next((known for known in self._known if _letters(known) == _letters(words)), None)
            self._known[words] = self._known[same] if same else self._new(label)
        return self._known[words]

    def _new(self, label: str) -> str:
        count = self._counts[label] = self._counts.get(label, 0) + 1
        return f"[{label}]" if count == 1 else f"[{label}-{count}]"


def _letters(words: str) -> str:
    return re.sub(r"[\W_]", "", words).casefold()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _mapped(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(item, change) for item in value]
    return value
