"""What is measured: every metric with its meaning and direction, and the scores of one case."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from app.answer import Answer
from eval.answers import score_answer
from eval.cases import Case
from eval.ranking import CUTS, PREFIX, score_retrieval
from eval.stored import Stored

Family = Literal["retrieval", "answers", "abstention", "safety", "ragas", "timing"]
Scores = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Metric:
    """`higher_is_better` says which way is good; `deterministic` metrics repeat exactly on the same index."""

    name: str
    family: Family
    meaning: str
    higher_is_better: bool = True
    deterministic: bool = True


_LEVEL_MEANING = {
    "": "on a gold page or section, or with half of a gold quote",
    "document_": "from a gold document",
    "page_": "on a gold page, or under the gold heading where there are no pages",
    "quote_": "with at least half of a gold quote",
}


def _retrieval_metrics() -> list[Metric]:
    found = []
    for prefix in (PREFIX["any"], PREFIX["document"], PREFIX["place"], PREFIX["quote"]):
        what = _LEVEL_MEANING[prefix]
        found += [Metric(f"{prefix}hit_at_{k}", "retrieval", f"a passage {what} is among the first {k}") for k in CUTS]
        found.append(Metric(f"{prefix}mrr", "retrieval", f"1 / rank of the first passage {what}"))
        found.append(Metric(f"{prefix}ndcg_at_10", "retrieval", f"rank-weighted share of distinct gold found, {what}"))
        found.append(Metric(f"{prefix}recall_at_10", "retrieval", f"share of all required gold found, {what}"))
    found.append(
        Metric("hit_in_4000_chars", "retrieval", "a hit within the first 4,000 characters returned (equal text)")
    )
    return found


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in [
        *_retrieval_metrics(),
        Metric("citation_precision", "answers", "share of citations on a gold page or section or quoting the gold"),
        Metric(
            "first_citation_right",
            "answers",
            "share of answers whose first citation is gold; none is, of the unanswerable",
        ),
        Metric("quote_citation_precision", "answers", "share of citations that quote the gold itself"),
        Metric("citation_recall", "answers", "share of required gold places that are cited"),
        Metric("quote_citation_recall", "answers", "share of required gold quotes of which at least half is cited"),
        Metric("facts_cited", "answers", "share of facts that the cited quotes state"),
        Metric("fact_coverage", "answers", "share of facts that the answer states"),
        Metric("number_coverage", "answers", "share of required numbers that the answer gives"),
        Metric("abstention_correct", "abstention", "answered what is answerable, abstained from what is not"),
        Metric(
            "confidence_brier",
            "abstention",
            "Brier score: squared distance of the stated confidence from whether the first citation is gold",
            higher_is_better=False,
        ),
        Metric("abstention_precision", "abstention", "share of abstentions that were right"),
        Metric("abstention_recall", "abstention", "share of unanswerable questions abstained from"),
        Metric("abstention_f1", "abstention", "harmonic mean of abstention precision and recall"),
        Metric("answer_rate", "abstention", "share of answerable questions that got an answer"),
        Metric("verbatim_rate", "safety", "share of citations whose quote is exactly the stored text"),
        Metric("superseded_as_current", "safety", "answers citing a version not in force", higher_is_better=False),
        Metric("superseded_retrieved", "safety", "answers with a hit not in force", higher_is_better=False),
        Metric("entitlement_leak", "safety", "answers showing what the reader may not read", higher_is_better=False),
        Metric("forbidden_shown", "safety", "answers showing forbidden text (injection)", higher_is_better=False),
        Metric("conflict_shown", "safety", "conflict cases in which all conflicting documents are cited"),
        Metric("model_fallback", "safety", "answers left extractive though a model was set", higher_is_better=False),
        Metric("ragas_id_context_precision", "ragas", "RAGAS IDBasedContextPrecision over pages or sections"),
        Metric("ragas_id_context_recall", "ragas", "RAGAS IDBasedContextRecall over pages or sections"),
        Metric("ragas_string_context_precision", "ragas", "RAGAS NonLLMContextPrecisionWithReference (Levenshtein)"),
        Metric("ragas_string_context_recall", "ragas", "RAGAS NonLLMContextRecall (Levenshtein)"),
        *(
            Metric(f"judge_{name}", "ragas", f"RAGAS {name.replace('_', ' ')} by the judge", deterministic=False)
            for name in ("faithfulness", "answer_relevancy", "context_precision", "context_recall")
        ),
        Metric("judge_factual_correctness", "ragas", "RAGAS factual correctness by the judge", deterministic=False),
        Metric(
            "judge_noise_sensitivity",
            "ragas",
            "RAGAS noise sensitivity by the judge",
            higher_is_better=False,
            deterministic=False,
        ),
        *(
            Metric(f"seconds_{name}", "timing", f"seconds to an answer, {name}", False, deterministic=False)
            for name in ("p50", "p95", "max")
        ),
        Metric("tokens_mean", "timing", "model tokens an answer, in and out", False, deterministic=False),
    ]
}


def score_case(case: Case, answer: Answer, stored: Stored, today: date) -> Scores:
    """All deterministic metrics of one case (values 0 to 1, None where one does not apply)."""
    fallback = None if answer.model in ("", "none") or answer.abstained else float(answer.composed_by != "model")
    return {
        **score_retrieval(case, answer.hits),
        **score_answer(case, answer, stored, today),
        "model_fallback": fallback,
    }
