"""Builds the sample library: `python corpus/build [ID ...]` writes library/, golden/ and the README table.

With ids only those documents are written anew; register, golden files and table always are.
"""

import sys

import golden
import library
from render import render
from source import LIBRARY, SourceError, load_all


def main(only: tuple[str, ...]) -> int:
    """Build; 1 when something in the sources is wrong."""
    try:
        sources = load_all()
        for source in load_all(only):
            path = LIBRARY / source.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(render(source))
            print(f"{source.file}  {path.stat().st_size // 1024} KB")
    except SourceError as problem:
        print(f"corpus: {problem}", file=sys.stderr)
        return 1
    (LIBRARY / "register.yaml").write_text(library.register(sources), encoding="utf-8")
    problems = golden.build(sources) + library.cross_references(sources)
    library.README.write_text(library.readme(sources), encoding="utf-8")
    for line in problems:
        print(f"corpus: {line}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:])))
