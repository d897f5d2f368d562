"""What went wrong with one request to a model, in words that every backend shares."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.llm import Kind, UnfinishedError, Usage
from ingest.errors import LLMError

Meanings = Sequence[tuple[tuple[type[BaseException], ...], Kind, str, bool]]
"""What exceptions of an SDK mean: their kind, words to follow the model's name, and whether to try again."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong, for people; `again` if the same request may succeed at once."""

    kind: Kind
    message: str
    again: bool = False
    hint: str = ""

    def error(self) -> LLMError:
        """The exception that callers get."""
        return LLMError(self.message, hint=self.hint, kind=self.kind)


class FaultError(Exception):
    """Ends one request; `usage` is what a model that stopped too early had read and written, None if unknown."""

    def __init__(self, fault: Fault, usage: Usage | None = None) -> None:
        super().__init__(fault.message)
        self.fault = fault
        self.usage = usage

    def for_callers(self) -> LLMError:
        """The exception that callers get."""
        fault = self.fault
        if self.usage is None:
            return fault.error()
        return UnfinishedError(fault.message, hint=fault.hint, kind=fault.kind, usage=self.usage)


def find_meaning(error: BaseException, meanings: Meanings, name: str) -> Fault:
    """The fault that the first fitting line of the table gives; a fault of the service where none fits."""
    for types, kind, text, again in meanings:
        if isinstance(error, types):
            return Fault(kind, f"{name} {text}", again)
    return Fault("unavailable", f"{name} failed: {error}")
