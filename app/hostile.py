"""Passages that give orders to the assistant instead of telling an analyst what to do: they are no evidence."""

import re

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
    r"|\b(?:jailbreak|developer mode|do anything now|prompt injection)\b"
    r"|<\|?(?:im_start|im_end|system|assistant|endoftext)\|?>|\[/?INST\]",
    re.IGNORECASE,
)


def gives_orders(passage: str) -> bool:
    """Whether a paragraph, step or row tries to change what the assistant does."""
    return bool(_OVERRIDES.search(passage))
