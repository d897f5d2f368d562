"""Web and wiki pages: main content only, anchors kept, hidden text dropped."""

from pathlib import Path

import pytest
from pdf_maker import find, kinds

from ingest.document import Document
from ingest.errors import ParseError
from ingest.parse import parse_file


def parse(tmp_path: Path, body: str, head: str = "") -> Document:
    path = tmp_path / "a.html"
    path.write_text(f"<!DOCTYPE html><html><head><meta charset='utf-8'>{head}</head><body>{body}</body></html>")
    return parse_file(path)


def test_only_the_main_content_is_read(tmp_path: Path) -> None:
    document = parse(
        tmp_path,
        """<div id="nav" role="navigation"><p>Space home</p></div><ol id="breadcrumbs"><li><a>Ops</a></li></ol>
        <h1>Ops : Recalls</h1><div class="cookie-banner">We use cookies</div>
        <div id="main-content"><h2 id="who">1 Who</h2><p>The analyst.</p><script>alert(1)</script>
        <div class="toc-macro"><ul><li>1 Who</li></ul></div></div><footer>Printed by the wiki</footer>""",
        "<title>Ops : Recalls</title>",
    )
    assert document.title == "Recalls"
    assert kinds(document) == [("heading", "Recalls"), ("heading", "1 Who"), ("paragraph", "The analyst.")]
    assert find(document, "The analyst").anchor == "who"
    assert find(document, "The analyst").heading_path == ("Recalls", "1 Who")


def test_ordered_lists_are_steps_with_their_numbers(tmp_path: Path) -> None:
    document = parse(
        tmp_path,
        "<ol start='3'><li>Open<ul><li>in the queue</li></ul></li><li value='7'>Close</li></ol>"
        "<ol type='a'><li>Or not</li></ol>",
    )
    assert [(b.kind, b.number, b.text) for b in document.blocks] == [
        ("step", "3.", "3. Open"),
        ("list", "", "in the queue"),
        ("step", "7.", "7. Close"),
        ("step", "a.", "a. Or not"),
    ]


def test_tables_spread_merged_cells(tmp_path: Path) -> None:
    document = parse(
        tmp_path,
        """<table><caption>Table 1 - Times</caption><thead><tr><th rowspan=2>Rail</th><th colspan=2>Cut-off</th></tr>
        <tr><th>client</th><th>rail</th></tr></thead><tr><td rowspan=2>Fedwire</td><td>17:30</td><td>18:45</td></tr>
        <tr><td>18:15</td><td><p>19:00</p><p>bank</p></td></tr></table>""",
    )
    caption, table = document.blocks
    assert (caption.kind, caption.text) == ("caption", "Table 1 - Times")
    assert table.rows == (
        ("Rail", "Cut-off client", "Cut-off rail"),
        ("Fedwire", "17:30", "18:45"),
        ("Fedwire", "18:15", "19:00 bank"),
    )


def test_glossary_details_macro_and_drawing_are_kept(tmp_path: Path) -> None:
    document = parse(
        tmp_path,
        """<dl><dt>UETR</dt><dd>unique reference</dd><dt>BIC</dt><dd>bank code</dd></dl>
        <div class="expand"><div class="expand-content" style="display:none"><p>Opens on a click.</p></div></div>
        <div class="information-macro"><p>Call back first.</p></div>
        <svg><text>Hit?</text><text>yes</text></svg>""",
    )
    assert [text for _, text in kinds(document)] == [
        "UETR: unique reference",
        "BIC: bank code",
        "Opens on a click.",
        "Call back first.",
        "Hit? / yes",
    ]


HIDING = [
    "<p hidden>x y</p>",
    "<p style='display: none'>x y</p>",
    "<p style='visibility:hidden'>x y</p>",
    "<span aria-hidden='true'>x y</span>",
    "<p style='font-size:0px'>x y</p>",
    "<p style='color:#FFFFFF'>x y</p>",
    "<p style='position:absolute;left:-9999px'>x y</p>",
    "<p class='ghost'>x y</p>",
    "<p>Seen.\u200b\u200b\u200b\u200b\u200b\u200b\u200b\u200b\u200b</p>",
]


@pytest.mark.parametrize("hiding", HIDING)
def test_hidden_text_is_dropped_and_named(tmp_path: Path, hiding: str) -> None:
    document = parse(tmp_path, f"<p>Seen.</p>{hiding}", "<style>.ghost{display:none}</style>")
    assert {text for _, text in kinds(document)} == {"Seen."}
    assert document.warnings == ("hidden text dropped in 1 places",)


def test_deleted_text_and_white_on_a_dark_ground(tmp_path: Path) -> None:
    document = parse(
        tmp_path,
        "<p>Limit <del>100</del> 50.</p><div style='background:#000'><p style='color:#fff'>Shown.</p></div>",
    )
    assert [text for _, text in kinds(document)] == ["Limit 50.", "Shown."]
    assert document.warnings == ()


def test_endless_nesting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="nested more than"):
        parse(tmp_path, "<div>" * 5000 + "x" + "</div>" * 5000)
