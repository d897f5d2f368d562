"""Recognises what a line of text is by its wording: numbers, bullets, page marks; and cleans white space."""

import re

# Zero-width and direction characters print nothing; they split words or hide text from a reader.
_INVISIBLE = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD, *range(0x202A, 0x202F)])
_TAGS = dict.fromkeys([*range(0x2061, 0x2065), *range(0x2066, 0x2070), *range(0xE0000, 0xE0080)])
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_CONTROL = dict.fromkeys(i for i in range(0xA0) if (i < 0x20 and i not in (9, 10, 12, 13)) or i > 0x7E)
_CLEAN = {**_INVISIBLE, **_TAGS, **_LIGATURES, **_CONTROL, 0x2028: " ", 0x2029: " "}
# A run of these is a hidden message (Unicode tags, zero-width text), not typography.
_SMUGGLED = re.compile(r"[\U000E0020-\U000E007F]{4,}|[\u200B\u2060-\u2064\uFEFF]{8,}")

_ROMAN = r"(?:x{0,3}(?:ix|iv|v?i{1,3}|v|x))"
STEP = re.compile(
    rf"^(?P<number>(?:Step\s+\d+[a-z]?\s*[:.)\u2013\u2014-]?|\(?(?:\d{{1,3}}(?:\.\d{{1,3}})*[a-z]?|[a-zA-Z]|{_ROMAN})[.)]"
    r"|\d{1,3}(?:\.\d{1,3})+[a-z]?))\s+(?=\S)",
    re.IGNORECASE,
)
BULLET = re.compile(
    r"^(?P<bullet>[\u2022\u2023\u25AA\u25AB\u25CF\u25CB\u25A0\u25A1\u25E6\u2043\u2219\u00B7\uF0B7\uF0A7\uF0D8\u27A2\u2713\u2714\u2610\u2751\u274D\u2794\u2022*\u2013\u2014\u3002\u25EF\u00B0-]|o(?=\s+[\"A-Z]))\s+(?=\S)"
)
HEADING_NUMBER = re.compile(
    r"^(?P<number>(?:(?:Section|Chapter|Appendix|Annex|Article|Part|Schedule|Subsection)\s+)?"
    r"(?:[A-Z][A-Za-z]{0,5}(?:\.(?:\d{1,3}|[a-z])\b)+(?:\([ivx]+\))?|\d{1,4}(?:\.\d{1,3})*[a-z]?|[A-Z](?:\.\d{1,3})+|(?<=\s)[A-Z\d]{1,3}|[IVX]{1,5}(?=[.)])|[A-Z](?=[.)]\s)))"
    r"(?P<tail>[.):]?)(?:\s*[\u2013\u2014:-]\s*|\s+)(?=\S)"
)
_LEADERS = re.compile(r"(?:\.\s?){4,}\s*\S{0,8}$|\u2026{2,}\s*\S{0,8}$")


_CAPTION = re.compile(
    r"^(?:Figure|Fig\.|Table|Exhibit|Chart|Diagram|Listing)\s+(?:\d[\d.\-]*|[A-Z][\d.\-]*|[IVX]+)"
    r"\s*(?:[:.\u2013\u2014-](?:\s|$)|$|(?=[A-Z]))"
)
_ENDS_SENTENCE = re.compile(r"[.!?:;][\"'\u201d\u2019)\]]*(?:\s*\[?\d{1,3}\]?)?$")


def is_caption(text: str) -> bool:
    """Whether the text is the caption of a figure or table ("Figure 3: Settlement")."""
    return len(text) < 300 and bool(_CAPTION.match(text))


def ends_sentence(text: str) -> bool:
    """Whether a sentence or clause ends at the end of the text; a footnote mark may follow."""
    return bool(_ENDS_SENTENCE.search(text))


def clean(text: str) -> str:
    """The text without characters that print nothing, ligatures spelt out, white space folded to single blanks."""
    return " ".join(text.translate(_CLEAN).split())


def smuggles(text: str) -> bool:
    """Whether the text carries a run of characters that no reader can see."""
    return bool(_SMUGGLED.search(text))


def heading_number(text: str) -> str:
    """The printed number that a heading begins with ("4.2", "Appendix A"), or ""."""
    match = HEADING_NUMBER.match(text)
    return match["number"] if match else ""


def number_depth(number: str) -> int:
    """How deep a heading number nests: "4" is 1, "4.2" is 2, "4.2.1a" is 4; 0 without a number."""
    if not number:
        return 0
    last = number.rsplit(maxsplit=1)[-1].rstrip(".:")
    lettered = len(last) > 1 and last[-1].isalpha() and last[-2].isdigit()
    return last.count(".") + 1 + (lettered or last.endswith(")"))


def step_number(text: str) -> str:
    """The printed number that a step begins with ("1.", "b)", "Step 3:"), or ""."""
    match = STEP.match(text)
    return match["number"].strip() if match else ""


def is_step_sentence(text: str) -> bool:
    """Whether a line that is set as a heading is a numbered instruction ("3. Assess the plan. Consider")."""
    match = STEP.match(text)
    if match is None or "." in match["number"].rstrip("."):
        return False
    return len(text) > 90 or bool(re.search(r"\w[.:;] |[.:;]$", text[match.end() :]))


def has_leaders(text: str) -> bool:
    """Whether the line is an entry of a table of contents ("Scope ........ 4")."""
    return bool(_LEADERS.search(text))
