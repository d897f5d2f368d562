"""Language models behind one interface; `load_llm` chooses. Nobody else imports a model SDK."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from app.settings import Settings
from ingest.errors import LLMError

if TYPE_CHECKING:  # a second of import time that `none` does not need
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

Kind = Literal[
    "throttled",  # told to wait
    "unavailable",  # a fault of the service
    "unreachable",  # no connection
    "cut",  # the stream ended in the middle
    "timeout",  # silent for too long, or not done within the deadline
    "refused",  # credentials, permissions, an unknown model
    "invalid",  # the request can't be answered by this model (too long...)
    "guardrail",  # a guardrail blocked question or answer
    "length",  # the answer is longer than allowed
    "resting",  # failed several times in a row, not asked for a while
    "missing",  # weights or memory for the embedded model are missing
]
"""Why an LLMError was raised, in its `kind`."""


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


class UnfinishedError(LLMError):
    """The model stopped before its answer was complete (blocked, too long); `usage` is spent all the same."""

    def __init__(self, message: str, *, hint: str, kind: str, usage: Usage) -> None:
        super().__init__(message, hint=hint, kind=kind)
        self.usage = usage


class LLM(Protocol):
    """A chat model with a deadline; safe to share between threads.

    `name` is for people ("Amazon Bedrock: anthropic.claude-..."), `model_id` and `parameters` for the ledger.
    """

    name: str
    model_id: str
    parameters: Mapping[str, Any]

    @property
    def chat_model(self) -> "BaseChatModel":
        """The LangChain chat model behind this backend."""

    @property
    def structured(self) -> bool:
        """Whether a `schema` binds this model's output."""

    def stream(
        self,
        messages: "Sequence[BaseMessage]",
        *,
        deadline_s: float | None = None,
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[str | Finish]:
        """The words as they come, then one Finish.

        `deadline_s` bounds the whole answer (default: the settings'). `schema` is a JSON schema that binds the
        answer where the backend can (see `structured`). Raises LLMError if the answer is not complete (with its
        usage, an UnfinishedError): the words yielded before it are only a part. Closing the iterator stops the
        model.
        """

    def health(self) -> str:
        """An empty string if it can be asked now, otherwise one line that says why not."""

    def warm(self, messages: "Sequence[BaseMessage]" = ()) -> None:
        """Get ready: start the server, read `messages` into its prompt cache; raises LLMError."""

    def close(self) -> None:
        """Release connections and child processes."""


def load_llm(settings: Settings) -> LLM | None:
    """The backend that the settings choose, not started yet; None for "none". Raises SettingsError or LLMError."""
    try:
        if settings.llm == "bedrock":
            from app.llm.bedrock import load_bedrock  # noqa: PLC0415  # the SDK loads only where it is chosen

            return load_bedrock(settings)
        if settings.llm == "local":
            from app.llm.local import load_local  # noqa: PLC0415  # as above

            return load_local(settings)
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0].replace("_", "-")
        missing = f"APP_LLM={settings.llm} needs the package {package}"
        raise LLMError(missing, hint=f"pip install {package}", kind="missing") from None
    return None
