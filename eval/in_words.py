"""A report in sentences, for people who do not know the metrics."""

from collections.abc import Mapping
from typing import Any


def plain_words(report: Mapping[str, Any]) -> list[str]:
    """What the figures say to someone who does not know the metrics."""
    figures = {name: figure["value"] for name, figure in report["figures"].items()}
    counts = [group["abstention"] for group in report["groups"].values()]
    total = {name: sum(count[name] for count in counts) for name in (counts[0] if counts else ())}
    told = []
    if total.get("answerable"):
        told.append(f"{total['answered']} of {total['answerable']} questions that the procedures answer got an answer.")
    if "hit_at_5" in figures:
        told.append(f"For {figures['hit_at_5']:.0%} of them the right passage is among the first five found.")
    if "fact_coverage" in figures:
        told.append(f"The answers state {figures['fact_coverage']:.0%} of the facts that a complete answer needs.")
    if total.get("unanswerable"):
        told.append(
            f"{total['abstained']} of {total['unanswerable']} questions that the procedures don't answer were refused."
        )
    if figures.get("verbatim_rate") == 1:
        told.append("Every quote is word for word as in the document.")
    if figures.get("superseded_as_current") == 0:
        told.append("No answer came from a version that is not in force.")
    return told
