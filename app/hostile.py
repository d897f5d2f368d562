"""Text that is planted: orders to the assistant, imitated citations, and addresses that no passage holds."""

import re
from functools import lru_cache

_OVERRIDES = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:previous|prior|above|earlier|preceding|all|any|your|other)\b"
    r".{0,40}\b(?:instructions?|prompts?|rules?|directions?|guidelines?|messages?|context)\b"
    r"|\b(?:from now on|starting now|henceforth),? you (?:are|must|will|shall|should)\b"
    r"|\byou are (?:now|no longer) (?:an? |the )?\w+"
    r"|\b(?:system|hidden|developer) (?:prompt|instructions?)\b"
    r"|\b(?:new|updated|important|urgent) instructions? (?:to|for) (?:the )?(?:ai|assistant|model|chatbot|llm|bot)\b"
    r"|\b(?:dear|hey|attention|hello),? (?:ai|assistant|chatbot|llm|language model)\b"
    r"|\b(?:as|being) an? (?:ai|language model|llm|chatbot)\b"
    r"|\b(?:do not|don't|never) (?:tell|inform|mention|reveal)\b.{0,30}\b(?:user|reader|analyst)\b"
    # What is said of "your answer" is said to whoever answers; "in your answer to the client" is said to people.
    r"|\b(?:in|into|of|from|throughout|within|with) (?:(?:all|each|every|any|both) )?(?:of )?your "
    r"(?:answers?|responses?|repl(?:y|ies)|outputs?)\b(?! to\b)"
    r"|(?:^|[.:;!?]\s)\W*(?!without|until|after|before|upon|on|by|for|is|was)\w+ your (?:answers?|responses?|outputs?)"
    r"\b(?! to\b)"
    r"|\b(?:following|below|above) code (?:block|snippet|excerpt|section|segment|fragment)s?\b"
    r"|\b(?:developer mode|do anything now|prompt injection)\b"
    r"|<\|?(?:im_start|im_end|system|assistant|endoftext)\|?>|\[/?INST\]",
    re.IGNORECASE,
)
# A passage's own number, or the source of what it says: both are the program's to give.
_IMITATES = re.compile(
    r"^\W*\[\d{1,3}\]"
    r"|(?:^|[.;:!?]\s)\W*(?:sources?|citations?|cited from)\s*:"
    r"|\[\d{1,3}\].{0,20}\b(?:sources?\s*:|v(?:ersion)?\s?\d+\.\d|pages?\s\d)"
    r"|\(\s*sources?\s*:"
    r"|\[[^\]]{0,60}\bpages?\s\d+\s*\]"
    r"|\([^)]{0,60}\bv?\d+\.\d+,?\s(?:p\.|pages?)\s?\d+\s*\)",
    re.IGNORECASE | re.MULTILINE,
)
_ACTIVE = re.compile(
    r"!\[[^\]]*\]\(|\b(?:(?:java|vb)script:|data:\w+/)\S|<\s*(?:script|iframe|img|svg|object)\b", re.IGNORECASE
)
_TOP_LEVEL = (
    "com|net|org|info|biz|io|co|eu|uk|us|de|fr|ru|cn|in|gov|edu|int|app|dev|ai|me|xyz|site|online|top|click|link"
)
_ADDRESS = re.compile(
    r"!?\[[^\]]*\]\([^)]*\)"  # markup of a link or image
    r"|<[a-z/!][^>]*>"
    r"|\b[a-z][a-z0-9+.-]{1,20}://[^\s)>\]]+"
    r"|\b(?:mailto:|(?:java|vb)script:|data:\w+/)[^\s)>\]]+"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    rf"|\b(?:www\.)?(?:[a-z0-9-]+\.)+(?:{_TOP_LEVEL}|[a-z]{{2,18}}(?=/))\b(?:/[^\s)>\]]*)?",
    re.IGNORECASE,
)


@lru_cache(maxsize=20_000)
def gives_orders(passage: str) -> bool:
    """Whether a paragraph, step or row tries to change what the assistant does: it is no evidence."""
    return bool(_OVERRIDES.search(passage) or _ACTIVE.search(passage))


def imitates_citation(passage: str) -> bool:
    """Whether a sentence, step or row pretends to be a numbered passage or to come from another document."""
    return bool(_IMITATES.search(passage))


def addresses(text: str) -> set[str]:
    """Links, mail addresses, domains and link markup in the text, in lower case."""
    return {found.rstrip(".,;:!?").lower() for found in _ADDRESS.findall(text)}
