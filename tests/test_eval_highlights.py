"""The check of the highlights finds highlights that are right, and those that are not."""

from dataclasses import replace
from pathlib import Path

import pytest
from ingest_folder import TEXTS, run, settings_for, write_corpus
from reportlab.pdfgen.canvas import Canvas

import app.views.source as source_view
from app.source_page import Box
from app.statement import Citation
from eval.highlights import check_citations, main
from ingest.generations import current_generation
from ingest.index import Index, open_index

LINE = "Release the payment before 17:00 London time."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("highlights")
    write_corpus(folder / "corpus", TEXTS)
    canvas = Canvas(str(folder / "corpus" / "release.pdf"))
    canvas.drawString(72, 700, LINE)
    canvas.drawString(72, 660, "Ask a second person to approve it.")
    canvas.save()
    run(settings_for(folder))
    return folder


@pytest.fixture(scope="module")
def index(folder: Path) -> Index:
    return open_index(current_generation(folder / "index"))


def cite(index: Index, file: str, quote: str) -> Citation:
    for number, document in enumerate(index.documents):
        for chunk in index.document_chunks(number):
            if document.record.file == file and quote in chunk.text:
                start = chunk.text.index(quote)
                return Citation(file, file, "", file, "", chunk.page, "", quote, chunk.id, start, start + len(quote))
    raise AssertionError(quote)


def problems(index: Index, folder: Path, *citations: Citation) -> list[str]:
    return [finding.problem for finding in check_citations(citations, index, folder / "corpus")]


def test_right_highlights_pass(index: Index, folder: Path) -> None:
    page = cite(index, "release.pdf", LINE)
    text = cite(index, "returns.md", "Book the funds within 2 hours.")
    findings = list(check_citations([page, text], index, folder / "corpus"))
    assert [(finding.form, finding.problem) for finding in findings] == [("pdf", ""), ("md", "")]


def test_words_beside_the_quote_are_found(index: Index, folder: Path) -> None:
    page = cite(index, "release.pdf", LINE)
    text = cite(index, "returns.md", "Book the funds within 2 hours.")
    for citation in (page, text):
        assert problems(index, folder, replace(citation, end=citation.end - 6))[0].startswith("marked is")


def test_boxes_beside_the_print_are_found(index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = source_view.quote_boxes

    def lower(*arguments: object) -> tuple[Box, ...]:
        return tuple(replace(box, y0=box.y0 + 0.2, y1=box.y1 + 0.2) for box in right(*arguments))  # type: ignore[arg-type]

    page = cite(index, "release.pdf", LINE)
    monkeypatch.setattr(source_view, "quote_boxes", lower)
    assert problems(index, folder, page)[0].startswith("no print under the box")


def test_the_command_says_what_it_found(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP_READER_MODEL", "word-hash")
    cases = tmp_path / "cases.jsonl"
    cases.write_text(
        '{"id": "1", "question": "What does AC04 mean?", "answerable": true, "facts": ["closed"]}\n', "utf-8"
    )
    options = ["--cases", str(cases), "--index", str(folder / "index"), "--corpus", str(folder / "corpus")]
    assert main(options) == 0
    assert "1 golden cases" in capsys.readouterr().out
    assert main([*options[:2], "--index", str(tmp_path / "none")]) == 2
