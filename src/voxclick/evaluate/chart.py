"""A line chart as inline SVG, coloured by the page's style so that it fits light and dark."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from voxclick.evaluate.summary import Step

WIDTH, HEIGHT = 560, 320
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 14, 44


@dataclass(frozen=True)
class Curve:
    """One line of a chart.

    Attributes:
        title: What the legend calls it.
        style: CSS class that colours it.
        points: One a step.
    """

    title: str
    style: str
    points: Sequence[Step]


def draw_chart(steps: Sequence[int], curves: Sequence[Curve]) -> str:
    """Means from 0 to 1 over the steps, with the 95 % interval as a band, as an `svg` element."""
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="'
        f'{escape(" and ".join(curve.title for curve in curves))} over the clicks">'
    ]
    for tenth in range(0, 11, 2):
        y = _y(tenth / 10)
        parts.append(f'<line class="rule" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="tick" x="{LEFT - 8}" y="{y + 4}">{tenth / 10:.1f}</text>')
    every = -(-len(steps) // 12)
    for place, step in enumerate(steps):
        if place % every == 0:
            x = _x(place, len(steps))
            told = str(step) if step else "first"
            parts.append(
                f'<text class="tick middle" x="{x}" y="{HEIGHT - BOTTOM + 18}">{told}</text>'
            )
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text class="axis middle" x="{middle}" y="{HEIGHT - 6}">clicks</text>')
    for place, curve in enumerate(curves):
        parts.extend(_draw(curve))
        y = HEIGHT - BOTTOM - 16 - 20 * (len(curves) - 1 - place)
        x = WIDTH - RIGHT - 96
        parts.append(f'<line class="line {curve.style}" x1="{x}" x2="{x + 24}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="legend" x="{x + 32}" y="{y + 4}">{escape(curve.title)}</text>')
    return "".join([*parts, "</svg>"])


def _draw(curve: Curve) -> list[str]:
    count = len(curve.points)
    drawn = []
    band = [(place, p.low, p.high) for place, p in enumerate(curve.points)]
    edges = [(_x(place, count), _y(high)) for place, _, high in band if high is not None]
    edges += [(_x(place, count), _y(low)) for place, low, _ in reversed(band) if low is not None]
    if edges:
        drawn.append(f'<polygon class="band {curve.style}" points="{_path(edges)}"/>')
    line = [(_x(place, count), _y(point.mean)) for place, point in enumerate(curve.points)]
    drawn.append(f'<polyline class="line {curve.style}" points="{_path(line)}"/>')
    for (x, y), point in zip(line, curve.points, strict=True):
        drawn.append(
            f'<circle class="dot {curve.style}" cx="{x}" cy="{y}" r="3.5">'
            f"<title>{escape(curve.title)} {point.mean:.3f}, median {point.median:.3f}</title>"
            "</circle>"
        )
    return drawn


def _x(place: int, count: int) -> float:
    inner = WIDTH - RIGHT - LEFT - 24
    return round(LEFT + 12 + inner * (place / (count - 1) if count > 1 else 0.5), 1)


def _y(value: float) -> float:
    return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - value), 1)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)
