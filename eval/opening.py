"""An evaluation made ready: the assistant opened under given settings, a warm embedder, a ledger of its own."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path

from app.access import local_reader
from app.answer import Assistant, open_assistant
from app.settings import load_settings
from eval.cases import Case, load_cases
from eval.evaluate import Evaluation
from eval.gate import THRESHOLDS, load_thresholds
from eval.provenance import provenance
from eval.run import fingerprint
from eval.stored import Stored

WORKERS = {"none": 2, "bedrock": 4, "local": 1}
ROOT = Path(__file__).resolve().parent.parent


def load_dated(path: Path, limit: int | None, as_of: date | None) -> list[Case]:
    """The cases of a file; those that name no day are asked as of `as_of`."""
    cases = load_cases(path, limit)
    return [case if case.as_of or as_of is None else replace(case, as_of=as_of) for case in cases]


def open_evaluation(stack: ExitStack, cases: Sequence[Case], folder: Path, chosen: Mapping[str, object]) -> Evaluation:
    """An evaluation into `folder` by an assistant with the `chosen` settings; the stack closes it."""
    folder.mkdir(parents=True, exist_ok=True)
    # The ledger of an evaluation is its own: golden questions are nobody's questions.
    settings = load_settings(**{**chosen, "state": folder / "state", "ledger_url": ""})
    assistant: Assistant = open_assistant(settings)
    stack.callback(assistant.close)
    assistant.library.current().embedder.embed_query("warm up")  # a cold start is no one's answer time
    return Evaluation(
        cases=cases,
        assistant=assistant,
        reader=local_reader(settings),
        stored=Stored(assistant.library.index),
        today=date.today(),
        configuration=fingerprint(settings, ROOT),
        folder=folder,
        run={
            "cases": "",
            "llm": settings.llm,
            "notes": [],
            "provenance": provenance(assistant.library.manifest, settings, assistant.llm),
        },
        thresholds=load_thresholds(THRESHOLDS),
        workers=WORKERS[settings.llm],
    )
