"""What came of one case, kept on disk line by line so that a cut run goes on where it stopped."""

import hashlib
import json
import threading
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from app.answer import Answer
from eval.cases import Case
from ingest.errors import CaseError


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to one case, or the `error` that prevented it. `key` pins case, index and configuration.

    `prompt` is the version of the prompt in force.
    """

    case_id: str
    key: str
    answer: Answer | None
    seconds: float
    error: str = ""
    prompt: str = ""


_OUTCOME = TypeAdapter(Outcome)


def outcome_key(case: Case, generation: str, configuration: str) -> str:
    """Changes when the case, the index generation or anything that shapes an answer changes."""
    return hashlib.sha256(f"{case.digest}\n{generation}\n{configuration}".encode()).hexdigest()[:16]


class Journal:
    """Outcomes as JSON lines in `path`; appending is thread-safe."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    def clear(self) -> None:
        """Begin an empty journal."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("", encoding="utf-8")

    def append(self, outcome: Outcome) -> None:
        """Write one outcome and flush it."""
        line = _OUTCOME.dump_json(outcome).decode()
        with self._lock, self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def read(self) -> dict[str, Outcome]:
        """The finished outcomes by key; failed ones are left out, to be tried again.

        A torn last line (the run was killed while writing) is cut off; damage elsewhere raises CaseError.
        """
        if not self.path.exists():
            return {}
        lines = self.path.read_text(encoding="utf-8").split("\n")
        torn = lines.pop()
        if torn:
            self.path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        outcomes = [self._parse(number, line) for number, line in enumerate(lines, 1) if line]
        return {outcome.key: outcome for outcome in outcomes if outcome.answer is not None}

    def _parse(self, number: int, line: str) -> Outcome:
        try:
            return _OUTCOME.validate_python(json.loads(line))
        except (ValueError, ValidationError) as error:
            reason = str(error).splitlines()[0]
            raise CaseError(f"{self.path}:{number}: not an outcome: {reason}", hint="run without --resume") from None
