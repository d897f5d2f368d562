"""OCR engines behind one interface: rapidocr, whose models come with its wheel, and tesseract where it is chosen."""

import csv
import io
import logging
import math
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np

from ingest.errors import ParseError
from ingest.parse.wording import clean
from ingest.parse.words import Box

_SAMPLE = 5
_TESSERACT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Recognised:
    """One word as OCR saw it: text, box in pixels, confidence from 0 to 1, slant of its line in degrees."""

    text: str
    box: Box
    score: float
    slant: float = 0.0


class Recogniser(Protocol):
    """An OCR engine; images are grey, uint8, height by width."""

    def read(self, image: Any) -> list[list[Recognised]]:
        """The words of the image line by line."""
        ...

    def prefers(self, flipped: Any, image: Any) -> bool:
        """Whether the first of two images, one upside down, reads better than the second."""
        ...


def load_recogniser(name: str) -> Recogniser:
    """The engine called "rapidocr" or "tesseract"; ImportError where it isn't installed."""
    if name == "tesseract":
        binary = shutil.which("tesseract")
        if binary is None:
            raise ImportError("tesseract is chosen (INGEST_OCR) but not installed")
        return Tesseract(binary)
    return _rapid()


@cache
def _rapid() -> "RapidOcr":
    return RapidOcr()


class RapidOcr:
    """rapidocr with its direction classifier off: that one turns good lines upside down."""

    def __init__(self) -> None:
        from rapidocr import RapidOCR  # noqa: PLC0415  # loads onnxruntime and the models

        logging.getLogger("RapidOCR").setLevel(logging.ERROR)
        threads = int(os.environ.get("OMP_NUM_THREADS") or 1)  # documents are read side by side, not pages
        self._engine = RapidOCR(
            params={
                "Global.log_level": "error",
                "Global.text_score": 0.3,
                "Det.limit_type": "max",
                "Det.limit_side_len": 1280,  # finds the same lines as twice the size, in half the time
                "Rec.rec_batch_num": 1,  # lines of unlike length in one batch cost time and memory
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            }
        )

    def read(self, image: Any) -> list[list[Recognised]]:
        """The words of the image line by line."""
        result = self._run(image, det=True, rec=True)
        found = zip(result.txts or (), result.word_results or (), result.boxes if result.txts else (), strict=False)
        lines = [_line_words(text, parts, _slant(corners)) for text, parts, corners in found]
        return [line for line in lines if line]

    def prefers(self, flipped: Any, image: Any) -> bool:
        """Compares a few of the longest lines read both ways."""
        found = self._run(image, det=True, rec=False)
        boxes = [_around(box) for box in (found.boxes if found.boxes is not None else ())]
        longest = sorted((b for b in boxes if b[3] > b[1]), key=lambda b: b[2] - b[0])[-_SAMPLE:]
        crops = [image[int(b[1]) : int(b[3]), int(b[0]) : int(b[2])] for b in longest]
        return sum(self._score(crop[::-1, ::-1]) - self._score(crop) for crop in crops if crop.size) > 0

    def _score(self, crop: Any) -> float:
        return float(sum(self._run(crop, det=False, rec=True).scores or ()))

    def _run(self, image: Any, *, det: bool, rec: bool) -> Any:
        """One call of the engine with every switch given, because it remembers those of the call before."""
        return self._engine(
            _three_channels(image), use_det=det, use_cls=False, use_rec=rec, return_word_box=det and rec
        )


class Tesseract:
    """The tesseract program, called once a page."""

    def __init__(self, binary: str) -> None:
        self._binary = binary

    def read(self, image: Any) -> list[list[Recognised]]:
        """The words of the image line by line."""
        command = [self._binary, "stdin", "stdout", "--psm", "3", "tsv"]
        try:
            run = subprocess.run(
                command, input=_png(image), capture_output=True, check=True, timeout=_TESSERACT_SECONDS
            )
        except (subprocess.SubprocessError, OSError) as error:
            raise ParseError("tesseract can't read its scans", hint="set INGEST_OCR to rapidocr") from error
        lines: dict[tuple[str, str, str], list[Recognised]] = {}
        rows = csv.DictReader(
            io.StringIO(run.stdout.decode("utf-8", "replace")), delimiter="\t", quoting=csv.QUOTE_NONE
        )
        for row in rows:
            text = clean(row["text"] or "")
            if text and float(row["conf"]) >= 0:
                x, y, w, h = (float(row[key]) for key in ("left", "top", "width", "height"))
                key = (row["block_num"], row["par_num"], row["line_num"])
                lines.setdefault(key, []).append(Recognised(text, (x, y, x + w, y + h), float(row["conf"]) / 100))
        return list(lines.values())

    def prefers(self, flipped: Any, image: Any) -> bool:
        """Compares the whole page read both ways."""
        both = [sum(w.score for line in self.read(i) for w in line if len(w.text) > 2) for i in (flipped, image)]
        return both[0] > both[1]


def _line_words(text: str, parts: Any, slant: float = 0.0) -> list[Recognised]:
    """The words of a line; a line that mixes scripts comes letter by letter and is put together by its blanks."""
    found = [Recognised(clean(part), _around(box), float(score), slant) for part, score, box in parts]
    found = [word for word in found if word.text]
    letters = text.split()
    if len(found) <= len(letters) or any(len(word.text) > 1 for word in found):
        return found
    words: list[Recognised] = []
    for token in letters:
        run, found = found[: len(token)], found[len(token) :]
        if run:
            box = (run[0].box[0], min(w.box[1] for w in run), run[-1].box[2], max(w.box[3] for w in run))
            words.append(Recognised("".join(w.text for w in run), box, min(w.score for w in run), slant))
    return words


def _slant(corners: Any) -> float:
    """The slant in degrees of a line by its first two corners, the upper left and upper right."""
    return math.degrees(math.atan2(float(corners[1][1] - corners[0][1]), float(corners[1][0] - corners[0][0])))


def _around(points: Any) -> Box:
    xs, ys = [float(p[0]) for p in points], [float(p[1]) for p in points]
    return min(xs), min(ys), max(xs), max(ys)


def _three_channels(image: Any) -> Any:
    return np.repeat(np.ascontiguousarray(image)[:, :, None], 3, axis=2)


def _png(image: Any) -> bytes:
    from PIL import Image  # noqa: PLC0415  # only tesseract needs an encoded picture

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()
