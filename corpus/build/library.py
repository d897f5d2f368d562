"""The library as a whole: register, cross-references and the table in the README."""

import json
import re
from collections import Counter
from typing import Any

import golden
import pypdfium2
import yaml
from inline import visible
from source import CORPUS, LIBRARY, REGISTER_KEYS, SOURCES, Source, headings

README = CORPUS / "README.md"
BEGIN, END = "<!-- made by corpus/build: begin -->", "<!-- made by corpus/build: end -->"
WORDS_A_PAGE = 300  # what the PDFs of the library hold on average
ID = r"(?:SOP|GDE|REF|RUN|KB|TPL)-[A-Z0-9]+-\d{3}"
HEAD = """# The document register: one entry a document version, written by corpus/build from the control
# fields of each source. Dates are the first and the last day in force; null is open.
# readers: [] everyone, otherwise only these roles. rails, regions: [] all.
"""


def register(sources: list[Source]) -> str:
    """register.yaml."""
    entries: list[dict[str, Any]] = []
    for source in sources:
        entry = {key: source.meta[key] for key in REGISTER_KEYS}
        entries.append({**entry, "version": str(entry["version"]), "file": source.file})
    return HEAD + yaml.safe_dump({"documents": entries}, sort_keys=False, allow_unicode=True, width=110)


def cross_references(sources: list[Source]) -> list[str]:
    """References to documents that are not planned, or to sections that a written document does not have."""
    planned = set(re.findall(ID, (SOURCES / "STYLE.md").read_text(encoding="utf-8")))
    current = {s.meta["id"]: s for s in sources if s.meta["status"] in {"approved", "withdrawn"}}
    problems = []
    for source in sources:
        text = "\n".join(visible(source.blocks))
        problems += [f"{source.name} names {i}, which is not planned" for i in set(re.findall(ID, text)) - planned]
        for target, section in re.findall(rf"({ID}), section (\d+(?:\.\d+)*)", text):
            if target in current and section not in _numbers(current[target]):
                problems.append(f"{source.name} refers to {target}, section {section}, which does not exist")
    return problems


def _numbers(source: Source) -> set[str]:
    return {h.text.split()[0] for h in headings(source.blocks)}


def readme(sources: list[Source]) -> str:
    """The README with its generated part renewed."""
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{_tables(sources)}\n{END}{after}"


def _tables(sources: list[Source]) -> str:
    lines = [
        _summary(sources),
        "",
        "| Id | Version | Status | Title | Form | Pages | Traps |",
        "|---|---|---|---|---|---|---|",
    ]
    for s in sources:
        cells = (s.meta["id"], s.meta["version"], _status(s), f"[{s.meta['title']}](library/{s.file})")
        lines.append(f"| {' | '.join(cells)} | {s.meta['form']} | {_pages(s)} | {', '.join(s.meta['traps'])} |")
    lines += ["", _counts("Form", Counter(s.meta["form"] for s in sources))]
    lines += ["", _counts("Trap", Counter(t.split(":")[0] for s in sources for t in s.meta["traps"]))]
    return "\n".join([*lines, "", _cases()])


def _status(source: Source) -> str:
    return "approved, not yet in force" if "future" in source.meta["traps"] else source.meta["status"]


def _summary(sources: list[Source]) -> str:
    current = sum(_status(s) == "approved" for s in sources)
    paged = [_pages(s) for s in sources if s.meta["form"] in {"pdf", "scan"}]
    others = [_pages(s) for s in sources if s.meta["form"] not in {"pdf", "scan"}]
    return (
        f"{current} current documents, {len(sources)} files. The PDFs have {sum(paged)} pages, the other forms about "
        f"{sum(others)} (at {WORDS_A_PAGE} words)."
    )


def _pages(source: Source) -> int:
    """PDF pages; of a form without pages its words at WORDS_A_PAGE, rounded up."""
    if source.meta["form"] in {"pdf", "scan"}:
        return len(pypdfium2.PdfDocument(LIBRARY / source.file))
    words = sum(len(t.replace("|", " ").split()) for t in visible(source.blocks))
    return -(-words // WORDS_A_PAGE)


def _counts(name: str, counts: Counter[str]) -> str:
    lines = [f"| {name} | Files |", "|---|---|"]
    return "\n".join(lines + [f"| {key} | {n} |" for key, n in sorted(counts.items())])


def _cases() -> str:
    lines = ["| Category | Cases | Held out |", "|---|---|---|"]
    kept, held = (Counter(c["category"] for c in _read(n)) for n in ("cases", "holdout"))
    lines += [f"| {c} | {kept[c]} | {held[c]} |" for c in golden.CATEGORIES]
    return "\n".join([*lines, f"| all | {sum(kept.values())} | {sum(held.values())} |"])


def _read(name: str) -> list[dict[str, Any]]:
    text = (golden.GOLDEN / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]
