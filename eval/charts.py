"""Charts as inline SVG: no script, no colour that does not follow the page's light or dark theme."""

from collections.abc import Sequence
from html import escape
from math import ceil, floor

from eval.stats import percentile


def bars(rows: Sequence[tuple[str, float, str]], title: str) -> str:
    """Horizontal bars of values 0 to 1: (label, value, text beside the bar)."""
    height, left, width = 26, 210, 240
    parts = []
    for i, (label, value, note) in enumerate(rows):
        y = i * height
        size = max(0.0, min(1.0, value)) * width
        parts.append(f'<text class="label" x="{left - 8}" y="{y + 17}" text-anchor="end">{escape(label[:30])}</text>')
        parts.append(f'<rect class="track" x="{left}" y="{y + 5}" width="{width}" height="16" rx="3"/>')
        parts.append(f'<rect class="bar" x="{left}" y="{y + 5}" width="{size:.1f}" height="16" rx="3"/>')
        parts.append(f'<text class="value" x="{left + width + 8}" y="{y + 17}">{escape(note)}</text>')
    return _svg(left + width + 90, len(rows) * height + 4, title, parts)


def interval_bar(value: float, low: float, high: float, bound: float | None, title: str) -> str:
    """A value 0 to 1 on a scale, with its interval as a band and the bound it must keep as a tick."""
    width, middle = 200, 9

    def x(share: float) -> float:
        return 4 + max(0.0, min(1.0, share)) * (width - 8)

    between = max(2.0, x(high) - x(low))
    parts = [
        f'<rect class="track" x="0" y="{middle - 3}" width="{width}" height="6" rx="3"/>',
        f'<rect class="band" x="{x(low):.1f}" y="{middle - 3}" width="{between:.1f}" height="6" rx="3"/>',
        f'<circle class="dot" cx="{x(value):.1f}" cy="{middle}" r="5"/>',
    ]
    if bound is not None:
        parts.append(f'<line class="bound" x1="{x(bound):.1f}" y1="1" x2="{x(bound):.1f}" y2="{2 * middle - 1}"/>')
    return _svg(width, 2 * middle, title, parts)


def histogram(values: Sequence[float], title: str, unit: str) -> str:
    """How often values fall into equal steps up to the 99th percentile; median and 95th percentile are marked.

    What is longer falls into the last step.
    """
    if not values:
        return ""
    steps, width, height = 30, 640, 130
    top = percentile(values, 0.99) or max(values) or 1.0
    counts = [0] * steps
    for value in values:
        counts[max(0, min(steps - 1, int(value / top * steps)))] += 1
    most, each, room = max(counts), width / steps, height - 30
    parts = [
        f'<rect class="bar" x="{i * each + 1:.1f}" y="{height - count / most * room:.1f}" '
        f'width="{each - 2:.1f}" height="{count / most * room:.1f}" rx="1.5"><title>{count}</title></rect>'
        for i, count in enumerate(counts)
        if count
    ]
    parts.append(f'<line class="axis" x1="0" y1="{height}" x2="{width}" y2="{height}"/>')
    for share, name, y in ((0.5, "half within", 12), (0.95, "95% within", 26)):
        value = percentile(values, share)
        x = min(width, value / top * width)
        anchor = "end" if x > width * 0.7 else "start"
        shift = -5 if anchor == "end" else 5
        parts.append(f'<line class="bound" x1="{x:.1f}" y1="{y - 10}" x2="{x:.1f}" y2="{height}"/>')
        words = escape(f"{name} {value:.2g} {unit}")
        parts.append(f'<text class="value" x="{x + shift:.1f}" y="{y}" text-anchor="{anchor}">{words}</text>')
    parts.append(f'<text class="label" x="0" y="{height + 18}">0</text>')
    last = escape(f"{top:.3g} {unit} and more")
    parts.append(f'<text class="label" x="{width}" y="{height + 18}" text-anchor="end">{last}</text>')
    return _svg(width, height + 24, title, parts)


def curve(points: Sequence[tuple[str, float]], title: str, *, zoom: bool = False) -> str:
    """A line through values 0 to 1 at evenly spaced, labelled places; `zoom` shows only the range they use."""
    width, height, left = 640, 190, 44
    values = [value for _, value in points]
    low = max(0.0, floor(10 * min(values) - 0.5) / 10) if zoom else 0.0
    high = min(1.0, ceil(10 * max(values) + 0.5) / 10) if zoom else 1.0
    gap = (width - left) / max(1, len(points))

    def y(value: float) -> float:
        return 24 + (high - value) / (high - low) * (height - 38)

    lines = [low + (high - low) * i / 4 for i in range(5)] if not zoom else _tenths(low, high)
    parts = [f'<line class="axis" x1="{left}" y1="{y(v):.1f}" x2="{width}" y2="{y(v):.1f}"/>' for v in lines]
    parts += [f'<text class="label" x="{left - 8}" y="{y(v) + 4:.1f}" text-anchor="end">{v:.0%}</text>' for v in lines]
    places = [(left + gap * (i + 0.5), y(value)) for i, value in enumerate(values)]
    parts.append(f'<polyline class="line" points="{" ".join(f"{x:.1f},{z:.1f}" for x, z in places)}"/>')
    every = ceil(len(points) / 6)
    for i, ((x, z), (label, value)) in enumerate(zip(places, points, strict=True)):
        parts.append(
            f'<circle class="dot" cx="{x:.1f}" cy="{z:.1f}" r="4"><title>{escape(label)}: {value:.3f}</title></circle>'
        )
        if not zoom or i in (0, len(points) - 1):
            parts.append(f'<text class="value" x="{x:.1f}" y="{z - 9:.1f}" text-anchor="middle">{value:.0%}</text>')
        if (len(points) - 1 - i) % every == 0:
            parts.append(
                f'<text class="label" x="{x:.1f}" y="{height + 14}" text-anchor="middle">{escape(label)}</text>'
            )
    return _svg(width, height + 20, title, parts)


def reliability_diagram(points: Sequence[tuple[float, float, int]], title: str) -> str:
    """Stated against actual share (both 0 to 1) with the diagonal of a perfect match; a larger dot has more cases."""
    side, left = 300, 44

    def place(stated: float, actual: float) -> tuple[float, float]:
        return left + stated * side, 10 + (1 - actual) * side

    parts = []
    for v in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = place(v, v)
        parts.append(f'<line class="axis" x1="{left}" y1="{y:.1f}" x2="{left + side}" y2="{y:.1f}"/>')
        parts.append(f'<text class="label" x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{v:.0%}</text>')
        parts.append(f'<text class="label" x="{x:.1f}" y="{side + 28}" text-anchor="middle">{v:.0%}</text>')
    (x1, y1), (x2, y2) = place(0, 0), place(1, 1)
    parts.append(f'<line class="bound" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>')
    most = max((n for _, _, n in points), default=1)
    for stated, actual, n in points:
        x, y = place(stated, actual)
        told = f"stated {stated:.0%}, actual {actual:.0%}, {n} cases"
        size = 3 + 9 * (n / most) ** 0.5
        parts.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}"><title>{told}</title></circle>')
    return _svg(left + side + 20, side + 36, title, parts)


def _tenths(low: float, high: float) -> list[float]:
    return [i / 10 for i in range(round(low * 10), round(high * 10) + 1)]


def _svg(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )
