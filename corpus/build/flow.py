"""A flow chart: lines of a `flow` directive -> boxes and arrows with positions in points, top left is 0, 0."""

import re
from dataclasses import dataclass, replace

from reportlab.lib.utils import simpleSplit

BOX_WIDTH, LINE, PAD, GAP_X, GAP_Y = 128.0, 10.0, 7.0, 26.0, 26.0
FONT, SIZE = "Helvetica", 8.0


@dataclass(frozen=True, slots=True)
class Node:
    """A box; `shape` is step, decision or end (start or end of the flow)."""

    key: str
    shape: str
    lines: tuple[str, ...]
    x: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow along `points`, with its label at the first bend."""

    points: tuple[tuple[float, float], ...]
    label: str
    label_at: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Chart:
    """The whole drawing, in points."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    width: float
    height: float


def chart(lines: tuple[str, ...]) -> Chart:
    """Lay out the flow: longest path from the first box gives the layer, order in the text the column."""
    texts, links = _read(lines)
    layers = _layers(list(texts), links)
    nodes = _place(texts, layers)
    width = max(n.x for n in nodes.values()) + BOX_WIDTH
    back = sum(1 for a, b, _ in links if layers[b] != layers[a] + 1)
    edges, lane = [], 0
    for a, b, label in links:
        if layers[b] == layers[a] + 1:
            edges.append(_down(nodes[a], nodes[b], label))
            continue
        lane += 1
        outer = -10.0 * lane if _hemmed(nodes[a], nodes) else width + 10 * lane
        edges.append(_around(nodes[a], nodes[b], label, outer))
    height = max(n.y + n.height for n in nodes.values())
    return _shift(Chart(tuple(nodes.values()), tuple(edges), width + 10 * back + 8, height))


def _hemmed(node: Node, nodes: dict[str, Node]) -> bool:
    """Whether another box stands to the right in the same layer, so that an arrow must leave to the left."""
    return any(n.y == node.y and n.x > node.x for n in nodes.values())


def _shift(drawn: Chart) -> Chart:
    """Move everything right so that arrows on the left stay on the paper."""
    left = min([0.0, *(x for e in drawn.edges for x, _ in e.points)])
    nodes = tuple(replace(n, x=n.x - left) for n in drawn.nodes)
    edges = tuple(
        Edge(tuple((x - left, y) for x, y in e.points), e.label, (e.label_at[0] - left, e.label_at[1]))
        for e in drawn.edges
    )
    return Chart(nodes, edges, drawn.width - left, drawn.height)


def _read(lines: tuple[str, ...]) -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    texts: dict[str, str] = {}
    links: list[tuple[str, str, str]] = []
    for line in lines:
        key, rest = line.split(":", 1)
        text, _, targets = rest.partition("->")
        texts[key.strip()] = text.strip()
        for target in filter(None, (t.strip() for t in targets.split(","))):
            match = re.fullmatch(r"(\w+)(?: \[(.+)\])?", target)
            if not match:
                raise ValueError(f"flow target '{target}'")
            links.append((key.strip(), match[1], match[2] or ""))
    return texts, links


def _layers(keys: list[str], links: list[tuple[str, str, str]]) -> dict[str, int]:
    """Longest path over the arrows that point down the text; arrows back up do not count."""
    order = {key: n for n, key in enumerate(keys)}
    layers = dict.fromkeys(keys, 0)
    for key in keys:
        for a, b, _ in links:
            if a == key and order[b] > order[a]:
                layers[b] = max(layers[b], layers[a] + 1)
    return layers


def _place(texts: dict[str, str], layers: dict[str, int]) -> dict[str, Node]:
    nodes: dict[str, Node] = {}
    widest = max(list(layers.values()).count(n) for n in set(layers.values()))
    y = 0.0
    for layer in sorted(set(layers.values())):
        keys = [k for k in texts if layers[k] == layer]
        made = [_node(k, texts[k]) for k in keys]
        shift = (widest - len(keys)) * (BOX_WIDTH + GAP_X) / 2
        for column, (key, shape, wrapped, height) in enumerate(made):
            nodes[key] = Node(key, shape, wrapped, shift + column * (BOX_WIDTH + GAP_X), y, height)
        y += max(m[3] for m in made) + GAP_Y
    return nodes


def _node(key: str, text: str) -> tuple[str, str, tuple[str, ...], float]:
    shape = "end" if text.startswith("(") else "decision" if text.endswith("?") else "step"
    room = BOX_WIDTH - (44 if shape == "decision" else 2 * PAD)
    wrapped = tuple(simpleSplit(text.strip("()"), FONT, SIZE, room))
    height = len(wrapped) * LINE + 2 * PAD + (22 if shape == "decision" else 0)
    return key, shape, wrapped, height


def _down(a: Node, b: Node, label: str) -> Edge:
    x1, y1, x2, y2 = a.x + BOX_WIDTH / 2, a.y + a.height, b.x + BOX_WIDTH / 2, b.y
    middle = y2 - GAP_Y / 2
    points = ((x1, y1), (x1, middle), (x2, middle), (x2, y2))
    return Edge(points, label, (x2 + 4, middle + 9))


def _around(a: Node, b: Node, label: str, lane: float) -> Edge:
    right = BOX_WIDTH if lane > 0 else 0.0
    x1, y1 = a.x + right, a.y + a.height / 2
    x2, y2 = b.x + right, b.y + b.height / 2
    return Edge(((x1, y1), (lane, y1), (lane, y2), (x2, y2)), label, (x1 + (4 if right else -16), y1 - 3))
