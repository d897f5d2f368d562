"""Commands that make cases: generate drafts from the index, import them from feedback, review them."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from rich.console import Console

from app.ledger import Ledger, open_ledger
from app.library import Library
from app.settings import Settings, load_settings
from eval.drafts import (
    Draft,
    Embed,
    as_reviewed,
    draft_of_feedback,
    draft_of_sample,
    drop_duplicates,
    read_drafts,
    write_drafts,
)
from eval.judging import spread
from eval.jury import Jury, open_jury
from eval.lint import lint_cases
from eval.options import Parser, add_judge_options, judge_settings, positive
from eval.progress import progress_bars
from eval.stored import Stored
from ingest.errors import CaseError, LedgerError, LLMError

SHORTEST = 200  # characters; a shorter passage is a heading or a form line
ALL = 2**31
"""More entries than any ledger has."""

Passage = tuple[str, str, tuple[str, ...]]


def generate_command(argv: Sequence[str]) -> int:
    """Make draft cases from passages of the index with RAGAS's test-set generation; 2 if none could be made."""
    parser = Parser(prog="python -m eval generate", description="Draft cases from the index, for a person to review.")
    _add_places(parser)
    parser.add_argument("-n", type=positive, default=20, help="passages to ask about (default 20)")
    parser.add_argument("--seed", type=int, default=0, help="another seed asks otherwise")
    add_judge_options(parser)
    args = parser.parse_args(argv)
    settings = load_settings(index=args.index)
    library = Library(settings.index, settings.models)
    stored = Stored(library.index)
    cache = args.judge_cache or args.out.with_suffix(".cache.jsonl")
    embed = _embedder(library)
    with open_jury(judge_settings(args), cache, embed) as jury, progress_bars() as start:
        passages = spread(passages_in_force(stored, date.today()), args.n)
        drafts, failures = _generate(jury, passages, stored, args.seed, start("passages", len(passages)))
    _add(drafts, args.out, args.cases, embed)
    for failure in failures:
        Console(stderr=True, soft_wrap=True).print(f"no question: {failure}", markup=False)
    return 0 if drafts else 2


def _generate(
    jury: Jury, passages: Sequence[Passage], stored: Stored, seed: int, advance: Callable[[], None]
) -> tuple[list[Draft], list[str]]:
    from eval.testset import generate_samples  # noqa: PLC0415  # RAGAS takes seconds to import

    drafts, failures = [], []
    for made in generate_samples(jury.completer.for_run(seed), passages, seed):
        if isinstance(made, LLMError):
            failures.append(str(made))
        else:
            drafts.append(draft_of_sample(made, stored))
        advance()
    return drafts, failures


def passages_in_force(stored: Stored, today: date, shortest: int = SHORTEST) -> list[Passage]:
    """The longer passages of the documents that everyone may read today: id, text, and headings as themes."""
    found = []
    for document in stored.index.documents:
        record = document.record
        if record.in_force(today) and not record.readers:
            for chunk in stored.chunks(record.file):
                if len(chunk.text) >= shortest:
                    found.append((chunk.id, chunk.text, chunk.heading_path[-1:] or (record.title,)))
    return found


def feedback_command(argv: Sequence[str]) -> int:
    """Import what readers said about answers as draft cases."""
    parser = Parser(prog="python -m eval feedback", description="Draft cases from the feedback in the answer ledger.")
    _add_places(parser)
    parser.add_argument("--state", type=Path, help="folder of the ledger (default: APP_STATE)")
    args = parser.parse_args(argv)
    settings = load_settings(index=args.index, state=args.state)
    ledger = open_existing(settings)
    said = [(answer, ledger.feedback(answer.id)) for answer in reversed(ledger.latest(ALL))]
    drafts = [draft_of_feedback(answer, entries) for answer, entries in said if entries]
    _add(drafts, args.out, args.cases, _embedder(Library(settings.index, settings.models)))
    return 0


def open_existing(settings: Settings) -> Ledger:
    """The ledger of the settings; LedgerError where there is none, because reading must not make one."""
    if not settings.ledger_url.get_secret_value() and not (settings.state / "ledger.sqlite").exists():
        raise LedgerError(f"no answer ledger in {settings.state}", hint="give --state, the folder that APP_STATE names")
    return open_ledger(settings)


def review_command(argv: Sequence[str]) -> int:
    """List drafts with what speaks against them, or accept and reject some; 1 if an accepted one does not stand."""
    parser = Parser(prog="python -m eval review", description="The states of draft cases: draft, reviewed, rejected.")
    parser.add_argument("drafts", type=Path)
    parser.add_argument("--index", type=Path)
    parser.add_argument("--accept", nargs="+", default=[], metavar="ID", help="these are right: reviewed")
    parser.add_argument("--reject", nargs="+", default=[], metavar="ID", help="these are not: rejected")
    args = parser.parse_args(argv)
    drafts = read_drafts(args.drafts)
    if unknown := {*args.accept, *args.reject} - {draft["id"] for draft in drafts}:
        raise CaseError(f"no draft {sorted(unknown)[0]} in {args.drafts}", hint="python -m eval review FILE lists them")
    settings = load_settings(index=args.index)
    stored = Stored(Library(settings.index, settings.models).index)
    refused = {name: problem for name in args.accept if (problem := _problem(_named(drafts, name), stored))}
    states = dict.fromkeys(args.reject, "rejected") | {n: "reviewed" for n in args.accept if n not in refused}
    changed = [{**draft, "status": states.get(draft["id"], draft.get("status", "reviewed"))} for draft in drafts]
    write_drafts(changed, args.drafts)
    console = Console(soft_wrap=True)
    for draft in changed:
        problem = refused.get(draft["id"]) or (_problem(draft, stored) if draft["status"] == "draft" else "")
        line = f"{draft['status']:9}{draft['id']}  {draft['question']}{f'  ({problem})' if problem else ''}"
        console.print(line, markup=False, highlight=False)
    return 1 if refused else 0


def _named(drafts: Sequence[Draft], name: str) -> Draft:
    return next(draft for draft in drafts if draft["id"] == name)


def _problem(draft: Draft, stored: Stored) -> str:
    try:
        case = as_reviewed(draft)
    except CaseError as error:
        return error.message
    return next((finding.problem for finding in lint_cases([case], stored, {}) if not finding.advice), "")


def _add_places(parser: Parser) -> None:
    parser.add_argument("--index", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="file of drafts; new ones are added")
    parser.add_argument(
        "--cases", type=Path, nargs="*", default=[], help="case files whose questions are known already"
    )


def _add(drafts: Sequence[Draft], out: Path, cases: Sequence[Path], embed: Embed) -> None:
    earlier = read_drafts(out)
    known = [draft["question"] for path in cases for draft in read_drafts(path)] + [d["question"] for d in earlier]
    kept, dropped = drop_duplicates(drafts, known, embed)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_drafts([*earlier, *kept], out)
    rejected = sum(draft["status"] == "rejected" for draft in kept)
    told = f"{len(kept)} new in {out}, {rejected} of them failed the quote check; {len(dropped)} asked already"
    Console(soft_wrap=True).print(told, markup=False, highlight=False)


def _embedder(library: Library) -> Embed:
    embedder = library.current().embedder
    return lambda texts: [[float(x) for x in embedder.embed_query(text)] for text in texts]
