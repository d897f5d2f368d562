"""Settings of the judge: environment variables with the prefix EVAL_, apart from those of the assistant."""

import difflib
import os
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.settings import Settings, load_settings
from ingest.errors import SettingsError

PREFIX = "EVAL_"


class JudgeSettings(BaseSettings):
    """Who judges, and within which limits; each field is the environment variable EVAL_<NAME>."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    judge: Literal["none", "local", "bedrock"] = Field("none", description="Who judges: none, local or bedrock.")
    judge_url: str = Field("", description="OpenAI-compatible URL of a local judge; empty is the packaged model.")
    judge_model: str = Field("", description="Model id of the judge (required for bedrock).")
    judge_api_key: SecretStr = Field(SecretStr(""), description="Key for judge_url, if it wants one.")
    judge_runs: int = Field(1, ge=1, le=10, description="Runs that are averaged; their spread is reported.")
    judge_timeout_s: float = Field(600, gt=0, description="Seconds for one reply of the judge.")
    judge_retries: int = Field(2, ge=0, le=10, description="Further attempts after a failed call.")
    judge_wall_s: float = Field(7200, gt=0, description="Seconds for all judging; what is left then is unscored.")
    judge_max_tokens: int = Field(1500, ge=64, description="Longest reply of the judge, in tokens.")
    judge_token_limit: int = Field(5_000_000, ge=1, description="Tokens (in and out) that a run may use.")
    judge_cost_limit: float | None = Field(
        None, gt=0, description="Dollars that a run may use, by APP_PRICES; a model without a price is then refused."
    )
    judge_context_chars: int = Field(6000, ge=500, description="Most characters of evidence shown to the judge.")
    judge_min_kappa: float = Field(0.6, ge=-1, le=1, description="Agreement below which a judge does not gate.")


def load_judge_settings(**overrides: object) -> JudgeSettings:
    """The environment's settings, `overrides` that are not None on top; SettingsError names the bad one."""
    known = {f"{PREFIX}{name}".upper() for name in JudgeSettings.model_fields}
    unknown = sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known)
    if unknown:
        close = difflib.get_close_matches(unknown[0].upper(), known, n=1)
        hint = f"did you mean {close[0]}?" if close else "docs/evaluation.md lists every setting"
        raise SettingsError(f"unknown setting {unknown[0]}", hint=hint)
    try:
        settings = JudgeSettings(**{k: v for k, v in overrides.items() if v is not None})  # type: ignore[arg-type]  # checked by pydantic
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = f"{PREFIX}{first['loc'][0]}".upper() if first["loc"] else "judge settings"
        raise SettingsError(f"{where}: {first['msg']}", hint="see python -m eval --help") from None
    if settings.judge == "bedrock" and not settings.judge_model:
        raise SettingsError("a Bedrock judge needs its model id", hint="give --judge-model")
    return settings


def model_settings(judge: JudgeSettings) -> Settings:
    """The settings under which `app.llm` builds the judge's model: nothing is taken over from the answering model."""
    place: dict[str, object] = {"bedrock_model_id": judge.judge_model, "bedrock_guardrail_id": ""}
    if judge.judge == "local":
        place = {"local_url": judge.judge_url, "local_model": judge.judge_model, "local_api_key": judge.judge_api_key}
    return load_settings(
        llm=judge.judge,
        temperature=0.0,
        llm_max_tokens=judge.judge_max_tokens,
        llm_timeout_s=judge.judge_timeout_s,
        local_context=8192,
        **place,
    )
