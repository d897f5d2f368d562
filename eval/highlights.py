"""Is what the chat highlights what it cites? Every citation of every golden answer, through the page's own function.

    python -m eval.highlights --cases FILE [FILE ...] --index DIR [--corpus DIR]

For a page the words under the boxes are read back from the PDF's own text layer at those places; where a scan has
none, each box must lie on ink. For text the marked words are compared. Exit codes: 0 all equal, 1 some differ.
"""

import argparse
import io
import re
import sys
from base64 import b64decode
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
from PIL import Image
from rich.console import Console
from rich.table import Table

from app.access import Reader
from app.answer import Assistant, Citation
from app.library import Library
from app.reading import load_passage_reader
from app.retrieve import Filters
from app.settings import load_settings
from app.views.source import original_of, view_source
from app.views.state import OpenSource
from eval.cases import Case, load_cases
from ingest.errors import AssistantError
from ingest.index import Index

FEWEST_INK = 0.02  # share of printed pixels in a box that lies on print
DARKER = 50  # than the paper, of 255: a stamp is grey, a scan's paper is not white


@dataclass(frozen=True, slots=True)
class Finding:
    """One distinct citation: its format, and what is wrong with its highlight, or ""."""

    form: str
    citation: Citation
    problem: str


def check_citations(citations: Iterable[Citation], index: Index, corpus: Path) -> Iterator[Finding]:
    """A finding for each citation."""
    for citation in citations:
        original = original_of(citation, index, corpus)
        view = view_source(OpenSource("", 0, citation, None), index, original)
        if view["kind"] != "page":
            shown = "".join(
                run["text"] for line in view["lines"] for cell in line["cells"] for run in cell if run["marked"]
            )
            yield Finding(_form(citation, scanned=False), citation, _compare(shown, citation.quote))
        elif original is not None:
            yield _check_page(citation, index, original, view)


def _check_page(citation: Citation, index: Index, original: Path, first: Mapping[str, Any]) -> Finding:
    """The boxes of all pages: their words are the quote, and they lie where these words are printed."""
    words: list[str] = []
    printed: list[str] = []
    problem, scanned = "", False
    for page in first["quotePages"]:
        view = view_source(OpenSource("", 0, citation, page), index, original)
        words += [box["text"] for box in view["boxes"]]
        below = _text_below(original, page, view["boxes"])
        if below.strip():
            printed.append(below)
        else:
            scanned = True
            problem = problem or _ink_problem(view)
    problem = problem or _compare("".join(words), citation.quote)
    if not scanned:
        problem = problem or _held(citation.quote, "".join(printed))
    return Finding(_form(citation, scanned=scanned), citation, problem)


def _text_below(original: Path, page: int, boxes: Sequence[Mapping[str, Any]]) -> str:
    with pypdfium2.PdfDocument(original) as pdf:
        sheet = pdf[page - 1]
        width, height = sheet.get_size()
        text = sheet.get_textpage()
        return " ".join(
            text.get_text_bounded(
                b["x0"] * width - 1, (1 - b["y1"]) * height - 1, b["x1"] * width + 1, (1 - b["y0"]) * height + 1
            )
            for b in boxes
        )


def _ink_problem(view: Mapping[str, Any]) -> str:
    image = Image.open(io.BytesIO(b64decode(view["image"].partition(",")[2]))).convert("L")
    pixels = np.asarray(image)
    ink = pixels < float(np.median(pixels)) - DARKER
    for box in view["boxes"]:
        x0, x1 = (int(box[name] * image.width) for name in ("x0", "x1"))
        y0, y1 = (int(box[name] * image.height) for name in ("y0", "y1"))
        part = ink[max(0, y0) : y1 + 1, max(0, x0) : x1 + 1]
        if not part.size or float(part.mean()) < FEWEST_INK:
            return f"no print under the box of {box['text']!r} on page {view['page']}"
    return "" if view["boxes"] else "no box on the page"


def _letters(text: str) -> str:
    return "".join(re.findall(r"\w", text)).lower()


def _compare(shown: str, quote: str) -> str:
    return "" if _letters(shown) == _letters(quote) else f"marked is {shown[:80]!r}"


def _held(quote: str, printed: str) -> str:
    """Each letter of the quote must be printed under the boxes; ligatures and neighbours may add some."""
    missing = Counter(_letters(quote)) - Counter(_letters(printed.replace("ﬁ", "fi").replace("ﬂ", "fl")))
    return f"not printed under the boxes: {''.join(missing.elements())[:40]!r}" if missing else ""


def _form(citation: Citation, *, scanned: bool) -> str:
    return "scan" if scanned else citation.doc.rpartition(".")[2].lower()


def cited_by(assistant: Assistant, cases: Iterable[Case]) -> list[Citation]:
    """The distinct citations of the answers, escalations included."""
    found: dict[tuple[str, int, int], Citation] = {}
    for case in cases:
        reader = Reader("eval", frozenset(case.readers or ()))
        filters = Filters(case.as_of, case.rails, case.regions)
        answer = assistant.ask(case.question, history=case.history, filters=filters, reader=reader)
        statements = [*answer.statements, *([answer.escalation] if answer.escalation else [])]
        for citation in (citation for statement in statements for citation in statement.citations):
            found.setdefault((citation.chunk_id, citation.start, citation.end), citation)
    return list(found.values())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the check and print it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval.highlights", description="Is the highlight the quote?")
    parser.add_argument("--cases", type=Path, nargs="+", required=True)
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=Path(".models"))
    parser.add_argument("--corpus", type=Path, default=Path("corpus/library"))
    options = parser.parse_args(arguments)
    try:
        cases = [case for path in options.cases for case in load_cases(path)]
        reader = load_passage_reader(load_settings().reader_model, options.models)
        assistant = Assistant(Library(options.index, options.models, passage_reader=reader))
        citations = cited_by(assistant, cases)
        findings = list(check_citations(citations, assistant.library.index, options.corpus))
    except AssistantError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    _print(len(cases), findings)
    return int(any(finding.problem for finding in findings))


def _print(cases: int, findings: Sequence[Finding]) -> None:
    console = Console(soft_wrap=True)
    by_form: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_form[finding.form].append(finding)
    table = Table("format", "citations", "highlight equals quote", title=f"{cases} golden cases")
    for form, members in sorted(by_form.items()):
        table.add_row(form, str(len(members)), str(sum(not one.problem for one in members)))
    console.print(table)
    for finding in findings:
        if finding.problem:
            place = (
                f"{finding.citation.doc} p. {finding.citation.page}: {finding.citation.quote[:60]!r}: {finding.problem}"
            )
            console.print(place, markup=False, highlight=False)


if __name__ == "__main__":
    sys.exit(main())
