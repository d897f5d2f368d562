"""Finds names of persons and customers by titles, by words that announce a party, and by known names."""

import re
import unicodedata
from collections.abc import Iterator

from app.names import AMBIGUOUS_NAMES, GIVEN_NAMES, NOT_NAMES, SURNAMES

_WORD = re.compile(r"(?<![\w.@])[^\W\d_](?:[^\W\d_]|['’-](?=[^\W\d_]))*\.?")
_ENDING = re.compile(r"(?:['’]s|\.)$")
_TITLES = frozenset("mr mrs ms miss mx dr prof sir dame herr frau monsieur madame señor señora signor signora".split())
_PARTIES = frozenset(
    "beneficiary payee payer payor creditor debtor customer client originator remitter sender receiver recipient "
    "holder accountholder cardholder applicant named called name surname".split()
)
# After these words, or before those verbs, two capitalised words that are not the trade's name a customer.
_POINTERS = frozenset("from for by to is behalf".split())
_DEEDS = frozenset("sent sends wants asks asked called calls says claims received has requested paid complains".split())
_THING = re.compile(r"(?:ment|tion|ity|ness|ance|ence|ing|ties)s?$")
_FILLERS = frozenset("is was the a our named called name s".split())
_PARTICLES = frozenset("van von de der den di da del della dos la le el al bin ibn ben abu ter ten mac mc st".split())


def find_names(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each name, without its title."""
    words = list(_WORD.finditer(text))
    at = 0
    while at < len(words):
        length = _name_at(text, words, at)
        if length:
            last = words[at + length - 1]
            yield words[at].start(), last.start() + len(_ENDING.sub("", last[0]))
        at += max(1, length)


def _name_at(text: str, words: list[re.Match[str]], at: int) -> int:
    """How many words from `at` on are a name; 0 if none is."""
    run = _run(text, words, at)
    plain = [_plain(word) for word in run]
    before = _plain(words[at - 1]) if at and _joined(text, words[at - 1], words[at]) else ""
    if plain[0] in NOT_NAMES or plain[0] in _TITLES:
        return 0
    if before in _TITLES and _is_title(words[at - 1][0]):
        return _titled(run, plain)
    announced = _announced(text, words, at)
    if _is_given(plain[0]) and (known := _known(run, plain, announced=announced)):
        return known
    return _unknown(run, plain, announced=announced, pointed=before in _POINTERS)


def _is_title(word: str) -> bool:
    # "dr" is a debit, "ms" a millisecond, "miss" a verb; DR and MS are codes.
    return word.rstrip(".") in ("mr", "mrs") or (word[0].isupper() and word not in ("DR", "MS"))


def _is_given(word: str) -> bool:
    return word in GIVEN_NAMES or ("-" in word and all(part in GIVEN_NAMES for part in word.split("-")))


def _run(text: str, words: list[re.Match[str]], at: int) -> list[re.Match[str]]:
    """Up to four words that only spaces part."""
    run = words[at : at + 1]
    for word in words[at + 1 : at + 4]:
        if not _joined(text, run[-1], word) or (run[-1][0].endswith(".") and len(run[-1][0]) > 2):
            break
        run.append(word)
    return run


def _titled(run: list[re.Match[str]], plain: list[str]) -> int:
    if not _is_capital(run[0]) and plain[0] not in _PARTICLES:
        return 1 + (len(run) > 1 and plain[0] in GIVEN_NAMES and plain[1] in SURNAMES)
    return _capitals(run, plain)


def _known(run: list[re.Match[str]], plain: list[str], *, announced: bool) -> int:
    """A given name with what follows; alone it is a name only where a party was announced."""
    if len(run) > 1 and plain[1] in SURNAMES and (_is_capital(run[0]) or plain[0] not in AMBIGUOUS_NAMES):
        return max(2, _capitals(run, plain) if _is_capital(run[0]) else 2)
    if plain[0] in AMBIGUOUS_NAMES:
        return 0
    length = _capitals(run, plain) if _is_capital(run[0]) else 0
    return length if length > 1 else int(announced)


def _unknown(run: list[re.Match[str]], plain: list[str], *, announced: bool, pointed: bool) -> int:
    """A name whose first word is no known given name."""
    if plain[0] in _PARTICLES:
        return 0
    if len(run) > 1 and plain[1] in SURNAMES and run[0][0].istitle() and _is_capital(run[1]):
        return 2
    if announced:
        return _party(run, plain)
    return _stranger(run, plain) if pointed or (len(run) > 2 and plain[2] in _DEEDS) else 0


def _party(run: list[re.Match[str]], plain: list[str]) -> int:
    """Two capitalised words or more after "beneficiary", "customer"...: a person or a company."""
    length = _capitals(run, plain)
    return length if length > 1 and all(word[0].istitle() or length == 2 for word in run[:length]) else 0


def _stranger(run: list[re.Match[str]], plain: list[str]) -> int:
    """As `_party`, but surer that the words are no term: "John Doe", not "PCI DSS" or "Risk Management"."""
    length = _party(run, plain)
    return length if all(w[0].istitle() and not _THING.search(w[0]) for w in run[:length]) else 0


def _capitals(run: list[re.Match[str]], plain: list[str]) -> int:
    """The leading capitalised words, particles between them included, up to a word of the trade."""
    length = 0
    for position, word in enumerate(run):
        shouted = word[0].isupper() and len(word[0]) > 2
        if plain[position] in _PARTICLES and not _is_capital(word):
            continue
        if not _is_capital(word) or plain[position] in NOT_NAMES or (shouted and position > 1):
            break
        length = position + 1
    return length


def _announced(text: str, words: list[re.Match[str]], at: int) -> bool:
    """Whether a party word stands before, with at most two small words between."""
    for back in range(at - 1, max(-1, at - 4), -1):
        gap = text[words[back].end() : words[back + 1].start()]
        if not re.fullmatch(r"[\s:,'’\"“(]{1,3}", gap):
            return False
        if _plain(words[back]) in _PARTIES:
            return True
        if _plain(words[back]) not in _FILLERS | _TITLES:
            return False
    return False


def _joined(text: str, first: re.Match[str], second: re.Match[str]) -> bool:
    return text[first.end() : second.start()] == " "


def _is_capital(word: re.Match[str]) -> bool:
    return word[0][0].isupper()


def _plain(word: re.Match[str]) -> str:
    bare = _ENDING.sub("", word[0]).casefold()
    return "".join(c for c in unicodedata.normalize("NFD", bare) if not unicodedata.combining(c))
