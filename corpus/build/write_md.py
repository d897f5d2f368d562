"""Source -> Markdown runbook as kept in a team's repository."""

import re
from collections.abc import Callable

from inline import nested, plain, runs
from printing import day
from source import Block, Source

QUOTED = {"note": "Note", "warning": "Warning", "tip": "Tip", "textbox": "Box"}


def write(source: Source) -> bytes:
    """The runbook's bytes: title, control lines, body."""
    meta = source.meta
    approved = f"{meta['approver']}, {day(meta['approved_on'])}"
    facts = (
        f"Document: {meta['id']} | Version: {meta['version']} | Effective: {day(meta['effective_from'])}",
        f"Owner: {meta['owner']} | Approved by: {approved} | Replaces: {meta['supersedes'] or '-'}",
    )
    body = "\n\n".join(filter(None, (_block(b) for b in source.blocks)))
    return f"# {meta['title']}\n\n{facts[0]}  \n{facts[1]}\n\n{body}\n".encode()


def _inline(text: str) -> str:
    own, rows = nested(text)
    out = ""
    for run in runs(own):
        marks = {"bold": "**", "status": "**", "italic": "*", "code": "`"}.get(run.kind, "")
        if run.kind == "link":
            out += f"[{run.text}]({run.href})"
        elif run.kind == "br":
            out += "<br>"
        elif run.kind != "deleted":
            out += f"{marks}{run.text}{marks}"
    return "<br>".join(filter(None, [out, *(": ".join(r) for r in rows)]))


def _block(block: Block) -> str:
    return WRITERS.get(block.kind, _nested)(block)


def _heading(block: Block) -> str:
    return f"{'#' * (block.level + 1)} {_inline(block.text)}"


def _para(block: Block) -> str:
    return _inline(block.text)


def _list(block: Block) -> str:
    return "\n".join(_item(i.depth, i.number, _inline(i.text)) for i in block.items)


def _hidden(block: Block) -> str:
    return "".join(f"<!-- {plain(c.text)} -->" for c in block.children)


def _nothing(block: Block) -> str:
    """Comments, stamps and page breaks have no place in Markdown."""
    return ""


def _nested(block: Block) -> str:
    inner = "\n\n".join(_block(c) for c in block.children)
    if block.kind in QUOTED:
        lines = f"**{block.text or QUOTED[block.kind]}**\n\n{inner}".split("\n")
        return "\n".join(f"> {line}".rstrip() for line in lines)
    return "\n\n".join(filter(None, [f"**{block.text}**" if block.text else "", inner]))


def _item(depth: int, number: str, text: str) -> str:
    return f"{'   ' * depth}{number + '.' if number else '-'} {text}"


def _table(block: Block) -> str:
    rows = [[_inline(c).replace("|", "\\|") for c in row] for row in block.rows]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    return "\n".join(([f"{block.text}\n"] if block.text else []) + lines)


def _mermaid(block: Block) -> str:
    lines = ["```mermaid", "flowchart TD"]
    for line in block.lines:
        key, _, rest = line.partition(":")
        text, _, targets = rest.partition("->")
        lines.append(f'  {key.strip()}["{text.strip(" ()")}"]')
        for target in filter(None, (t.strip() for t in targets.split(","))):
            match = re.fullmatch(r"(\w+)(?: \[(.+)\])?", target)
            if match:
                lines.append(f"  {key.strip()} -->{f'|{match[2]}|' if match[2] else ''} {match[1]}")
    return "\n".join([*lines, "```", "", f"*{block.text}*"])


WRITERS: dict[str, Callable[[Block], str]] = {
    "heading": _heading,
    "para": _para,
    "list": _list,
    "table": _table,
    "flow": _mermaid,
    "hidden": _hidden,
    **dict.fromkeys(("stamp", "hand", "comment", "pagebreak"), _nothing),
}
