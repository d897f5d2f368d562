"""Golden cases: the groups' parts joined, checked against the sources, pages filled in, a tenth held out."""

import io
import json
from functools import cache
from pathlib import Path
from typing import Any

import pypdfium2
import write_pdf
from inline import plain, visible
from source import CORPUS, LIBRARY, Source, headings

GOLDEN = CORPUS / "golden"
PARTS = GOLDEN / "parts"
CATEGORIES = (
    "code cutoff limit steps who condition table two-documents as-of conflict follow-up unanswerable "
    "restricted injection"
).split()
REQUIRED = "id kind question history answerable gold facts numbers reference".split()
OPTIONAL = "as_of rails regions readers forbidden conflict category note".split()
HOLD_OUT_EVERY = 10


def fold(text: str) -> str:
    """White space folded, as quotes are compared."""
    return " ".join(text.split())


def read_part(path: Path) -> list[dict[str, Any]]:
    """The cases of one group."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def build(sources: list[Source]) -> list[str]:
    """Write cases.jsonl and holdout.jsonl; the problems found are returned, one sentence each."""
    by_file = {s.file: s for s in sources}
    problems: list[str] = []
    kept: list[dict[str, Any]] = []
    held: list[dict[str, Any]] = []
    for part in sorted(PARTS.glob("*.jsonl")):
        for n, case in enumerate(read_part(part), 1):
            problems += check(case, by_file)
            (held if n % HOLD_OUT_EVERY == 0 else kept).append(case)
    ids = [c["id"] for c in kept + held]
    problems += [f"{i}: id used twice" for i in sorted({i for i in ids if ids.count(i) > 1})]
    for name, cases in (("cases", kept), ("holdout", held)):
        lines = "".join(json.dumps(c, ensure_ascii=False) + "\n" for c in cases)
        (GOLDEN / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    return problems


def check(case: dict[str, Any], by_file: dict[str, Source]) -> list[str]:
    """Form and quotes of one case; fills in `pages` of its gold passages."""
    name = case.get("id", "?")
    found = [f"{name}: no '{key}'" for key in REQUIRED if key not in case]
    found += [f"{name}: unknown key '{key}'" for key in case if key not in (*REQUIRED, *OPTIONAL)]
    if case.get("category") not in CATEGORIES:
        found.append(f"{name}: category {case.get('category')}")
    if case.get("answerable") != bool(case.get("gold")):
        found.append(f"{name}: answerable and gold disagree")
    if not case.get("answerable") and (case.get("facts") or case.get("numbers") or not case.get("note")):
        found.append(f"{name}: an unanswerable case has a note and no facts")
    for gold in case.get("gold", []):
        found += [f"{name}: {p}" for p in check_gold(gold, by_file)]
    joined = fold(" ".join(g["quote"] for g in case.get("gold", []))).replace(",", "")
    found += [
        f"{name}: number '{number}' stands in no quote"
        for number in case.get("numbers", [])
        if number.replace(",", "") not in joined
    ]
    return found


def check_gold(gold: dict[str, Any], by_file: dict[str, Source]) -> list[str]:
    source = by_file.get(gold["doc"])
    if source is None:
        return [f"no document {gold['doc']}"]
    quote = fold(gold["quote"])
    if not any(quote in text for text in visible(source.blocks)):
        return [f"not in {source.name}: '{quote}'"]
    titles = [plain(h.text) for h in headings(source.blocks)]
    if gold["section"] not in titles:
        return [f"no section '{gold['section']}' in {source.name}"]
    if source.meta["form"] not in {"pdf", "scan"}:
        gold["pages"] = []
        return []
    gold["pages"] = [n for n, text in enumerate(page_texts(source.file), 1) if _squeeze(quote) in text][:1]
    return [] if gold["pages"] else [f"on no single page of {source.name}: '{quote}'"]


def _squeeze(text: str) -> str:
    return "".join(text.replace("|", " ").split())


@cache
def _source_of(file: str) -> Source:
    from source import load_all  # noqa: PLC0415 (only needed for scans)

    return next(s for s in load_all() if s.file == file)


@cache
def page_texts(file: str) -> tuple[str, ...]:
    """Text of each page without white space; of a scan, of the page before it was scanned."""
    source = _source_of(file)
    scanned = source.meta["form"] == "scan"
    data = write_pdf.write(source) if scanned else (LIBRARY / file).read_bytes()
    document = pypdfium2.PdfDocument(io.BytesIO(data))
    return tuple(_squeeze(page.get_textpage().get_text_bounded()) for page in document)
