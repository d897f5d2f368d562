"""The terminal: ask one question, answer a batch, or open the chat.

    python -m app "QUESTION" [--json] [--as-of DATE] [--rail NAME] [--region NAME] [--index DIR] [--top-k N]
    python -m app --batch < questions.jsonl     a case or {"question": ...} a line in, an Answer a line out
    python -m app chat [--index DIR] [--port N] [--address HOST]
    python -m app replay ID [--index DIR]       retrieval and prompt of a recorded answer, made again and compared
    python -m app verify                        is the ledger whole and unchanged?

Exit codes: 0 answered (also "the procedures don't say"), or nothing differs; 1 a replay differs or the ledger was
tampered with; 2 could not run; 3 a setting is wrong.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console

from app.access import Reader, local_reader
from app.answer import Answer, Assistant, Filters, Turn, open_assistant
from app.ledger import open_ledger
from app.replay import replay
from app.settings import Settings, load_settings
from app.terminal import print_answer
from ingest.errors import AssistantError, CaseError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if words and words[0] in _COMMANDS:
            return _COMMANDS[words[0]](words[1:])
        return _ask(_parser().parse_args(words))
    except AssistantError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app", description="Answers from the procedures in force.")
    parser.add_argument("question", nargs="?", help="the question, or a command: chat, replay, verify")
    parser.add_argument("--batch", action="store_true", help="read questions as JSON lines from standard input")
    parser.add_argument("--json", action="store_true", help="print the whole answer as JSON")
    parser.add_argument("--as-of", type=date.fromisoformat, metavar="YYYY-MM-DD", help="versions in force on this day")
    parser.add_argument("--rail", action="append", default=[], help="only this rail (may be repeated)")
    parser.add_argument("--region", action="append", default=[], help="only this region (may be repeated)")
    parser.add_argument("--index", type=Path, help="folder of the index")
    parser.add_argument("--top-k", type=int, help="how many passages to retrieve")
    parser.add_argument("--llm", choices=["none", "local", "bedrock"], help="who composes")
    return parser


def _ask(options: argparse.Namespace) -> int:
    settings = load_settings(index=options.index, top_k=options.top_k, llm=options.llm)
    if not options.batch and not (options.question or "").strip():
        raise CaseError("no question", hint='run: python -m app "your question"')
    filters = Filters(options.as_of, _lower(options.rail), _lower(options.region))
    assistant = open_assistant(settings)
    try:
        if options.batch:
            _answer_batch(assistant, sys.stdin, filters, settings)
        else:
            answer = assistant.ask(options.question, filters=filters, reader=local_reader(settings))
            sys.stdout.write(_as_json(answer) + "\n") if options.json else print_answer(answer, Console())
    finally:
        assistant.close()
    return 0


def _chat(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m app chat", description="Opens the chat in the browser.")
    parser.add_argument("--index", type=Path)
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--address", default="127.0.0.1")
    options = parser.parse_args(words)
    from app.serve import run_chat  # noqa: PLC0415  the terminal does without Streamlit

    return run_chat(load_settings(index=options.index), port=options.port, address=options.address)


def _replay(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m app replay", description="Makes a recorded answer's prompt again.")
    parser.add_argument("id", help="the id under the answer")
    parser.add_argument("--index", type=Path, help="folder of the index")
    options = parser.parse_args(words)
    settings = load_settings(index=options.index)
    done = replay(open_ledger(settings).get(options.id), settings)
    console = Console(soft_wrap=True, highlight=False, markup=False)
    console.print(f"{done.id}: {done.question}")
    console.print(
        f"index {done.generation}, {done.passages} passages, prompt {done.prompt_sha256}, {done.quotes} quotes"
    )
    for other in done.differences:
        console.print("\n".join([f"{other.what}: recorded {other.recorded}, now {other.now}", *other.lines]))
    console.print("differs" if done.differences else "the same, byte for byte")
    return 1 if done.differences else 0


def _verify(words: Sequence[str]) -> int:
    argparse.ArgumentParser(prog="python -m app verify", description="Reads the whole ledger.").parse_args(words)
    audit = open_ledger(load_settings()).verify()
    for problem in audit.problems:
        sys.stdout.write(f"{problem}\n")
    after = f", {audit.unanchored} after the anchor" if audit.unanchored else ""
    sys.stdout.write(f"{audit.rows} entries{after}, {len(audit.problems)} problems\n")
    return 1 if audit.problems else 0


_COMMANDS = {"chat": _chat, "replay": _replay, "verify": _verify}


def _answer_batch(assistant: Assistant, lines: Iterable[str], filters: Filters, settings: Settings) -> None:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        case = _read_case(line, number)
        answer = assistant.ask(
            case["question"],
            history=[_turn(turn) for turn in case.get("history") or ()],
            filters=_case_filters(case, filters),
            reader=Reader("batch", frozenset(_lower(case["readers"])))
            if case.get("readers")
            else local_reader(settings),
        )
        sys.stdout.write(_as_json(replace(answer, id=str(case.get("id") or answer.id))) + "\n")
        sys.stdout.flush()


def _read_case(line: str, number: int) -> Mapping[str, Any]:
    try:
        case = json.loads(line)
    except ValueError as error:
        raise CaseError(f"line {number} is not JSON: {error}") from error
    if isinstance(case, str):
        return {"question": case}
    if not isinstance(case, dict) or not isinstance(case.get("question"), str):
        raise CaseError(f'line {number} has no "question"')
    return case


def _turn(turn: object) -> Turn:
    if isinstance(turn, Mapping):
        text = str(turn.get("content") or turn.get("text") or "")
        return Turn("assistant", text) if turn.get("role") == "assistant" else Turn("user", text)
    return Turn("user", str(turn))


def _case_filters(case: Mapping[str, Any], filters: Filters) -> Filters:
    as_of = date.fromisoformat(case["as_of"]) if case.get("as_of") else filters.as_of
    return Filters(as_of, _lower(case.get("rails") or filters.rails), _lower(case.get("regions") or filters.regions))


def _lower(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name.strip().lower() for name in names)


def _as_json(answer: Answer) -> str:
    return json.dumps(asdict(answer), ensure_ascii=False, default=str)


if __name__ == "__main__":
    sys.exit(main())
