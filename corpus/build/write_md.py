"""Source -> Markdown runbook as kept in a team's repository."""

import re

from inline import nested, plain, runs
from source import Block, Source
from write_pdf import day

QUOTED = {"note": "Note", "warning": "Warning", "tip": "Tip", "textbox": "Box"}


def write(source: Source) -> bytes:
    """The runbook's bytes: title, control lines, body."""
    meta = source.meta
    facts = (
        f"Document: {meta['id']} | Version: {meta['version']} | Effective: {day(meta['effective_from'])}",
        f"Owner: {meta['owner']} | Approved by: {meta['approver']}, {day(meta['approved_on'])} | Replaces: {meta['supersedes'] or '-'}",
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
    match block.kind:
        case "heading":
            return f"{'#' * (block.level + 1)} {_inline(block.text)}"
        case "para":
            return _inline(block.text)
        case "list":
            return "\n".join(_item(i.depth, i.number, _inline(i.text)) for i in block.items)
        case "table":
            return _table(block)
        case "flow":
            return _mermaid(block)
        case "hidden":
            return "".join(f"<!-- {plain(c.text)} -->" for c in block.children)
        case "stamp" | "hand" | "comment" | "pagebreak":
            return ""
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
