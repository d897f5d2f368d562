"""RAGAS 0.4 behind one model interface (with eval.testset its only importer; import it lazily, it takes seconds).

RAGAS turns failures into NaN and means over what is left. Here every failure is an LLMError, every NaN is one too,
and a judge that skips a statement or answers outside the schema has failed.
"""

import asyncio
import hashlib
import inspect
import math
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

# RAGAS reports its use over the network unless it is told not to, before its first import.
os.environ["RAGAS_DO_NOT_TRACK"] = "true"

from pydantic import BaseModel, ValidationError
from ragas.dataset_schema import SingleTurnSample
from ragas.embeddings.base import BaseRagasEmbedding
from ragas.llms.base import InstructorBaseRagasLLM
from ragas.metrics._context_precision import IDBasedContextPrecision, NonLLMContextPrecisionWithReference
from ragas.metrics._context_recall import IDBasedContextRecall, NonLLMContextRecall
from ragas.metrics._string import NonLLMStringSimilarity
from ragas.metrics.base import SingleTurnMetric
from ragas.metrics.collections import (
    AnswerRelevancy,
    ContextPrecisionWithReference,
    ContextRecall,
    FactualCorrectness,
    Faithfulness,
    NoiseSensitivity,
)
from ragas.metrics.collections.faithfulness import util as faithfulness_prompts

from ingest.errors import LLMError

PARSE_ATTEMPTS = 3
RAGAS_VERSION = version("ragas")


Complete = Callable[[str, dict[str, Any]], str]
"""Asks the judge: prompt in, text that follows the JSON schema out; raises LLMError."""

Embed = Callable[[Sequence[str]], list[list[float]]]


@dataclass(frozen=True, slots=True)
class Sample:
    """What a judged metric sees of one answered case."""

    question: str
    response: str
    contexts: tuple[str, ...]
    reference: str = ""


class _Similarity(NonLLMStringSimilarity):
    # RAGAS's public call makes a usage event, which leaves a user id in the home folder even when nothing is sent.
    async def single_turn_ascore(self, sample: SingleTurnSample, callbacks: Any = None, timeout: Any = None) -> float:
        return float(await self._single_turn_ascore(sample, callbacks))


def context_scores(ids: tuple[list[str], list[str]], texts: tuple[list[str], list[str]]) -> dict[str, float]:
    """RAGAS's metrics without a model, over (retrieved, reference) ids and texts; nothing retrieved scores 0."""
    metrics: dict[str, SingleTurnMetric] = {
        "ragas_id_context_precision": IDBasedContextPrecision(),
        "ragas_id_context_recall": IDBasedContextRecall(),
        "ragas_string_context_precision": NonLLMContextPrecisionWithReference(distance_measure=_Similarity()),
        "ragas_string_context_recall": NonLLMContextRecall(_distance_measure=_Similarity()),
    }
    if not ids[0] or not texts[1]:
        return dict.fromkeys(metrics, 0.0)
    sample = SingleTurnSample(
        retrieved_context_ids=list(ids[0]),
        reference_context_ids=list(ids[1]),
        retrieved_contexts=texts[0],
        reference_contexts=texts[1],
    )
    return {name: float(asyncio.run(metric._single_turn_ascore(sample, None))) for name, metric in metrics.items()}


class JudgeModel(InstructorBaseRagasLLM):
    """RAGAS's model interface over `complete`; an answer outside the schema is asked for again, then an error."""

    def __init__(self, complete: Complete) -> None:
        self._complete = complete

    def generate(self, prompt: str, response_model: type[BaseModel]) -> Any:
        schema = response_model.model_json_schema()
        problem = ""
        for attempt in range(PARSE_ATTEMPTS):
            note = f"\nYour last output was not valid ({problem}). Reply with the JSON only." if attempt else ""
            text = self._complete(prompt + note, schema)
            try:
                return response_model.model_validate_json(text[text.find("{") : text.rfind("}") + 1])
            except ValidationError as error:
                problem = str(error.errors(include_url=False)[0]["msg"])
        raise LLMError(f"the judge's output did not follow the schema {PARSE_ATTEMPTS} times: {problem}")

    async def agenerate(self, prompt: str, response_model: type[BaseModel]) -> Any:
        return self.generate(prompt, response_model)


