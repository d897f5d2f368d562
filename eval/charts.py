"""Charts as inline SVG: no script, no colour that does not follow the page's light or dark theme."""

from collections.abc import Sequence
from html import escape


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


def histogram(values: Sequence[float], title: str, unit: str) -> str:
    """How often values fall into equal steps, with the axis marked at both ends."""
    if not values:
        return ""
    steps, width, height = 24, 640, 120
    top = max(values) or 1.0
    counts = [0] * steps
    for value in values:
        counts[min(steps - 1, int(value / top * steps))] += 1
    most = max(counts)
    each = width / steps
    parts = [
        f'<rect class="bar" x="{i * each + 1:.1f}" y="{height - count / most * (height - 10):.1f}" '
        f'width="{each - 2:.1f}" height="{count / most * (height - 10):.1f}"><title>{count}</title></rect>'
        for i, count in enumerate(counts)
        if count
    ]
    parts.append(f'<line class="axis" x1="0" y1="{height}" x2="{width}" y2="{height}"/>')
    parts.append(f'<text class="label" x="0" y="{height + 18}">0</text>')
    parts.append(f'<text class="label" x="{width}" y="{height + 18}" text-anchor="end">{top:.3g} {escape(unit)}</text>')
    return _svg(width, height + 24, title, parts)


def curve(points: Sequence[tuple[str, float]], title: str) -> str:
    """A line through values 0 to 1 at evenly spaced, labelled places (hit rate against rank)."""
    width, height = 640, 170
    gap = width / max(1, len(points))
    places = [(gap * (i + 0.5), height - value * (height - 24)) for i, (_, value) in enumerate(points)]
    parts = [f'<line class="axis" x1="0" y1="{height}" x2="{width}" y2="{height}"/>']
    parts.append(f'<polyline class="line" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>')
    for (x, y), (label, value) in zip(places, points, strict=True):
        parts.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4"/>')
        parts.append(f'<text class="value" x="{x:.1f}" y="{y - 9:.1f}" text-anchor="middle">{value:.2f}</text>')
        parts.append(f'<text class="label" x="{x:.1f}" y="{height + 18}" text-anchor="middle">{escape(label)}</text>')
    return _svg(width, height + 24, title, parts)


def _svg(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )
