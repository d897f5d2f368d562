"""The container example copies what there is, runs as nobody special, and carries nothing secret."""

import json
import re
from pathlib import Path

import pytest

from app.__main__ import main
from app.settings import Settings

ROOT = Path(__file__).parents[1]
EXAMPLE = (ROOT / "docs" / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
LAST = EXAMPLE[EXAMPLE.rindex("\nFROM ") :]


def test_what_is_copied_is_there() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", EXAMPLE, re.MULTILINE)
    assert len(copied) >= 4
    for path in (path for line in copied for path in line.split()):
        assert (ROOT / path).exists(), path


def test_it_runs_as_nobody_special_and_tells_when_it_is_ready() -> None:
    (user,) = re.findall(r"^USER (\d+)$", LAST, re.MULTILINE)
    assert int(user) > 0
    assert re.search(r"^HEALTHCHECK .*/readyz", LAST, re.MULTILINE | re.DOTALL)
    assert LAST.index("\nUSER ") < LAST.index("\nCMD ")


def test_nothing_secret_is_in_it_and_every_setting_is_one() -> None:
    names = re.findall(r"\bAPP_(\w+)=", EXAMPLE)
    assert names
    assert {name.lower() for name in names} <= set(Settings.model_fields)
    assert not re.search(r"SECRET|PASSWORD|TOKEN(?!IZERS)|API_KEY", EXAMPLE)


def test_its_command_is_refused_until_people_sign_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (command,) = re.findall(r"^CMD (\[.*\])$", LAST, re.MULTILINE)
    python, *words = json.loads(command)
    assert [python, *words[:2]] == ["python", "-m", "app"]
    monkeypatch.setenv("APP_INDEX", str(tmp_path))
    assert main(words[2:]) != 0
    assert "does not listen on 0.0.0.0 without sign-in" in capsys.readouterr().err
