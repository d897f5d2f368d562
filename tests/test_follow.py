"""Where the best sentence sends its reader to another section, the answer goes there."""

from datetime import date
from pathlib import Path

import pytest
from small_library import EMBEDDER, block, build, indexed

from app.access import Reader
from app.evidence import select_evidence
from app.question import read_question
from app.retrieve import Filters, Retriever
from ingest.register import Record

GUIDE = Record("GDE-2", "guide.md", "Guide", "1.0", doc_type="guide")
SECRET = Record("SEC-3", "secret.md", "Owls", "1.0", readers=("sanctions",), doc_type="sop")
SENT, DONE = "6.1 Release", "6.3 No acknowledgement"


def _texts(tmp_path: Path, sends: str, kind: str = "step", question: str = "payment stays purple") -> list[str]:
    sop = Record("SOP-1", "sop.md", "Transfers", "1.0", doc_type="sop")
    index = build(
        tmp_path / "g",
        [
            indexed(
                sop,
                block(kind, sends, SENT),  # type: ignore[arg-type]
                block("step", "1. Ask for the status with a telephone call.", DONE, page=2),
                block("step", "2. Do nothing twice before it is known.", DONE, page=2),
            ),
            indexed(GUIDE, block("paragraph", "Paint the payment green again.", "4 Colours")),
            indexed(SECRET, block("paragraph", "Owls are counted at night.", "4 Counting")),
        ],
    )
    asked = read_question(question)
    found = Retriever(index, EMBEDDER).search(asked, Filters(as_of=date(2026, 11, 23)), Reader("x"), 10)
    return [unit.text for unit in select_evidence(asked, found.hits, index, found.vector).chosen]


def test_the_steps_of_the_section_named_follow_the_step_that_names_it(tmp_path: Path) -> None:
    sends = "5. A payment that stays purple is treated as in section 6.3."
    steps = ["1. Ask for the status with a telephone call.", "2. Do nothing twice before it is known."]
    assert _texts(tmp_path, sends) == [sends, *steps]


def test_a_section_of_another_document_in_force_is_followed(tmp_path: Path) -> None:
    sends = "1. A payment that stays purple and is green no more: see GDE-2, section 4."
    assert _texts(tmp_path, sends) == [sends, "Paint the payment green again."]


@pytest.mark.parametrize(
    "sends",
    [
        "1. A payment that stays purple: see SEC-3, section 4.",  # the reader may not see it
        "1. A payment that stays purple: see section 9.",  # there is none
        "1. A payment that stays purple is released (four eyes, section 6.3) at once.",  # a reason, not a way
    ],
)
def test_what_can_not_or_need_not_be_followed_is_not(tmp_path: Path, sends: str) -> None:
    assert _texts(tmp_path, sends) == [sends]


def test_a_cell_that_is_only_a_place_is_followed(tmp_path: Path) -> None:
    table = "Colour | What to do\nPurple | REP-01, section 6.3.\nOrange | Nothing."
    texts = _texts(tmp_path, table, "table", "what to do with purple")
    assert texts[:3] == [
        "Purple | REP-01, section 6.3.",
        "1. Ask for the status with a telephone call.",
        "2. Do nothing twice before it is known.",
    ]
