"""Draw how costs grow, as a small SVG that follows the reader's colour scheme."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 460, 60, 200, 20, 50
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#a05a2c")
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #222 } .axis { stroke: #888; fill: none }
.limit { stroke: #888; fill: none; stroke-dasharray: 5 4 } .line { fill: none; stroke-width: 2 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } }
"""


def draw(path: Path, results: Mapping[int, Mapping[str, float]], names: Sequence[str]) -> None:
    """Write a plot of each measure as a multiple of its value at the smallest size, both axes logarithmic, and of
    n log n."""
    sizes = sorted(results)
    if len(sizes) < 2:
        return
    smallest = sizes[0]
    factors = {name: [results[size][name] / results[smallest][name] for size in sizes] for name in names}
    limit = [size * math.log(size) / (smallest * math.log(smallest)) for size in sizes]
    low = min(min(min(values) for values in factors.values()), 1)
    high = max(max(max(values) for values in factors.values()), limit[-1])

    def x(size: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(size / smallest) / math.log(sizes[-1] / smallest)

    def y(factor: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * math.log(factor / low) / math.log(high / low)

    def line(values: Sequence[float], attributes: str) -> str:
        points = " ".join(f"{x(size):.0f},{y(value):.0f}" for size, value in zip(sizes, values, strict=True))
        return f'<polyline points="{points}" {attributes}/>'

    parts = [f'<path class="axis" d="M{LEFT} {TOP} V{HEIGHT - BOTTOM} H{WIDTH - RIGHT}"/>']
    parts += [f'<text x="{x(size):.0f}" y="{HEIGHT - 28}" text-anchor="middle">{size:,}</text>' for size in sizes]
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle">books</text>')
    for power in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1):
        parts.append(f'<text x="{LEFT - 8}" y="{y(10**power) + 4:.0f}" text-anchor="end">{10**power:g} ×</text>')
    parts.append(line(limit, 'class="limit"'))
    ends = [(limit[-1], "n log n", "#888")]
    for number, (name, values) in enumerate(factors.items()):
        colour = COLOURS[number % len(COLOURS)]
        parts.append(line(values, f'class="line" stroke="{colour}"'))
        ends.append((values[-1], name, colour))
    at = math.inf  # labels stand beside their lines, but not on each other
    for factor, name, colour in sorted(ends):
        at = min(y(factor) + 4, at - 15)
        parts.append(f'<text x="{WIDTH - RIGHT + 8}" y="{at:.0f}" style="fill: {colour}">{escape(name)}</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
    title = "<title>Costs by the number of books, as multiples of those of the smallest site</title>"
    path.write_text("\n".join([head, title, f"<style>{STYLE}</style>", *parts, "</svg>", ""]), encoding="utf-8")
