"""Settings of ingestion: the environment, the command line over it, and nothing unknown."""

from pathlib import Path

import pytest

from ingest.errors import SettingsError
from ingest.settings import load_settings


def test_the_command_line_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INGEST_INDEX", "from-environment")
    monkeypatch.setenv("INGEST_WORKERS", "3")
    settings = load_settings(index=Path("given"), corpus=None)
    assert (settings.index, settings.workers, settings.corpus) == (Path("given"), 3, "corpus/library")


def test_a_mistyped_variable_is_refused_with_the_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INGEST_WORKER", "3")
    with pytest.raises(SettingsError, match=r"unknown setting INGEST_WORKER \(did you mean INGEST_WORKERS\?\)"):
        load_settings()


def test_a_bad_value_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INGEST_KEEP", "1")
    with pytest.raises(SettingsError, match=r"INGEST_KEEP: .* greater than or equal to 2, not '1'") as refused:
        load_settings()
    assert refused.value.exit_code == 3
