"""What the README and the docs say is what the program does."""

import re
from pathlib import Path

import pytest

from app.__main__ import _parser
from app.settings import describe_settings
from ingest.settings import IngestSettings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_settings_table_is_the_settings() -> None:
    rows = [
        f"| `{name}` | {f'`{default}`' if default else ''} | {meaning} |"
        for name, default, meaning in describe_settings()
    ]
    table = README.split("<!-- settings")[1].split("-->", 1)[1].split("<!-- end")[0].strip().split("\n")
    assert table[2:] == rows


def test_every_make_target_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"`?make ([a-z-]+)", README))
    assert named <= targets
    assert {"run", "test", "check", "ingest", "eval", "bench"} <= targets


@pytest.mark.parametrize("name", sorted(IngestSettings.model_fields))
def test_every_ingest_setting_is_documented(name: str) -> None:
    assert f"`INGEST_{name.upper()}`" in (ROOT / "docs" / "ingestion.md").read_text(encoding="utf-8")


def test_the_terminals_options_are_real() -> None:
    known = {option for action in _parser()._actions for option in action.option_strings}
    line = next(line for line in README.split("\n") if line.startswith('| `python -m app "QUESTION"`'))
    assert set(re.findall(r"--[a-z-]+", line)) <= known


def test_linked_documents_exist() -> None:
    for link in re.findall(r"\]\((docs/[^)#]+)\)", README):
        assert (ROOT / link).is_file()
