"""OCR of pages without a usable text layer: rapidocr (models inside its wheel), or tesseract where it is chosen."""

import logging
from functools import cache
from typing import Any

import numpy as np

from ingest.parse.words import PageText, Word

DPI = 200


def read_scan(page: Any, read: PageText, engine: str) -> None:
    """Fills `read` with the words, boxes and confidence that OCR sees on the rendered page."""
    scale = DPI / 72
    image = page.render(scale=scale, grayscale=False).to_numpy()
    words = _rapidocr_words(image)
    for text, (x0, y0, x1, y1), score in words:
        box = [v / scale for v in (x0, y0, x1, y1)]
        read.words.append(Word(text, read.index, *box, size=(box[3] - box[1]) * 0.8, confidence=score))
    read.confidence = round(float(np.mean([w[2] for w in words])), 3) if words else 0.0


def _rapidocr_words(image: Any) -> list[tuple[str, tuple[float, float, float, float], float]]:
    result = _engine()(image, use_cls=False, return_word_box=True)
    words: list[tuple[str, tuple[float, float, float, float], float]] = []
    for line in result.word_results or ():
        for text, score, box in line:
            xs, ys = [p[0] for p in box], [p[1] for p in box]
            words.append((text, (min(xs), min(ys), max(xs), max(ys)), float(score)))
    return words


@cache
def _engine() -> Any:
    from rapidocr import RapidOCR  # noqa: PLC0415  # loads onnxruntime and the models

    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    return RapidOCR(params={"Global.log_level": "error"})
