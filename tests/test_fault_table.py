"""The fault table tells sound answers from unsound ones, over every backend."""

from dataclasses import replace

import pytest
from fault_table import WORDS, _sound, over_embedded, over_services
from llm_backends import keep_out_the_environment
from small_library import EMBEDDER, build

from app.answer import Answer, Assistant, Statement
from app.retrieve import Retriever

LABELLED = "passages word for word, since: "


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    return Retriever(build(tmp_path_factory.mktemp("faults") / "g"), EMBEDDER)


@pytest.mark.parametrize("kind", ["bedrock", "url"])
def test_what_is_seen_of_a_service(kind: str, retriever: Retriever, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_out_the_environment(monkeypatch)
    chosen = ("none", "429 once", "throttled in mid-stream", "connection cut in mid-stream", "never answers")
    rows = {name: (seen, requests) for name, seen, requests in over_services(kind, retriever, 1.5, chosen)}
    assert tuple(rows) == chosen
    assert all(seen.sound and seen.seconds < 15 for seen, _ in rows.values())
    for name, (seen, _) in rows.items():
        recovers = name in ("none", "429 once")
        assert seen.result == "the model's whole answer" if recovers else seen.result.startswith(LABELLED)
    assert rows["429 once"][1] == 2


def test_what_is_seen_of_the_embedded_server(retriever: Retriever, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = (
        "the port is taken",
        "the server died since the last question",
        "dies in mid-answer",
        "killed for lack of memory while loading",
        "too little memory to start",
        "no weights",
    )
    rows = {name: seen for name, seen, _ in over_embedded(retriever, 10, chosen)}
    assert tuple(rows) == chosen
    assert all(seen.sound for seen in rows.values())
    whole = [name for name, seen in rows.items() if seen.result == "the model's whole answer"]
    assert whole == ["the port is taken", "the server died since the last question"]


def test_a_part_or_an_unlabelled_answer_is_unsound(retriever: Retriever) -> None:
    class Library:
        current = staticmethod(lambda: retriever)

    answer: Answer = Assistant(Library()).ask("How fast are returned funds booked after AC04?")  # type: ignore[arg-type]
    assert not _sound(answer)  # says nowhere why it is verbatim
    labelled = replace(answer, notes=("The model could not answer (why); these are the passages.",))
    assert _sound(labelled)
    part = Statement(WORDS[0], answer.statements[0].citations)
    assert not _sound(replace(labelled, statements=(part, *labelled.statements)))
    assert not _sound(replace(answer, composed_by="model", text=WORDS[0]))
