"""What a question supposes wrongly is corrected with the passage that says otherwise; all else is left alone."""

from datetime import date
from typing import Any

import pytest
from small_library import CUTOFFS, DOCUMENTS, EMBEDDER, RETURNS, block, build, indexed
from test_answer import FixedLibrary, ScriptedModel

from app.answer import Answer, Assistant, Filters
from app.retrieve import Retriever
from ingest.register import Record

TODAY = Filters(as_of=date(2026, 11, 23))
CODES = Record("REF-2", "codes.md", "Reason codes", "1.0", doc_type="reference")
LIMITS = Record("SOP-7", "limits.md", "Release limits", "1.0", doc_type="sop")
MORE = (
    indexed(
        CUTOFFS,
        block(
            "table",
            "Currency | System | Customer cut-off | Bank cut-off\n"
            "GBP | CHAPS | 17:00 London | 17:40 London\nUSD | Fedwire | 18:15 New York | 18:45 New York",
            "Currency cut-offs",
        ),
    ),
    indexed(
        CODES,
        block(
            "table",
            "Code | Meaning | Action\n"
            "AC04 | Closed account | Return\nAC06 | Blocked account | Ask\nAM09 | Wrong amount | Ask",
            "Codes",
        ),
    ),
    indexed(
        LIMITS,
        block("paragraph", "The retention period of payment records is 7 years.", "Records"),
        block("paragraph", "Form CB-4 goes to the client; it replaced form CB-3 in 2025.", "Forms"),
        block("paragraph", "A payment above EUR 50,000 needs a call-back to the client.", "Call-back"),
    ),
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Any:
    documents = [document for document in DOCUMENTS if document.record not in (CUTOFFS, RETURNS)] + list(MORE)
    return FixedLibrary(Retriever(build(tmp_path_factory.mktemp("premise") / "g", documents), EMBEDDER))


def ask(library: Any, question: str, model: ScriptedModel | None = None) -> Answer:
    return Assistant(library, model).ask(question, filters=TODAY)


def checks(answer: Answer) -> list[str]:
    return [statement.text for statement in answer.statements if statement.kind == "check"]


@pytest.mark.parametrize(
    ("question", "correction", "quote"),
    [
        ("Since the CHAPS customer cut-off is 18:00, may I still send at 17:30?", "17:00, not 18:00", "GBP | CHAPS"),
        ("I thought the Fedwire bank cut-off was 5 pm", "18:45, not 5 pm", "USD | Fedwire"),
        ("The CHAPS bank cut-off is 17:00, right?", "17:40, not 17:00", "GBP | CHAPS"),
        ("As AC04 means wrong amount, what do I do?", "AC04 is “Closed account”, not “wrong amount”", "AC04 | Closed"),
        ("AC04 means blocked account, correct?", "AC04 is “Closed account”, not “blocked account”", "AC04 | Closed"),
        (
            "Since the retention period of payment records is three years, may I delete?",
            "7 years, not three",
            "7 years.",
        ),
    ],
)
def test_a_false_premise_is_corrected_first_with_its_proof(
    library: Any, question: str, correction: str, quote: str
) -> None:
    first = ask(library, question).statements[0]
    assert first.kind == "check" and correction in first.text
    (citation,) = first.citations
    assert quote in citation.quote
    assert library.current().index.chunk(citation.chunk_id).text[citation.start : citation.end] == citation.quote


@pytest.mark.parametrize(
    "question",
    [
        "Since the CHAPS customer cut-off is 17:00, may I still send at 16:30?",  # it is
        "I thought the CHAPS customer cut-off was 5 pm",  # the same in other words
        "Since the CHAPS cut-off is 18:00, may I still send?",  # which of the two is not said
        "Since the CHIPS customer cut-off is 18:00, may I still send?",  # nothing is said of it
        "Since the payment arrived at 17:50, is the CHAPS customer cut-off over?",  # a fact of the case
        "What is the CHAPS customer cut-off?",
        "As AC04 means closed account, what do I do?",
        "AC04 means account closed, right?",
        "AC99 means wrong amount, right?",  # no such code here
    ],
)
def test_what_is_not_contradicted_is_left_alone(library: Any, question: str) -> None:
    assert checks(ask(library, question)) == []


@pytest.mark.parametrize(
    ("question", "refused"),
    [
        ("Since form CB-4 was split in two, which of them goes to the client?", True),
        ("Since form CB-4 was replaced, which form goes to the client?", False),  # a passage says so
        ("Since the account was split, which form CB-4 goes to the client?", False),  # a fact of the case
        ("Which form CB-4 goes to the client?", False),
    ],
)
def test_a_supposed_change_that_nothing_tells_of_is_no_ground_for_an_answer(
    library: Any, question: str, refused: bool
) -> None:
    answer = ask(library, question)
    assert ("nothing found says that CB-4 was split" in answer.reason) == refused == answer.abstained


def test_the_correction_stands_beside_a_models_words_too(library: Any) -> None:
    question = "Since the CHAPS customer cut-off is 18:00, may I still send at 17:30?"
    said = ask(library, question, ScriptedModel("The CHAPS customer cut-off is 17:00 London [1].\n"))
    assert said.composed_by == "model"
    assert said.statements[0].kind == "check" and said.statements[1].kind != "check"
    assert said.text.startswith("The procedures say 17:00, not 18:00.")


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("Does a payment of EUR 62,000 need a call-back?", "EUR 62,000 is above the EUR 50,000 stated here."),
        ("Does a payment of 62k euros need a call-back?", "EUR 62,000 is above the EUR 50,000 stated here."),
        ("Does a payment of 12k EUR need a call-back?", "EUR 12,000 is below the EUR 50,000 stated here."),
        ("Does a payment of EUR 50,000 need a call-back?", "EUR 50,000 is exactly the EUR 50,000 stated here."),
        (
            "Does a payment of 62k need a call-back?",
            "62,000 is above the EUR 50,000 stated here (the question names no currency).",
        ),
    ],
)
def test_an_amount_is_told_from_the_line_that_the_procedure_draws(library: Any, question: str, says: str) -> None:
    answer = ask(library, question)
    assert checks(answer) == [says]
    (citation,) = answer.statements[0].citations
    assert citation.quote == "A payment above EUR 50,000 needs a call-back to the client."


@pytest.mark.parametrize(
    "question",
    [
        "Does a payment of USD 62,000 need a call-back?",  # another currency
        "Does a payment of EUR 62,000 and one of EUR 12,000 need a call-back?",  # which one?
        "Does a payment need a call-back at 17:30 on 12 May?",
        "Does a payment of EUR 90 need a call-back?",  # nowhere near that line
    ],
)
def test_nothing_is_compared_that_is_not_comparable(library: Any, question: str) -> None:
    assert checks(ask(library, question)) == []
