"""Plain text files."""

from pathlib import Path

import pytest
from pdf_maker import find, kinds

from ingest.parse import parse_file

NOTES = """WIRE REPAIR - NOTES

1. PURPOSE
This note says what the desk does
with a payment that comes back.

2 Steps for the desk

1) Open the item.
2) Compare the account
   with the order.

3) Release.

Contacts
--------
- Team Lead, ext. 4100
\u2022 Duty manager
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_headings_steps_and_lists(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(NOTES.replace("\n", "\r\n").encode(encoding))
    document = parse_file(path)
    assert kinds(document) == [
        ("heading", "WIRE REPAIR - NOTES"),
        ("heading", "1. PURPOSE"),
        ("paragraph", "This note says what the desk does with a payment that comes back."),
        ("heading", "2 Steps for the desk"),
        ("step", "1) Open the item."),
        ("step", "2) Compare the account with the order."),
        ("step", "3) Release."),
        ("heading", "Contacts"),
        ("list", "Team Lead, ext. 4100"),
        ("list", "Duty manager"),
    ]
    assert find(document, "Open the item").heading_path == ("WIRE REPAIR - NOTES", "2 Steps for the desk")


def test_numbered_lines_with_blank_lines_between_are_steps(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("1. Open the item\n\n2. Compare the account\n\n3. Release the payment\n")
    assert [b.kind for b in parse_file(path).blocks] == ["step", "step", "step"]
