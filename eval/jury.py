"""The judge that the settings name, ready to score, or the reason why it can't."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.llm import load_llm
from eval.calibrate import read_agreements
from eval.completer import Completer
from eval.settings import JudgeSettings, model_settings
from ingest.errors import LLMError, SettingsError

if TYPE_CHECKING:
    from eval.judge import Judge

Embed = Callable[[Sequence[str]], list[list[float]]]


@dataclass(frozen=True, slots=True)
class Jury:
    """One judge a run; `identity` names model, parameters and RAGAS's version and prompts."""

    judges: tuple["Judge", ...]
    completer: Completer
    identity: str

    @property
    def usage(self) -> str:
        """What judging cost, for the report."""
        c = self.completer
        return f"judge: {c.calls} calls, {c.cached} replies from the cache, {c.tokens} tokens, {c.cost:.4f} dollars"


@contextmanager
def open_jury(settings: JudgeSettings, cache: Path, embed: Embed) -> Iterator[Jury]:
    """The judge of the settings, closed at the end; SettingsError without one, LLMError if it can't be had."""
    llm = load_llm(model_settings(settings))
    if llm is None:
        raise SettingsError("no judge is set", hint="give --judge local or --judge bedrock")
    try:
        ragas = load_ragas()
        llm.warm()
        if problem := llm.health():  # a dead judge is better known now than after the last case
            raise LLMError(f"the judge can't be asked: {problem}")
        completer = Completer(llm, settings, cache)
        judges = tuple(ragas.Judge(completer.for_run(run), embed) for run in range(settings.judge_runs))
        identity = f"{completer.identity} ragas {ragas.RAGAS_VERSION} prompts {ragas.prompts_digest()}"
        yield Jury(judges, completer, identity)
    finally:
        llm.close()


def load_ragas() -> Any:
    """The module that imports RAGAS; LLMError names the command that installs it."""
    try:
        from eval import judge  # noqa: PLC0415  # RAGAS takes seconds to import
    except ImportError as error:
        raise LLMError(f"RAGAS can't be imported: {error}", hint="run: pip install -e '.[eval]'") from error
    return judge


def trust(identity: str, calibration: Path, least_kappa: float) -> str:
    """An empty string if the judge may gate, else why not: its measured agreement with labelled pairs decides."""
    known = read_agreements(calibration) if calibration.exists() else {}
    if identity not in known:
        return f"judge {identity} has not been calibrated, so its scores do not gate (python -m eval calibrate)"
    kappa = float(known[identity]["kappa"])
    if not kappa >= least_kappa:
        return f"judge {identity} agrees with the labels by kappa {kappa:.2f}, below {least_kappa:g}: it does not gate"
    return ""
