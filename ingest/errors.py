"""Every error this project raises on purpose.

    AssistantError                 anything a front door prints as one line, without a traceback
    ├── SettingsError              an unknown or unusable setting
    ├── SourceError                the folder or bucket can't be read, or holds no documents
    ├── RegisterError              the document register contradicts itself or names a missing file
    ├── ParseError                 one document can't be read; it is quarantined, the rest goes on
    ├── ModelError                 model weights are missing or are not the expected ones
    ├── BrokenIndexError           the index is missing, damaged or was made by another version
    ├── PublishError               a new generation can't be published; the old one keeps serving
    │   └── PublishRefusedError    the new generation is worse than the rules allow (see --force)
    ├── LLMError                   the model can't answer now; the extractive answer stays
    ├── LedgerError                the answer ledger can't be read or written
    ├── SignInError                a person is not signed in, not any more, or not entitled
    └── CaseError                  a golden case file is malformed

Each carries `hint`, the command or action that mends it; `str(error)` is one line with both.
"""


class AssistantError(Exception):
    """What is wrong and where, in one line; `hint` says what mends it."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.message = " ".join(message.split())
        self.hint = hint
        super().__init__(f"{self.message} ({hint})" if hint else self.message)


class SettingsError(AssistantError):
    """An unknown or unusable setting."""

    exit_code = 3


class SourceError(AssistantError):
    """The document store can't be read or is empty."""


class RegisterError(AssistantError):
    """The document register is inconsistent."""


class ParseError(AssistantError):
    """One document can't be read."""


class ModelError(AssistantError):
    """Model weights are missing or are not the expected ones."""


class BrokenIndexError(AssistantError):
    """The index is missing, damaged or made by another version."""


class PublishError(AssistantError):
    """A new generation can't be published."""


class PublishRefusedError(PublishError):
    """The new generation breaks a publication rule."""

    exit_code = 4


class LLMError(AssistantError):
    """The model can't answer now; `kind` says why in one word (see app.llm.Kind)."""

    def __init__(self, message: str, *, hint: str = "", kind: str = "failed") -> None:
        super().__init__(message, hint=hint)
        self.kind = kind


class LedgerError(AssistantError):
    """The answer ledger can't be read or written."""


class SignInError(AssistantError):
    """A person is not signed in, not any more, or not entitled."""


class CaseError(AssistantError):
    """A golden case file is malformed."""

    exit_code = 3
