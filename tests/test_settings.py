"""Settings come from APP_ variables and overrides; what is unknown or unusable is named in one line."""

from pathlib import Path

import pytest

from app.settings import Settings, describe_settings, load_settings
from ingest.errors import SettingsError


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, _, _ in describe_settings():
        monkeypatch.delenv(variable, raising=False)


def test_the_environment_is_read_and_overrides_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_LLM", "local")
    monkeypatch.setenv("APP_TOP_K", "7")
    settings = load_settings(top_k=3, index=None)
    assert (settings.llm, settings.top_k, settings.index) == ("local", 3, Path(".index"))


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("APP_LLMM", "none", "unknown setting APP_LLMM (did you mean APP_LLM?)"),
        ("APP_COLOUR", "red", "unknown setting APP_COLOUR"),
        ("APP_LLM", "gpt", "APP_LLM: "),
        ("APP_TOP_K", "many", "APP_TOP_K: "),
        ("APP_PRICES", "cheap", "APP_PRICES: not valid JSON"),
        ("APP_PRICES", '{"m": {"inputs": 1}}', "APP_PRICES: "),
        ("APP_LOCAL_URL", "localhost:11434", "APP_LOCAL_URL: Value error, must begin with http"),
    ],
)
def test_what_can_t_be_used_is_one_line(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_a_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_LOCAL_API_KEY", "sk-secret")
    monkeypatch.setenv("APP_TOP_K", "0")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    monkeypatch.delenv("APP_TOP_K")
    assert "sk-secret" not in str(caught.value) + repr(load_settings())


def test_prices_come_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_PRICES", '{"m": {"input": 1, "output": 5}}')
    assert load_settings().prices["m"].output == 5


def test_every_setting_says_what_it_is_for() -> None:
    rows = describe_settings()
    assert len(rows) == len(Settings.model_fields)
    assert all(meaning.endswith((".", "}.")) and variable.startswith("APP_") for variable, _, meaning in rows)
