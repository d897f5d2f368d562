"""The worker process: reads one JSON line a document on stdin, parses it, answers with one JSON line.

The document goes as compressed JSON into the file that the line names. See ingest/pool.py for the other end.
"""

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

import psutil

from ingest.errors import ParseError
from ingest.limits import MEGABYTE, Limits
from ingest.parsed import write_document


def main() -> None:
    """Serve jobs from stdin until it closes."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # whatever a library prints must not be taken for an answer
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin.buffer:
        order: dict[str, Any] = json.loads(line)
        limits = Limits(**order["limits"])
        limits.apply()
        try:
            reason = _parse(Path(order["path"]), Path(order["out"]), order["ocr"], limits)
        except OSError as error:  # the run's disk is at fault, not the document
            answers.write(json.dumps({"errno": error.errno, "message": error.strerror}).encode() + b"\n")
            return
        except ImportError as error:  # so is the installation: no document may be blamed for it
            answers.write(json.dumps({"broken": str(error)}).encode() + b"\n")
            return
        used_mb = psutil.Process().memory_info().rss / MEGABYTE
        # A worker that has grown, or ran out of memory, is in no state to read the next document.
        end = used_mb > limits.memory_mb / 2 or reason == limits.too_large
        answers.write(json.dumps({"reason": reason, "end": end}).encode() + b"\n")


def _parse(path: Path, out: Path, ocr: str, limits: Limits) -> str:
    """Why the file could not be parsed, or ""."""
    from ingest.parse import parse_file  # noqa: PLC0415 -- only workers need the parsers

    try:
        document = parse_file(path, ocr=ocr)
    except ParseError as error:
        return str(error)
    except MemoryError:
        return limits.too_large
    except RecursionError:
        return "its parts are nested too deeply to read (save it again with the program it was made with)"
    except ImportError:
        raise
    except Exception as error:  # noqa: BLE001 -- any failure of a parser is that document's alone
        details = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        return f"the program can't read it, and its makers should know ({details})"
    write_document(document, out)
    return ""


if __name__ == "__main__":
    main()
