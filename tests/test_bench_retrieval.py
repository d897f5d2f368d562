"""The benchmarks measure what they say: nDCG as trec_eval has it, documents ingested whole, libraries grown whole."""

import json
from pathlib import Path

import pytest
from small_library import EMBEDDER, build

from eval.bench_retrieval import main, ndcg, read_topics
from eval.bench_size import copies, grow
from ingest.errors import CaseError
from ingest.index import open_index
from ingest.units import unit_spans
from ingest.words import content_words

TEXTS = {
    "4/a": ("Yen cut-offs", "The cut-off for yen is 10:30 <in> Tokyo & nowhere else."),
    "b": ("", "A recall of a payment is answered within ten days."),
    "c": ("Closed accounts", "A return with AC04 says that the account of the creditor is closed."),
}


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    corpus = [{"_id": name, "title": title, "text": text} for name, (title, text) in TEXTS.items()]
    queries = [
        {"_id": "1", "text": "yen cut-off Tokyo"},
        {"_id": "2", "text": "AC04 closed"},
        {"_id": "3", "text": "x"},
    ]
    for name, lines in (("corpus", corpus), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n", "utf-8")
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n1\t4/a\t1\n2\tc\t2\n2\tb\t1\n", "utf-8")
    return folder


@pytest.mark.parametrize(
    ("found", "gains", "score"),
    [
        (["a"], {"a": 1}, 1.0),
        (["x", "a"], {"a": 1}, 0.6309),
        (["b", "a"], {"a": 2, "b": 1}, 0.8597),  # (1 + 2 / log2 3) / (2 + 1 / log2 3)
        (["x"] * 10 + ["a"], {"a": 1}, 0.0),
        ([], {"a": 1}, 0.0),
        (["a", "b"], {"a": 1, "b": 1, "c": 1}, 0.7654),
    ],
)
def test_ndcg_is_that_of_trec_eval(found: list[str], gains: dict[str, int], score: float) -> None:
    assert ndcg(found, gains) == pytest.approx(score, abs=1e-4)


def test_only_judged_questions_are_asked(beir: Path) -> None:
    assert [topic.text for topic in read_topics(beir)] == ["yen cut-off Tokyo", "AC04 closed"]


def test_another_folder_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CaseError, match="BEIR"):
        read_topics(tmp_path)
    assert main(["--beir", str(tmp_path), "--work", str(tmp_path / "work")]) == 3
    assert "BEIR" in capsys.readouterr().err


def test_the_whole_way_from_folder_to_table(
    beir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("INGEST_EMBEDDER", "word-hash")
    assert main(["--beir", str(beir), "--work", str(tmp_path / "work")]) == 0
    shown = capsys.readouterr().out
    assert "2 questions, 3 documents, 3 passages" in shown
    scores = [line.split("│")[2].strip() for line in shown.split("\n") if line.startswith("│")]
    assert scores == ["0.9751"] * 4  # "c" first, and "b", which shares no word with the question, third


def test_a_grown_library_is_whole_and_differs_from_its_source(tmp_path: Path) -> None:
    small = build(tmp_path / "small")
    grow(small, tmp_path / "large", 40)
    large = open_index(tmp_path / "large")
    assert len(large) >= 40 and len(large.documents) % len(small.documents) == 0
    assert len(set(large.chunk_ids)) == len(large)
    for row in range(len(large)):
        (chunk,) = large.chunks([row])
        start, end = large.unit_range(row)
        assert end - start == len(unit_spans(chunk))
        assert len(large.word_vectors(row)) == len(content_words(chunk.text))
    texts = [chunk.text for chunk in large.chunks(range(len(large)))]
    assert len(set(texts)) > len(small)
    assert len(texts[0]) == len(texts[len(small)])
    large.close()


def test_the_first_copy_is_the_source_itself(tmp_path: Path) -> None:
    small = build(tmp_path / "small")
    document, vectors = next(copies(small, 1))
    assert document.chunks[0].text == small.chunks([0])[0].text
    assert vectors[0].units.shape[1] == EMBEDDER.info.dim
