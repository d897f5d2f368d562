"""From question to answer: evidence first, verified statements only, an honest no, and models that fail."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from small_library import CUTOFFS, EMBEDDER, block, build, indexed

from app.access import Reader
from app.answer import Answer, Assistant, Done, Draft, Evidence, Filters, Verified
from app.aside import CONTROLLED, DEMOTED, keeps
from app.ledger import Ledger
from app.llm import Finish, Usage
from app.question import read_question
from app.retrieve import Retriever
from ingest.errors import LLMError

TODAY = Filters(as_of=date(2026, 11, 23))
QUESTION = "pacs.004 came back AC04, what now?"
MATCH = "Match the return to the original payment by its UETR."


class FixedLibrary:
    """Serves one index."""

    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever

    def current(self) -> Retriever:
        return self._retriever


class ScriptedModel:
    """Says what it is told, in pieces; raises after it where told so."""

    name = "Scripted"
    model_id = "scripted"
    parameters: Mapping[str, Any] = {}
    structured = False

    def __init__(self, text: str, error: LLMError | None = None) -> None:
        self._text = text
        self._error = error
        self.asked: list[Sequence[BaseMessage]] = []
        self.said = 0  # characters

    @property
    def chat_model(self) -> BaseChatModel:
        raise LLMError("scripted")

    def stream(
        self, messages: Sequence[BaseMessage], *, deadline_s: float | None = None, schema: Any = None
    ) -> Iterator[str | Finish]:
        self.asked.append(messages)
        for start in range(0, len(self._text), 7):
            self.said = start
            yield self._text[start : start + 7]
        if self._error:
            raise self._error
        yield Finish(Usage(100, 20))

    def health(self) -> str:
        return ""

    def warm(self, messages: Sequence[BaseMessage] = ()) -> None:
        return None

    def close(self) -> None:
        return None


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return FixedLibrary(Retriever(build(tmp_path_factory.mktemp("index") / "g"), EMBEDDER))


def ask(library: Any, question: str, model: ScriptedModel | None = None, **options: Any) -> Answer:
    return Assistant(library, model).ask(question, filters=TODAY, **options)


def number_of(model: ScriptedModel, words: str) -> int:
    """Under which number a passage was put before the model."""
    text = str(model.asked[0][1].content)
    return next(int(line[1 : line.index("]")]) for line in text.split("\n") if words in line)


def test_the_steps_come_in_order_with_their_quotes(library: Any) -> None:
    answer = ask(library, QUESTION)
    assert not answer.abstained
    steps = [statement for statement in answer.statements if statement.kind == "step"]
    assert [step.text[:2] for step in steps] == ["1.", "2.", "3."]
    index = library.current().index
    for statement in answer.statements:
        for citation in statement.citations:
            chunk = index.chunk(citation.chunk_id)
            assert chunk.text[citation.start : citation.end] == citation.quote
            assert (citation.doc_id, citation.version, citation.owner) == ("SOP-1", "2.0", "Investigations")
    assert steps[0].citations[0].page == 2
    assert steps[0].citations[0].page_label == "1"


def test_a_table_row_is_read_out_with_its_column_names(library: Any) -> None:
    answer = ask(library, "What is the CHAPS cut-off?")
    (row,) = [s for s in answer.statements if "CHAPS" in s.text]
    assert row.text == "Currency: GBP; System: CHAPS; Cut-off: 17:00 London"
    assert row.citations[0].quote == "GBP | CHAPS | 17:00 London"


def test_rows_about_other_payment_systems_are_not_quoted(tmp_path: Path) -> None:
    rows = [f"{system} | Customer payments and bank payments | 17:00" for system in ("CHAPS", "Fedwire", "CHIPS")]
    table = "\n".join(["System | Payments | Cut-off", *rows])
    index = build(
        tmp_path / "g", [indexed(CUTOFFS, block("heading", "Hours", "Hours"), block("table", table, "Hours"))]
    )
    question = "What is the cut-off of customer payments and bank payments on CHAPS?"
    answer = ask(FixedLibrary(Retriever(index, EMBEDDER)), question)
    assert [s.citations[0].quote for s in answer.statements] == rows[:1]


def test_a_system_that_the_search_is_limited_to_need_not_be_named_by_what_is_found(library: Any) -> None:
    question = "Within how many hours do we book the returned funds of a Swift payment with AC04?"
    assert "nothing found mentions SWIFT" in ask(library, question).reason
    limited = Assistant(library).ask(question, filters=replace(TODAY, rails=("swift",)))
    assert not limited.abstained and "2 hours" in str(limited.statements)


@pytest.mark.parametrize(
    "question",
    [
        "What is the cut-off for yen payments?",
        "What do we do on pacs.004 with AC99?",
        "How do I fill in form ZX-7?",
        "Best pizza near the office?",
        "What is the CHAPS cut-off in Tokyo?",
        "What is the CHAPS cut-off in 2031?",
        "What does AC04 mean in a camt.029?",
        "What is the fee for a CHAPS payment?",
        "What is the phone number of the Investigations manager?",
        "What is the e-mail address for returned payments?",
    ],
)
def test_what_the_procedures_do_not_say_is_said(library: Any, question: str) -> None:
    answer = ask(library, question)
    assert answer.abstained
    assert answer.statements == () and answer.text == ""
    assert answer.reason.startswith("The procedures don't say")
    assert "documents in force on 23 Nov 2026" in answer.reason


def test_evidence_comes_before_the_model_speaks(library: Any) -> None:
    model = ScriptedModel("- Match the return by its UETR. [1]")
    stream = Assistant(library, model).stream(QUESTION, filters=TODAY)
    first = next(stream)
    assert isinstance(first, Evidence)
    assert first.answer.statements and not model.asked
    kinds = [type(event) for event in stream]
    assert kinds[-1] is Done and Draft in kinds and Verified in kinds


def test_a_stopped_answer_is_recorded_as_far_as_it_was_checked(library: Any, tmp_path: Path) -> None:
    probe = ScriptedModel("- nothing [99]")
    ask(library, QUESTION, probe)
    model = ScriptedModel(f"- {MATCH} [{number_of(probe, 'UETR')}]\n- Book the funds.\n")
    ledger, stopped = Ledger(tmp_path), []
    for event in Assistant(library, model, ledger).stream(QUESTION, filters=TODAY, stopped=lambda: bool(stopped)):
        if isinstance(event, Verified):
            stopped.append(event)
    assert isinstance(event, Done)
    assert event.answer.notes == ("Stopped by its reader before it was finished.",)
    assert [s.text for s in event.answer.statements] == [MATCH]
    assert ledger.get(event.answer.id).body["answer"]["notes"] == list(event.answer.notes)


def test_an_answer_that_is_stopped_before_anything_was_checked_has_the_passages(library: Any) -> None:
    *_, done = Assistant(library, ScriptedModel("- Match")).stream(QUESTION, filters=TODAY, stopped=lambda: True)
    assert isinstance(done, Done)
    assert done.answer.notes == ("Stopped by its reader before it was finished.",)
    assert done.answer.composed_by == "extractive"
    assert done.answer.statements


def test_proved_lines_are_shown_and_the_rest_is_withheld(library: Any) -> None:
    probe = ScriptedModel("- nothing [99]")
    ask(library, QUESTION, probe)
    book, match = number_of(probe, "within 2 hours"), number_of(probe, "UETR")
    model = ScriptedModel(
        f"- Match the return to the original payment by its UETR. [{match}]\n"
        f"- Book the funds to the returns account within 3 hours. [{book}]\n"
        "- Send a gift to the beneficiary.\n"
        f"- Book the funds to the returns account within 2 hours. [{book}]"
    )
    answer = ask(library, QUESTION, model)
    assert answer.composed_by == "model"
    assert [s.text for s in answer.statements] == [
        "Match the return to the original payment by its UETR.",
        "Book the funds to the returns account within 2 hours.",
    ]
    assert [s.problem for s in answer.withheld] == ["number not in the cited passage: 3", "no passage is cited"]
    assert "3 hours" not in answer.text


def test_a_line_without_a_number_counts_only_if_a_passage_proves_it(library: Any) -> None:
    model = ScriptedModel(
        "Do this:\nMatch the return to the original payment by its UETR.\n- Match it and celebrate with cake.\n"
    )
    answer = ask(library, QUESTION, model)
    (shown,) = answer.statements
    assert shown.citations[0].quote.startswith("1. Match the return")
    assert [s.problem for s in answer.withheld] == ["no passage is cited"]


def test_a_line_with_the_wrong_number_is_cited_by_the_passage_that_proves_it(library: Any) -> None:
    probe = ScriptedModel("- nothing [99]")
    ask(library, QUESTION, probe)
    answer = ask(library, QUESTION, ScriptedModel(f"- {MATCH} [{number_of(probe, 'within 2 hours')}] [88]"))
    assert [c.quote[:16] for c in answer.statements[0].citations] == ["1. Match the ret"]


def test_what_is_proved_of_a_line_is_not_lost_with_the_rest(library: Any) -> None:
    answer = ask(library, QUESTION, ScriptedModel(f"- {MATCH} Then send the beneficiary a gift of 9 owls."))
    assert [s.text for s in answer.statements] == [MATCH]
    assert [s.text for s in answer.withheld] == ["Then send the beneficiary a gift of 9 owls."]


def test_a_model_that_goes_round_in_circles_is_left(library: Any) -> None:
    model = ScriptedModel(f"- {MATCH}\n" * 500)
    answer = ask(library, QUESTION, model)
    assert [s.text for s in answer.statements] == [MATCH]
    assert model.said < 5 * len(MATCH)


@pytest.mark.parametrize("text", ["- [1][3] [2]", "I think you should [1]", "", "- Sure! [77]"])
def test_a_model_that_proves_nothing_leaves_the_passages(library: Any, text: str) -> None:
    answer = ask(library, QUESTION, ScriptedModel(text))
    assert answer.composed_by == "extractive"
    assert len(answer.statements) >= 3
    assert any("word for word" in note for note in answer.notes)


def test_a_model_that_fails_midway_leaves_the_passages(library: Any) -> None:
    model = ScriptedModel("- Match the return to the original payment by its UETR. [1]\n- Boo", LLMError("cut off"))
    answer = ask(library, QUESTION, model)
    assert answer.composed_by == "extractive"
    assert any("cut off" in note for note in answer.notes)


def test_the_model_is_not_asked_what_the_procedures_do_not_say(library: Any) -> None:
    model = ScriptedModel("- The cut-off for yen is 17:00. [1]")
    assert ask(library, "What is the cut-off for yen payments?", model).abstained
    assert not model.asked


def test_passages_are_data_to_the_model(library: Any) -> None:
    model = ScriptedModel("x")
    ask(library, QUESTION, model)
    system, human = model.asked[0]
    assert "never instructions" in str(system.content)
    assert str(human.content).count("</passages>") == 1


def test_a_version_not_in_force_is_pointed_out_not_used(library: Any) -> None:
    answer = ask(library, "cheque to the clearing agent by courier")
    assert not any(c.doc_id == "OLD-9" for s in answer.statements for c in s.citations)
    assert any("OLD-9 version 1.1" in note and "not in force" in note for note in answer.notes)
    assert ask(library, "booking of returned funds within 4 hours").notes == ()  # its own successor answers


def test_restricted_words_never_leak(library: Any) -> None:
    for reader in (Reader("ann"), Reader("bob", frozenset({"payments"}))):
        assert "OWL" not in str(ask(library, "hold the payment in which queue, tell whom?", reader=reader))


def test_answers_are_recorded_and_masked(library: Any, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    answer = Assistant(library, None, ledger).ask(f"{QUESTION} IBAN DE89370400440532013000", filters=TODAY)
    entry = ledger.get(answer.id)
    assert "DE89370400440532013000" not in str(entry.body)
    assert ledger.verify().problems == ()


def test_a_cut_off_is_told_on_the_readers_clock_and_only_for_today(library: Any) -> None:
    question = "What is the CHAPS cut-off time?"
    zone = ZoneInfo("Asia/Tokyo")
    assistant = Assistant(library)
    assistant.zone = zone
    (note,) = [n for n in assistant.ask(question).notes if "on your clock" in n]
    assert note.startswith("Cut-off: 17:00 London is ")
    past = assistant.ask(question, filters=Filters(as_of=date(2026, 3, 2)))
    assert not [n for n in past.notes if "clock" in n]
    other = assistant.ask("What does AC04 in a pacs.004 say?")
    assert not [n for n in other.notes if "clock" in n]


def test_the_best_sentence_comes_first(library: Any) -> None:
    answer = ask(library, "What is the Fedwire cut-off in New York?")
    assert "Fedwire" in answer.statements[0].text


@pytest.mark.parametrize(
    ("heading", "is_one"),
    [
        ("11 Changes in this version", True),
        ("Changes since version 2.0", True),
        ("Document control", True),
        ("5 Changes of standing instructions", False),
        ("6 Changes to a beneficiary", False),
        ("4 Changed payments", False),
    ],
)
def test_a_heading_tells_what_is_about_the_document_itself(heading: str, is_one: bool) -> None:
    assert keeps(read_question("who approves a change?"), heading) == (DEMOTED if is_one else 1.0)


def test_rows_of_document_control_answer_only_what_is_asked_about_documents() -> None:
    row = "Approved by | Head of Operations, 30 January 2026"
    assert keeps(read_question("who approves a change of instructions?"), "", row) == CONTROLLED
    assert keeps(read_question("who approved SOP-SSI-730?"), "", row) == 1.0
    assert keeps(read_question("who approves a change?"), "", "Owner of the account | signs") == 1.0


@pytest.mark.parametrize(
    ("asked", "less"),
    [
        ("client wants his instant payment stopped", True),
        ("who stops an instant payment?", False),
        ("may the checker also call back?", False),
        ("what is the limit of a senior analyst?", False),
    ],
)
def test_a_table_of_roles_answers_who_and_not_what(asked: str, less: bool) -> None:
    assert (keeps(read_question(asked), "3 Roles and systems") < 1) is less
    assert keeps(read_question(asked), "3 Procedure") == 1.0


@pytest.mark.parametrize(
    ("heading", "asked", "less"),
    [
        ("5. Definitions", "how fast is a frozen account reported", True),
        ("Terms and abbreviations", "how fast is a frozen account reported", True),
        ("5. Definitions", "what does SDN mean", False),
        ("2 Purpose and scope", "how fast is a frozen account reported", True),
        ("Overview", "does it apply to reversals", False),
        ("Scope of the limit", "how fast is a frozen account reported", False),  # a matter, not the document's
    ],
)
def test_definitions_and_purpose_rank_lower_unless_asked_for(heading: str, asked: str, less: bool) -> None:
    assert (keeps(read_question(asked), heading) < 1) is less
