"""Command-line options that several commands share; a wrong option is a configuration error (exit 3)."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from eval.settings import JudgeSettings, load_judge_settings
from ingest.errors import AssistantError

CONFIGURATION = 3
PAIRS = Path(__file__).resolve().parent / "pairs.jsonl"
CALIBRATION = Path(__file__).resolve().parent / "calibration.json"


class Parser(argparse.ArgumentParser):
    """argparse with this program's exit code for wrong options."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(CONFIGURATION, f"{self.prog}: {message}\n")


def exit_code_of(work: Callable[[argparse.Namespace], None], options: argparse.Namespace) -> int:
    """0, or the exit code of the error that ended the work, which is told in one line on standard error."""
    try:
        work(options)
    except AssistantError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def positive(text: str) -> int:
    """A whole number of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def add_judge_options(parser: argparse.ArgumentParser) -> None:
    """The options of a judge; whatever is not given comes from EVAL_* variables."""
    group = parser.add_argument_group("judge")
    group.add_argument("--judge", choices=("none", "local", "bedrock"), help="who judges (EVAL_JUDGE; default none)")
    group.add_argument("--judge-url", help="OpenAI-compatible URL of a local judge (default: the packaged model)")
    group.add_argument("--judge-model", help="model id of the judge")
    group.add_argument("--judge-runs", type=positive, help="runs to average (default 1)")
    group.add_argument("--judge-timeout", type=float, help="seconds for one reply (default 600)")
    group.add_argument("--judge-wall", type=float, help="seconds for all judging (default 7200)")
    group.add_argument("--judge-cache", type=Path, help="file of earlier replies (default: in the report folder)")
    group.add_argument("--calibration", type=Path, default=CALIBRATION, help="measured agreement of judges")


def judge_settings(args: argparse.Namespace) -> JudgeSettings:
    """The judge's settings from options and environment."""
    return load_judge_settings(
        judge=args.judge,
        judge_url=args.judge_url,
        judge_model=args.judge_model,
        judge_runs=args.judge_runs,
        judge_timeout_s=args.judge_timeout,
        judge_wall_s=args.judge_wall,
    )
