"""Language models behind one interface; `load_llm` chooses. Nobody else imports a model SDK."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, `cached_tokens` of the input from a prompt cache; `cost` is US dollars or None."""

    input_tokens: int
    output_tokens: int
    cost: float | None = None
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Finish:
    """The last item of a complete stream: the model ended by itself."""

    usage: Usage


class LLM(Protocol):
    """A chat model with a deadline; safe to share between threads.

    `name` is for people ("Amazon Bedrock: anthropic.claude-..."), `model_id` and `parameters` for the ledger.
    """

    name: str
    model_id: str
    parameters: Mapping[str, Any]

    @property
    def chat_model(self) -> BaseChatModel:
        """The LangChain chat model behind this backend."""

    def stream(
        self,
        messages: Sequence[BaseMessage],
        *,
        deadline_s: float | None = None,
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[str | Finish]:
        """The words as they come, then one Finish.

        `deadline_s` bounds the whole answer (default: the settings'). `schema` is a JSON schema that binds the
        answer where the backend can (see `structured`). Raises LLMError if the answer is not complete: the
        words yielded before it are only a part. Closing the iterator stops the model.
        """

    @property
    def structured(self) -> bool:
        """Whether `schema` binds this model's output."""

    def health(self) -> str:
        """An empty string if it can be asked now, otherwise one line that says why not."""

    def warm(self, messages: Sequence[BaseMessage] = ()) -> None:
        """Get ready (start the server, read `messages` into its prompt cache); raises LLMError."""

    def close(self) -> None:
        """Release connections and child processes."""


def load_llm(settings: Settings) -> LLM | None:
    """The backend that the settings choose; None for "none". Raises SettingsError or LLMError."""
    if settings.llm == "none":
        return None
    raise NotImplementedError(settings.llm)
