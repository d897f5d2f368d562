"""The benchmark of ingestion: the same files for both pipelines, costs of whole families of processes."""

import sys
from pathlib import Path

import pytest

from eval.bench_ingest import Cost, change_some, copy_corpus, measure, print_costs
from tests.pdf_maker import LOREM, Maker


def test_files_that_the_tutorial_reads_nothing_from_are_left_out_of_both(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "deep/a.md").write_text("# A\n\nText.\n", "utf-8")
    (source / "table.xlsx").write_bytes(b"PK")
    for name, text in (("text.pdf", LOREM), ("scan.pdf", "7")):
        maker = Maker(source / name)
        maker.lines(text)
        maker.canvas.save()
    assert copy_corpus(source, tmp_path / "corpus") == "2 files (1 PDF pages), 2 left out"
    taken = {path.name for path in (tmp_path / "corpus").rglob("*") if path.is_file()}
    assert taken == {"a.md", "text.pdf"}


def test_one_document_in_a_hundred_changes(tmp_path: Path) -> None:
    for number in range(250):
        (tmp_path / f"{number:03d}.txt").write_text("Text.", "utf-8")
    assert change_some(tmp_path) == "2 of 250"
    assert sum("added" in path.read_text("utf-8") for path in tmp_path.iterdir()) == 2


def test_a_cost_covers_the_children(tmp_path: Path) -> None:
    child = "held = bytearray(200_000_000); import time; start = time.process_time()\n"
    child += "while time.process_time() - start < 0.4: pass"
    script = tmp_path / "parent.py"
    script.write_text(f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}])", "utf-8")
    cost = measure("family", [sys.executable, str(script)])
    assert cost.cpu > 0.4
    assert cost.wall > 0.4
    assert cost.peak_mb > 200
    with pytest.raises(RuntimeError, match=r"broken failed: .*no-such-module"):
        measure("broken", [sys.executable, "-m", "no-such-module"])


def test_the_table_compares_with_the_tutorial_and_with_the_first_run(capsys: pytest.CaptureFixture[str]) -> None:
    ours = Cost("first run", 10.0, 9.0, 90.0), Cost("unchanged", 0.25, 0.2, 20.0)
    print_costs([Cost("tutorial", 30.0, 40.0, 800.0), *ours], "library: 2 files")
    out = capsys.readouterr().out
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in out.splitlines()]
    assert ["tutorial", "30.00", "1.0", "", "40.0", "800"] in cells
    assert ["unchanged", "0.25", "120.0", "2.5%", "0.2", "20"] in cells
    assert "library: 2 files" in out
