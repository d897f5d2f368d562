"""Scanned pages: righted and levelled without OCR, read by the real engine."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
from pdf_maker import LOREM, Maker, find, make_pdf
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from ingest.errors import ParseError
from ingest.parse import parse_file
from ingest.parse.ocr import _line_words, load_recogniser
from ingest.parse.raster import deskew, is_sideways, ruled_edges, skew_angle
from ingest.parse.scan import _mend

A6 = (420.0, 420.0)


def note(maker: Maker) -> None:
    maker.y = 50
    maker.line("2 Returned wires", size=17, bold=True, x=40, gap=12)
    maker.lines(LOREM, x=40, width=58)
    maker.line("1. Open the item in the queue.", x=40)
    maker.line("2. Tell the client before 17:30 ET.", x=40)
    maker.y += 14
    maker.grid([40, 120, 380], [["Code", "What the desk does"], ["AC04", "Send the money back"]])


def scan(tmp_path: Path, *, turns: int = 0, slant: float = 0.0, dpi: int = 150) -> Path:
    """A PDF whose one page is a picture of the note, turned clockwise and slanted."""
    with pypdfium2.PdfDocument(make_pdf(tmp_path / "note.pdf", note, size=A6)) as pdf:
        image = pdf[0].render(scale=dpi / 72).to_pil().convert("L")
    image = image.rotate(-slant, fillcolor=255, resample=Image.Resampling.BICUBIC).rotate(-90 * turns, expand=True)
    path = tmp_path / "scan.pdf"
    canvas = Canvas(str(path), pagesize=A6)
    canvas.drawImage(ImageReader(image), 0, 0, *A6)
    canvas.save()
    return path


def picture(tmp_path: Path, **changes: Any) -> Any:
    with pypdfium2.PdfDocument(scan(tmp_path, **changes)) as pdf:
        return np.ascontiguousarray(pdf[0].render(scale=2, grayscale=True).to_numpy().squeeze())


@pytest.mark.parametrize("slant", [-2.0, 0.0, 1.3])
def test_slant_is_measured_and_undone(tmp_path: Path, slant: float) -> None:
    image = picture(tmp_path, slant=slant)
    assert skew_angle(image) == pytest.approx(slant, abs=0.25)
    assert skew_angle(deskew(image, slant)) == pytest.approx(0, abs=0.25)


def test_sideways_pages_are_told_from_upright_ones(tmp_path: Path) -> None:
    assert [is_sideways(picture(tmp_path, turns=turns)) for turns in range(4)] == [False, True, False, True]


def test_ruled_lines_are_found_and_letters_are_not(tmp_path: Path) -> None:
    edges = ruled_edges(picture(tmp_path, dpi=200))
    assert sum(edge["orientation"] == "h" for edge in edges) == 3
    assert sum(edge["orientation"] == "v" for edge in edges) == 3


def test_words_that_come_letter_by_letter_are_put_together() -> None:
    square = [[0, 0], [1, 0], [1, 1], [0, 1]]
    parts = [(c, 0.9, [[x + i, y] for x, y in square]) for i, c in enumerate("toAC04")]
    words = _line_words("to AC04", parts)
    assert [(word.text, word.box) for word in words] == [("to", (0, 0, 2, 1)), ("AC04", (2, 0, 6, 1))]


def test_letters_that_dust_changes_are_mended() -> None:
    assert _mend("APl", plain=False) == "API"
    assert _mend("Al", plain=False) == "Al"
    assert _mend("A\u0106H", plain=True) == "ACH"
    assert _mend("pr\u00e9nom", plain=False) == "pr\u00e9nom"


@pytest.mark.slow
@pytest.mark.parametrize(("turns", "slant"), [(0, 1.0), (1, 0.0), (2, 0.0), (3, -0.8)])
def test_a_scan_is_read_like_the_page_it_shows(tmp_path: Path, turns: int, slant: float) -> None:
    document = parse_file(scan(tmp_path, turns=turns, slant=slant, dpi=200))
    assert document.pages[0].confidence is not None and document.pages[0].confidence > 0.9
    assert document.warnings == ()
    heading = document.blocks[0]
    assert (heading.kind, heading.text) == ("heading", "2 Returned wires")
    assert LOREM in " ".join(block.text for block in document.blocks)
    assert [b.number for b in document.blocks if b.kind == "step"] == ["1.", "2."]
    assert find(document, "AC04").rows == (("Code", "What the desk does"), ("AC04", "Send the money back"))
    x0, y0 = 40 / 420, 36 / 420
    upright = {0: (x0, y0), 1: (1 - y0, x0), 2: (1 - x0, 1 - y0), 3: (y0, 1 - x0)}[turns]
    first = heading.spans[0]
    assert min(abs(first.x0 - upright[0]), abs(first.x1 - upright[0])) < 0.03
    assert min(abs(first.y0 - upright[1]), abs(first.y1 - upright[1])) < 0.03


def test_an_engine_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ImportError, match="tesseract is chosen"):
        load_recogniser("tesseract")


def test_without_ocr_a_scan_has_no_text(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="no text was found"):
        parse_file(scan(tmp_path), ocr="none")
