"""Questions made by RAGAS's test-set generation from passages of the index (import it lazily, it takes seconds).

RAGAS's knowledge graph gets the passages as they are indexed, with their headings as themes, so that every question
is tied to one stored passage; who asks and how (persona, style, length) is RAGAS's to choose.
"""

import asyncio
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

os.environ["RAGAS_DO_NOT_TRACK"] = "true"  # as in eval.judge, before RAGAS's first import

from ragas.testset.graph import KnowledgeGraph, Node, NodeType
from ragas.testset.persona import Persona
from ragas.testset.synthesizers.prompts import PersonaThemesMapping, ThemesPersonasInput, ThemesPersonasMatchingPrompt
from ragas.testset.synthesizers.single_hop.prompts import QueryAnswerGenerationPrompt, QueryCondition
from ragas.testset.synthesizers.single_hop.specific import SingleHopSpecificQuerySynthesizer

from eval.judge import Complete, JudgeModel
from ingest.errors import LLMError

PERSONAS = (
    Persona(
        name="Payments operations analyst",
        role_description="Works exceptions, repairs and investigations under time limits and types short questions.",
    ),
    Persona(
        name="Team lead",
        role_description="Approves releases, decides on escalations and answers for limits and cut-off times.",
    ),
    Persona(
        name="New joiner",
        role_description="Does not know the abbreviations yet and describes what is on the screen in plain words.",
    ),
)
_WISH = "Ask one thing that this passage answers, as a colleague would type it. Do not mention the passage itself."


@dataclass(frozen=True, slots=True)
class Sample:
    """A generated question with its answer, and the id of the passage that it was made from."""

    chunk_id: str
    question: str
    answer: str
    style: str


class _EveryTheme(ThemesPersonasMatchingPrompt):
    # Each of our readers may ask about each passage: a model call to match them would only cost.
    async def generate(self, llm: Any, data: ThemesPersonasInput, *args: Any, **kwargs: Any) -> PersonaThemesMapping:
        return PersonaThemesMapping(mapping={persona.name: data.themes for persona in data.personas})


class _Ask(QueryAnswerGenerationPrompt):
    # RAGAS's own call makes a usage event, which leaves a user id in the home folder even when nothing is sent.
    async def generate(self, llm: Any, data: QueryCondition, *args: Any, **kwargs: Any) -> Any:
        return llm.generate(self.to_string(data), self.output_model)


def generate_samples(
    complete: Complete, passages: Sequence[tuple[str, str, Sequence[str]]], seed: int = 0
) -> Iterator[Sample | LLMError]:
    """One sample for each passage (chunk id, text, themes), or the error that prevented it, in their order."""
    synthesizer = SingleHopSpecificQuerySynthesizer(
        llm=JudgeModel(complete),
        llm_context=_WISH,
        theme_persona_matching_prompt=_EveryTheme(),
        generate_query_reference_prompt=_Ask(),
    )
    random.seed(seed)  # RAGAS draws persona, style and length from the module's generator
    for chunk_id, text, themes in passages:
        try:
            yield asyncio.run(_sample(synthesizer, chunk_id, text, themes))
        except LLMError as error:
            yield error


async def _sample(synthesizer: SingleHopSpecificQuerySynthesizer, chunk_id: str, text: str, themes: Any) -> Sample:
    node = Node(type=NodeType.CHUNK, properties={"page_content": text, "entities": list(themes)})
    scenario = (await synthesizer.generate_scenarios(1, KnowledgeGraph(nodes=[node]), list(PERSONAS)))[0]
    made = (await synthesizer.generate_sample(scenario)).model_dump()
    return Sample(chunk_id, str(made["user_input"]).strip(), str(made["reference"]).strip(), str(made["query_style"]))
