"""Command line for people and CI.

    python -m eval --cases FILE --index DIR --report DIR     score, gate and report
    python -m eval lint --cases FILE --index DIR             do the golden quotes still stand?
    python -m eval generate --index DIR --out FILE --judge ... draft cases from the index
    python -m eval feedback --state DIR --out FILE           draft cases from what readers said
    python -m eval review FILE [--accept ID] [--reject ID]   the states of draft cases
    python -m eval compare BEFORE AFTER                      one report against another
    python -m eval challenge --challenger NAME=VALUE ...     two configurations over the same cases
    python -m eval pairs --cases FILE --out FILE             labelled pairs to calibrate a judge with
    python -m eval calibrate --pairs FILE --judge ...        a judge's agreement with labelled pairs
    python -m eval bench --index DIR                         speed and rank against the usual ways
    python -m eval tune --cases FILE --index DIR             fit the ranking's weights
    python -m eval adapt --learn CASES INDEX --out DIR       adapt the embedder to how people ask
    python -m eval ablate --cases FILE --index DIR           the ranking without each of its ideas
    python -m eval drift --state DIR --report DIR            what changed in questions and answers
    python -m eval card --report FILE --out DIR              model card and inventory
    python -m eval changelog BEFORE AFTER                    what changed between two evaluations
    python -m eval metrics                                   every metric and its meaning

Exit codes: 0 passed, 1 below a threshold (or findings), 2 could not run, 3 configuration or case file.
"""

import sys
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.markup import escape

from eval.ablation import ablate_command
from eval.adapt import adapt_command
from eval.bench import bench_command
from eval.challenge import challenge_command
from eval.commands import (
    calibrate_command,
    compare_command,
    lint_command,
    metrics_command,
    pairs_command,
)
from eval.dossier import card_command, changelog_command
from eval.making import feedback_command, generate_command, review_command
from eval.score import score_command
from eval.tune import tune_command
from eval.watch import drift_command
from ingest.errors import AssistantError

COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "run": score_command,
    "lint": lint_command,
    "generate": generate_command,
    "feedback": feedback_command,
    "review": review_command,
    "compare": compare_command,
    "challenge": challenge_command,
    "pairs": pairs_command,
    "calibrate": calibrate_command,
    "bench": bench_command,
    "tune": tune_command,
    "adapt": adapt_command,
    "ablate": ablate_command,
    "drift": drift_command,
    "card": card_command,
    "changelog": changelog_command,
    "metrics": metrics_command,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command (by default the evaluation) and return its exit code; errors are one line on stderr."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    command = arguments.pop(0) if arguments and arguments[0] in COMMANDS else "run"
    console = Console(stderr=True, soft_wrap=True)
    try:
        return COMMANDS[command](arguments)
    except AssistantError as error:
        console.print(f"[red]{escape(str(error))}[/red]")
        return error.exit_code
    except KeyboardInterrupt:
        console.print("stopped; --resume goes on from here")
        return 130


if __name__ == "__main__":
    sys.exit(main())
