"""Runs of `python -m ingest` that are killed or failed: started from one warm server, so that each is short."""

import multiprocessing
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

from app.answer import Assistant
from app.library import Library
from ingest.__main__ import main
from ingest.generations import check_generation, current_generation
from ingest.index import open_index
from ingest.settings import IngestSettings
from tests.ingest_folder import write_corpus

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["pytest", "ingest.run", "ingest.show", "ingest.spool", "tests.dying_runs"])
WORDS = ("before", "after")
QUESTION = "What is the state in the document?"
DOCUMENTS = 3


def write_state(corpus: Path, word: str) -> None:
    """Every document of a state says the same word, so that a mixture would show."""
    texts = {f"{n}.md": f"# Title {n}\n\nThe state is {word} in document {n}.\n" for n in range(DOCUMENTS)}
    write_corpus(corpus, texts)


def run_command(settings: IngestSettings, errors: Path, environment: dict[str, str]) -> None:
    """What `python -m ingest run` does, in this process; `errors` gets its standard error."""
    os.environ.update({"INGEST_EMBEDDER": "word-hash", "INGEST_WORKERS": "1", "INGEST_OCR": "none", **environment})
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    sys.exit(main(["run", "--corpus", settings.corpus, "--index", str(settings.index)]))


def start_run(settings: IngestSettings, **environment: str) -> BaseProcess:
    """A run that has begun; its standard error goes to `errors` beside the index."""
    process = CONTEXT.Process(target=run_command, args=(settings, settings.index.parent / "errors", environment))
    process.start()
    return process


def state(index: Path) -> str:
    """The one word that all served documents say; fails on a mixture, on damage and where one is missing."""
    generation = current_generation(index)
    check_generation(generation)
    opened = open_index(generation)
    texts = [opened.document_chunks(number)[0].text for number in range(len(opened.documents))]
    opened.close()
    return _one_word(texts)


def _one_word(texts: list[str]) -> str:
    assert len(texts) == DOCUMENTS, f"lost: {texts}"
    words = {word for word in WORDS for text in texts if f"is {word} in" in text}
    assert len(words) == 1, f"a mixture: {texts}"
    return words.pop()


@contextmanager
def asking_readers(index: Path, readers: int = 2) -> Iterator[list[str]]:
    """Threads that ask the assistant all the while; the words that they were answered, or their first failure."""
    assistant = Assistant(Library(index, index))
    answers: list[str] = []
    failures: list[BaseException] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set() and not failures:
            try:
                answers.append(_answer(assistant))
            except Exception as error:  # noqa: BLE001 -- whatever a reader meets fails the test
                failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(readers)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        assistant.close()
    if failures:
        raise failures[0]
    assert answers


def _answer(assistant: Assistant) -> str:
    """The word of an answer, of which every passage must come from one generation."""
    answer = assistant.ask(QUESTION)
    word = _one_word([hit.text for hit in answer.hits])
    assert answer.statements
    assert all(f"is {word} in" in statement.text for statement in answer.statements), answer.text
    return word
