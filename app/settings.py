"""Every setting of the app: environment variables with the prefix APP_, read once at the front door."""

import difflib
import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings import SettingsError as NotJSONError

from ingest.errors import SettingsError
from ingest.models import READER

PREFIX = "APP_"
README = "the README lists every setting"
Choice = Literal["auto", "on", "off"]


class Price(BaseModel):
    """Dollars per million tokens; tokens read from or written to the prompt cache cost `input` if not given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cache_read: float | None = Field(default=None, ge=0)
    cache_write: float | None = Field(default=None, ge=0)


class Settings(BaseSettings):
    """The app's settings; each field is the environment variable APP_<NAME>, and nothing else is accepted."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    llm: Literal["none", "local", "bedrock"] = Field(
        "none", description="Who composes answers: none (verbatim passages only), local or bedrock."
    )
    index: Path = Field(Path(".index"), description="Folder of the index that answers are drawn from.")
    state: Path = Field(Path(".state"), description="Folder of the answer ledger and the feedback.")
    ledger_url: SecretStr = Field(
        SecretStr(""),
        description="postgresql://user:password@host/database of the ledger; default: SQLite in APP_STATE.",
    )
    ledger_anchor: Path | None = Field(
        None, description="File that holds the ledger's last hash; put it on another disk. Default: beside it."
    )
    models: Path = Field(Path(".models"), description="Folder of the fetched model weights.")
    corpus: Path | None = Field(
        None, description="Folder with the original documents; by default the one that was ingested."
    )
    top_k: int = Field(10, ge=1, le=100, description="How many passages are retrieved for a question.")
    glossary: Path | None = Field(None, description="Your own synonyms, in the form of app/glossary.yaml.")
    reranker: str = Field("", description="Cross-encoder that ranks again: a folder or a hub id; default: none.")
    reader_model: str = Field(
        READER, description="Model that reads question and passage together: minilm-reader, a folder, or none."
    )
    timezone: str = Field(
        "", description="Time zone of the readers, for example Europe/London; default: this machine's."
    )
    readers: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Reader groups of the person at this machine, separated by commas."
    )
    sign_in: Literal["none", "oidc", "proxy"] = Field(
        "none", description="How people sign in: none (only this machine), oidc, or proxy (its signed header)."
    )
    access_rules: Path | None = Field(
        None, description="YAML file that gives roles and reader groups by claims (docs/deployment.md)."
    )
    session_hours: float = Field(8, gt=0, le=168, description="Hours after which people sign in again.")
    public_url: str = Field("", description="Address at which people open the chat, https://host.")
    cookie_secret: SecretStr = Field(
        SecretStr(""), description="Key that signs the sign-in cookie, 32 characters or more."
    )
    oidc_metadata_url: str = Field("", description="The provider's .well-known/openid-configuration.")
    oidc_client_id: str = Field("", description="Client id at the provider.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="Client secret at the provider.")
    proxy_header: str = Field("x-amzn-oidc-data", description="Header with the proxy's signed token (ES256).")
    proxy_keys_url: str = Field(
        "", description="Public key of a key id: https://public-keys.auth.elb.REGION.amazonaws.com/{kid}."
    )
    proxy_signer: str = Field("", description="ARN of the load balancer that may sign.")
    proxy_issuer: str = Field("", description="Issuer that the token must name.")
    proxy_client: str = Field("", description="Client id that the token must name.")
    llm_max_tokens: int = Field(700, ge=16, description="Longest answer that a model may write, in tokens.")
    llm_timeout_s: float | None = Field(
        None,
        gt=0,
        description="Seconds a model has for a whole answer; by default 14 (bedrock), 120 (local).",
    )
    temperature: float = Field(0.0, ge=0, le=2, description="Sampling temperature of the model.")
    prices: dict[str, Price] = Field(
        {},
        description='Dollars per million tokens, as JSON: {"model id": {"input": 1, "output": 5}}.',
    )
    bedrock_model_id: str = Field("", description="Bedrock model id or inference profile that answers.")
    bedrock_region: str = Field("", description="AWS region; by default the one of the AWS configuration.")
    bedrock_profile: str = Field("", description="AWS profile; by default the usual credential chain.")
    bedrock_endpoint_url: str = Field("", description="Another Bedrock Runtime endpoint (VPC endpoint, test).")
    bedrock_guardrail_id: str = Field("", description="Bedrock guardrail that every call passes through.")
    bedrock_guardrail_version: str = Field("DRAFT", description="Version of the guardrail.")
    bedrock_prompt_cache: Choice = Field(
        "auto", description="Cache point after the fixed prompt part: auto (known models), on or off."
    )
    bedrock_structured_output: Choice = Field(
        "auto", description="Bind answers to a JSON schema: auto (known models), on or off."
    )
    local_url: str = Field(
        "", description="OpenAI-compatible URL (http://host:port/v1); empty starts the packaged model."
    )
    local_model: str = Field("", description="Model name at local_url; by default the first it offers.")
    local_api_key: SecretStr = Field(SecretStr(""), description="Key for local_url, if it wants one.")
    local_structured_output: bool = Field(
        False, description="Bind answers of a local model to a JSON schema (true or false)."
    )
    local_gguf: Path | None = Field(None, description="Another GGUF file for the embedded server.")
    local_threads: int | None = Field(None, ge=1, description="Threads of the embedded server; default all cores.")
    local_context: int = Field(4096, ge=512, description="Context of the embedded server, in tokens.")

    @field_validator("readers", mode="before")
    @classmethod
    def _split_groups(cls, value: object) -> object:
        names = value.split(",") if isinstance(value, str) else value
        return tuple(n.strip().lower() for n in names if n.strip()) if isinstance(names, list | tuple) else names

    @field_validator("ledger_url")
    @classmethod
    def _check_database(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("must begin with postgresql://")
        return value

    @field_validator("local_url", "bedrock_endpoint_url", "public_url", "oidc_metadata_url", "proxy_keys_url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/")


def load_settings(**overrides: object) -> Settings:
    """The environment's settings, `overrides` that are not None on top; SettingsError names the bad one."""
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    for variable in sorted(v.upper() for v in os.environ if v.upper().startswith(PREFIX)):
        if variable not in known:
            raise SettingsError(f"unknown setting {variable}", hint=_suggest(variable, known))
    try:
        return Settings(**{k: v for k, v in overrides.items() if v is not None})  # type: ignore[arg-type]  # checked by pydantic
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = f"{PREFIX}{first['loc'][0]}".upper() if first["loc"] else "settings"
        raise SettingsError(f"{where}: {first['msg']}", hint=README) from None
    except NotJSONError as error:
        name = next((n for n in Settings.model_fields if f'"{n}"' in str(error)), "settings")
        raise SettingsError(f"{PREFIX}{name.upper()}: not valid JSON", hint=README) from None


def describe_settings() -> list[tuple[str, str, str]]:
    """Variable, default and meaning of every setting, for the README's table."""
    rows = []
    for name, info in Settings.model_fields.items():
        default = info.default.get_secret_value() if isinstance(info.default, SecretStr) else info.default
        shown = "" if default in (None, "", (), {}) else str(default)
        rows.append((f"{PREFIX}{name}".upper(), shown, info.description or ""))
    return rows


def _suggest(variable: str, known: set[str]) -> str:
    close = difflib.get_close_matches(variable, known, n=1)
    return f"did you mean {close[0]}?" if close else README
