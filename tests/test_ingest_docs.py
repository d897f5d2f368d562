"""The documentation of ingestion names every setting, its default and every command, as they are."""

import argparse
import re
from pathlib import Path

from ingest.__main__ import __doc__ as command_line
from ingest.__main__ import _parser
from ingest.settings import IngestSettings

DOCS = Path(__file__).parents[1].joinpath("docs/ingestion.md").read_text("utf-8")


def test_the_settings_table_is_the_settings() -> None:
    rows = re.findall(r"^\| `(INGEST_[A-Z_]+)` \| (.*?) ?\| (.*) \|$", DOCS, re.MULTILINE)
    assert [name for name, _, _ in rows] == [f"INGEST_{name.upper()}" for name in IngestSettings.model_fields]
    for (name, default, meaning), field in zip(rows, IngestSettings.model_fields.values(), strict=True):
        assert meaning.startswith(field.description or "?"), name
        if field.default_factory is None and field.default is not None:
            shown = f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
            assert default == f"`{shown}`", name


def test_every_command_and_option_is_described() -> None:
    parser = _parser()
    commands = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction)).choices
    for name, command in commands.items():
        assert f"python -m ingest {name}" in DOCS
        assert f"python -m ingest {name}" in (command_line or "")
        for option in (flag for action in command._actions for flag in action.option_strings):
            assert option in ("-h", "--help") or option in (command_line or ""), option


def test_every_exit_code_is_described() -> None:
    for code in "01234":
        assert f"| {code} |" in DOCS
        assert f"\n    {code}  " in (command_line or "")
