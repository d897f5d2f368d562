"""Synonyms of the trade: what else a question's words may be called in the procedures."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import yaml

from ingest.errors import SettingsError
from ingest.index import Alternatives
from ingest.lexical import analyse

SHIPPED = Path(__file__).with_name("glossary.yaml")
Phrase = tuple[str, ...]


class Glossary:
    """Groups of phrases that mean the same, each phrase as its terms."""

    def __init__(self, groups: Sequence[Sequence[str]]) -> None:
        self._groups = [[phrase for text in group if (phrase := tuple(analyse(text)))] for group in groups]
        self._longest = max((len(phrase) for group in self._groups for phrase in group), default=0)
        self._of: dict[Phrase, list[int]] = {}
        for number, group in enumerate(self._groups):
            for phrase in group:
                self._of.setdefault(phrase, []).append(number)

    def expand(self, terms: Sequence[str]) -> tuple[Alternatives, ...]:
        """Each term with its one-word synonyms; then, each once, the words of phrases that mean the same."""
        single = {term: [term] for term in dict.fromkeys(terms)}
        extra: list[str] = []
        for start, phrase, group in self._matches(terms):
            for other in group:
                if len(other) == 1:
                    single[terms[start]].append(other[0])
                elif other != phrase:
                    extra.extend(other)
        groups = [tuple(dict.fromkeys(alternatives)) for alternatives in single.values()]
        covered = {term for group in groups for term in group}
        return (*groups, *((term,) for term in dict.fromkeys(extra) if term not in covered))

    def _matches(self, terms: Sequence[str]) -> Iterator[tuple[int, Phrase, list[Phrase]]]:
        for start in range(len(terms)):
            for length in range(1, self._longest + 1):
                phrase = tuple(terms[start : start + length])
                if len(phrase) == length:
                    for number in self._of.get(phrase, ()):
                        yield start, phrase, self._groups[number]


@lru_cache(maxsize=8)
def load_glossary(own: Path | None = None) -> Glossary:
    """The shipped glossary and the user's own; SettingsError says what is wrong with the latter."""
    groups = _read(SHIPPED)
    return Glossary([*groups, *_read(own)] if own else groups)


def _read(path: Path) -> list[list[str]]:
    try:
        groups = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"the glossary {path} can't be read: {error}", hint="see app/glossary.yaml") from error
    if not isinstance(groups, list) or not all(isinstance(group, list) for group in groups):
        raise SettingsError(f"the glossary {path} is not a list of lists", hint="see app/glossary.yaml")
    return [[str(word) for word in group] for group in groups]
