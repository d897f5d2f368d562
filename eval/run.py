"""Cases through the same assistant that the chat uses."""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

from app.access import Reader
from app.answer import Answer, Filters, Turn
from app.prompt import PROMPT_VERSION
from app.settings import Settings
from eval.cases import Case
from eval.outcome import Journal, Outcome, outcome_key

Item = TypeVar("Item")
Result = TypeVar("Result")
PACKAGES = ("app", "ingest")
# Where files lie, how people sign in and how fast a machine is do not shape an answer.
_ELSEWHERE = ("oidc_", "proxy_", "ledger_", "cookie_", "session_")
NOT_CONFIGURATION = {
    *"index state models corpus readers local_api_key local_threads prices sign_in access_rules public_url".split(),
    *(name for name in Settings.model_fields if name.startswith(_ELSEWHERE)),
}


class Asks(Protocol):
    """Anything that answers as `app.answer.Assistant` does."""

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        reader: Reader | None = None,
    ) -> Answer:
        """The answer to one question."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run goes; `reader` asks the cases that name no reader groups of their own."""

    assistant: Asks
    reader: Reader
    generation: str
    configuration: str
    journal: Journal
    resume: bool = False
    workers: int = 1
    report: Callable[[Outcome], None] = lambda outcome: None


def run_cases(cases: Sequence[Case], plan: Plan) -> list[Outcome]:
    """One outcome a case, in the cases' order; with `resume` finished ones come from the journal."""
    done = plan.journal.read() if plan.resume else {}
    if not plan.resume:
        plan.journal.clear()
    return map_workers(lambda case: _one(case, plan, done), cases, plan.workers)


def map_workers(function: Callable[[Item], Result], items: Sequence[Item], workers: int) -> list[Result]:
    """Results in the items' order; one worker runs in this thread, so that Ctrl-C stops it at once."""
    if workers <= 1:
        return [function(item) for item in items]
    with ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(function, items))


def _one(case: Case, plan: Plan, done: dict[str, Outcome]) -> Outcome:
    key = outcome_key(case, plan.generation, plan.configuration)
    outcome = done.get(key)
    if outcome is None:
        outcome = _ask(case, key, plan)
        plan.journal.append(outcome)
    plan.report(outcome)
    return outcome


def _ask(case: Case, key: str, plan: Plan) -> Outcome:
    filters = Filters(as_of=case.as_of, rails=case.rails, regions=case.regions)
    reader = plan.reader if case.readers is None else Reader("evaluation", frozenset(case.readers))
    started = time.perf_counter()
    try:
        answer = plan.assistant.ask(case.question, history=case.history, filters=filters, reader=reader)
    except Exception as error:  # noqa: BLE001  # one broken case must not hide the others; it fails the run
        message = " ".join(f"{type(error).__name__}: {error}".split())
        return Outcome(case.id, key, None, time.perf_counter() - started, message)
    seconds = time.perf_counter() - started
    return Outcome(case.id, key, replace(answer, id=case.id), seconds, prompt=PROMPT_VERSION)


def fingerprint(settings: Settings, root: Path) -> str:
    """Hash of everything that shapes an answer besides index and case: the settings and the program text."""
    values = settings.model_dump(mode="json", exclude=NOT_CONFIGURATION)
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode())
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
