"""Markdown, also as converters write it: pages, definition lists, bold headings, front matter."""

import os
from pathlib import Path

import pytest
from pdf_maker import find, kinds

from ingest.document import Document
from ingest.parse import parse_file


def parse(tmp_path: Path, source: str) -> Document:
    path = tmp_path / "a.md"
    path.write_text(source)
    return parse_file(path)


def test_structure(tmp_path: Path) -> None:
    document = parse(
        tmp_path,
        """---
title: Returns desk
---
# Returns

1. Open `R01`
2. Read the [rule](http://x.example)
   - never alone

| Code | Use |
|---|---|
| R01 | ~~old~~ new |

```
pacs.004
```
![a chart of the desk](c.png)
""",
    )
    assert document.title == "Returns desk"
    assert kinds(document) == [
        ("heading", "Returns"),
        ("step", "1. Open R01"),
        ("step", "2. Read the rule"),
        ("list", "never alone"),
        ("table", "Code | Use\nR01 | new"),
        ("paragraph", "pacs.004"),
        ("paragraph", "a chart of the desk"),
    ]


def test_terms_of_definition_lists_and_bold_numbers_nest(tmp_path: Path) -> None:
    document = parse(
        tmp_path,
        """## Chapter 2000

Section 2040—Waivers
:   Text of the section.

    **2040.20—Who**

    Text of who.

    **2040.20a—Persons**

    Text of persons. See the[**Green Book**](x).

    **2040.30—Firms.**They ask in writing.

    **Note:** not a heading.

Section 2050—Payments
:   More text.
""",
    )
    top = ("Chapter 2000", "Section 2040—Waivers")
    assert find(document, "Text of who").heading_path == (*top, "2040.20—Who")
    assert find(document, "Text of persons").heading_path == (*top, "2040.20—Who", "2040.20a—Persons")
    assert find(document, "in writing").heading_path == (*top, "2040.30—Firms.")
    assert find(document, "not a heading").text == "Note: not a heading."
    assert find(document, "More text").heading_path == ("Chapter 2000", "Section 2050—Payments")
    assert "See the Green Book." in find(document, "Text of persons").text


MARKS = ["### --- Page {:04d} ---", "Page {}", "<!-- page {} -->", "{{{}}}------------------------", "[Page {}]", "\f"]


@pytest.mark.parametrize("mark", MARKS)
def test_page_marks_set_pages_and_are_no_text(tmp_path: Path, mark: str) -> None:
    from_zero = mark.startswith("{{{}}}")
    pages = [f"{mark.format(i if from_zero else i + 1)}\n\nText of page {'abc'[i]}.\n\n" for i in range(3)]
    source = "".join(pages).lstrip("\f") if mark == "\f" else "# Book\n\n" + "".join(pages)
    document = parse(tmp_path, source)
    assert [find(document, f"page {c}.").page for c in "abc"] == [1, 2, 3]
    assert [page.index for page in document.pages] == [1, 2, 3]
    assert [b.text for b in document.blocks if b.kind == "heading"] == ([] if mark == "\f" else ["Book"])


def test_marks_at_the_foot_of_pages_close_them(tmp_path: Path) -> None:
    document = parse(tmp_path, "First text.\n\nPage 1\n\nSecond text.\n\nPage 2\n\nThird text.\n\nPage 3\n")
    assert [(b.text, b.page) for b in document.blocks] == [("First text.", 1), ("Second text.", 2), ("Third text.", 3)]


def test_headers_that_run_over_pages_go_and_leave_their_label(tmp_path: Path) -> None:
    parts = []
    for i in range(1, 7):
        hashes = "#" * (1 + i % 2)
        merged = "Handbook Credit Risk" if i == 4 else f"{i + 2} Handbook"
        parts.append(f"--- Page {i} ---\n\n{hashes} {merged}\n\n## Topic {'abcdef'[i - 1]}\n\nText {i}.\n")
    document = parse(tmp_path, "\n".join(parts))
    assert [b.text for b in document.blocks if b.kind == "heading"] == [
        "Topic a",
        "Topic b",
        "Topic c",
        "Credit Risk",
        "Topic d",
        "Topic e",
        "Topic f",
    ]
    assert [page.label for page in document.pages] == ["3", "4", "5", "", "7", "8"]


def test_rows_that_go_on_are_joined(tmp_path: Path) -> None:
    source = "| Step | What |\n|---|---|\n| 1 | Asks for: |\n| | - name |\n| | - date |\n| 2 | Ends |\n"
    table = parse(tmp_path, source).blocks[0]
    assert table.rows == (("Step", "What"), ("1", "Asks for: - name - date"), ("2", "Ends"))


def test_sentences_set_as_headings_are_steps(tmp_path: Path) -> None:
    document = parse(tmp_path, "### 3. Assess the plan. Consider\n\n### 3. Scope\n")
    assert [b.kind for b in document.blocks] == ["step", "heading"]


@pytest.mark.skipif(not os.environ.get("SHARED_DATA"), reason="SHARED_DATA names no folder of real documents")
def test_every_gold_quote_of_the_public_questions_is_in_one_block() -> None:
    import json  # noqa: PLC0415  # only where the data is
    import re  # noqa: PLC0415

    root = Path(os.environ["SHARED_DATA"]) / "public-payments"
    lines = (root / "questions.jsonl").read_text().splitlines()
    gold = [g for line in lines for g in json.loads(line)["gold"] if g["doc"].endswith(".md")]
    parsed = {doc: parse_file(root / doc) for doc in {g["doc"] for g in gold}}

    def plain(text: str) -> str:
        return re.sub(r"\W+", "", text).lower()

    for g in gold:
        blocks = [b for b in parsed[g["doc"]].blocks if plain(g["quote"]) in plain(b.text)]
        assert blocks, g["quote"]
        if g["doc"].startswith("tfm"):
            assert plain(g["section"]) in plain(" ".join(blocks[0].heading_path))
        if g.get("pages"):
            assert any(b.page in g["pages"] for b in blocks)