class _Embeddings(BaseRagasEmbedding):
    def __init__(self, embed: Embed) -> None:
        super().__init__()
        self._embed = embed

    def embed_text(self, text: str, **kwargs: Any) -> list[float]:
        return self._embed([text])[0]

    async def aembed_text(self, text: str, **kwargs: Any) -> list[float]:
        return self.embed_text(text)


class _CompleteFaithfulness(Faithfulness):
    """Faithfulness in which every statement must get a verdict of 0 or 1 (RAGAS averages over what came back)."""

    async def _create_verdicts(self, statements: list[str], context: str) -> Any:
        verdicts = await super()._create_verdicts(statements, context)
        given = [verdict.verdict for verdict in verdicts.statements]
        if len(given) != len(statements) or not set(given) <= {0, 1}:
            raise LLMError(f"the judge gave {len(given)} verdicts ({given}) for {len(statements)} statements")
        return verdicts


class Judge:
    """The judged metrics over one model; thread-safe as far as `complete` is."""

    def __init__(self, complete: Complete, embed: Embed) -> None:
        self._llm = JudgeModel(complete)
        self._embeddings = _Embeddings(embed)

    def measure(self, name: str, sample: Sample) -> float:
        """The metric's score (0 to 1); LLMError if there is none."""
        try:
            result = asyncio.run(self._ascore(name, sample))
        except (ValueError, TypeError, IndexError) as error:
            raise LLMError(f"{name} failed: {type(error).__name__}: {error}") from error
        value = float(result.value)
        if not math.isfinite(value):
            raise LLMError(f"{name} is {value}: the judge found no statements")
        return min(1.0, max(0.0, value))

    def prepare(self, name: str, sample: Sample) -> None:
        """Ask what `measure` will ask first, so that its reply is cached; a failure is left to `measure`.

        A local model keeps the prompt that it read last: with all cases' first questions before all second ones it
        reads RAGAS's long instructions twice in all, not twice a case.
        """
        if name == "faithfulness":
            metric = _CompleteFaithfulness(llm=self._llm)
            with suppress(LLMError, ValueError, TypeError, IndexError):
                asyncio.run(metric._create_statements(sample.question, sample.response))

    def supports(self, statement: str, evidence: str) -> bool:
        """RAGAS's faithfulness verdict on one statement and its evidence."""
        metric = _CompleteFaithfulness(llm=self._llm)
        verdicts = asyncio.run(metric._create_verdicts([statement], evidence))
        return bool(verdicts.statements[0].verdict)

    async def _ascore(self, name: str, s: Sample) -> Any:
        llm, contexts = self._llm, list(s.contexts)
        if name == "faithfulness":
            return await _CompleteFaithfulness(llm=llm).ascore(s.question, s.response, contexts)
        if name == "answer_relevancy":
            return await AnswerRelevancy(llm=llm, embeddings=self._embeddings).ascore(s.question, s.response)
        if name == "context_precision":
            return await ContextPrecisionWithReference(llm=llm).ascore(s.question, s.reference, contexts)
        if name == "context_recall":
            return await ContextRecall(llm=llm).ascore(s.question, contexts, s.reference)
        if name == "factual_correctness":
            return await FactualCorrectness(llm=llm).ascore(s.response, s.reference)
        return await NoiseSensitivity(llm=llm).ascore(s.question, s.response, s.reference, contexts)


def prompts_digest() -> str:
    """Short hash of RAGAS's own faithfulness prompts, so that a changed prompt is a changed judge."""
    return hashlib.sha256(inspect.getsource(faithfulness_prompts).encode()).hexdigest()[:12]
