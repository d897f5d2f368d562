"""Commands for model-risk documentation: model card and inventory, change log."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from eval.baseline import read_report
from eval.calibrate import read_agreements
from eval.card import CARD, inventory, load_people, model_card
from eval.changelog import change_log
from eval.options import CALIBRATION, Parser


def card_command(argv: Sequence[str]) -> int:
    """Write model card and inventory of an evaluated index; 3 where a fact is missing."""
    parser = Parser(prog="python -m eval card", description="Model card and inventory, made from facts.")
    parser.add_argument("--report", type=Path, required=True, help="report.json of the evaluation")
    parser.add_argument("--facts", type=Path, default=CARD, help="what only people know (YAML)")
    parser.add_argument("--calibration", type=Path, default=CALIBRATION, help="measured agreement of judges")
    parser.add_argument("--out", type=Path, required=True, help="folder for model-card.md and inventory.md")
    args = parser.parse_args(argv)
    report, people = read_report(args.report), load_people(args.facts)
    known = read_agreements(args.calibration) if args.calibration.exists() else {}
    agreement = known.get(report["run"].get("judge") or "")
    kappa = f"kappa {agreement['kappa']:.2f} over {agreement['n']} labelled pairs" if agreement else ""
    pages = {"model-card.md": model_card(report, people, kappa), "inventory.md": inventory(report, people)}
    args.out.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (args.out / name).write_text(text, encoding="utf-8")
        Console(soft_wrap=True).print(str(args.out / name), markup=False, highlight=False)
    return 0


def changelog_command(argv: Sequence[str]) -> int:
    """Print what changed between two evaluated generations or configurations; 3 where a fact is missing."""
    parser = Parser(prog="python -m eval changelog", description="What changed between two evaluations.")
    parser.add_argument("before", type=Path, help="report.json")
    parser.add_argument("after", type=Path, help="report.json")
    args = parser.parse_args(argv)
    text = change_log(read_report(args.before), read_report(args.after))
    Console(soft_wrap=True).print(text, markup=False, highlight=False, end="")
    return 0
