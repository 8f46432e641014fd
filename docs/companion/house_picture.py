"""The map of the house as one SVG: boxes in rows, an arrow from each part down to what it imports."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from .imports import House, Part

WIDTH, GAP, HEIGHT, ROOM, MARGIN = 132, 14, 46, 34, 4
"""Of a column, between columns, of a box, between rows, around all."""


def picture(house: House) -> str:
    """The picture, with a title and a description for those who do not see it."""
    columns = max(part.columns[1] for part in house.parts)
    rows = max(part.row for part in house.parts) + 1
    width = columns * (WIDTH + GAP) - GAP + 2 * MARGIN
    height = rows * (HEIGHT + ROOM) - ROOM + 2 * MARGIN
    drawn = "\n".join([*arrows(house), *boxes(house)])
    return f"""<svg class="house" viewBox="0 0 {width} {height}" role="img"
 aria-labelledby="house-t house-d">
<title id="house-t">The parts of the house and what each imports</title>
<desc id="house-d">{escape(in_words(house))}</desc>
<defs><marker id="house-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"
 orient="auto"><path d="M0 0.5 8 4 0 7.5z"/></marker></defs>
{drawn}
</svg>"""


def in_words(house: House) -> str:
    """All arrows as sentences."""
    return " ".join(
        f"{part.name} imports {', '.join(knows)}."
        for part in house.parts
        if (knows := [to for start, to in house.arrows if start == part.name])
    )


def corner(part: Part) -> tuple[float, float, float]:
    """Left, top and width of a part's box."""
    first, last = part.columns
    left, top = MARGIN + first * (WIDTH + GAP), MARGIN + part.row * (HEIGHT + ROOM)
    return left, top, (last - first) * (WIDTH + GAP) - GAP


def boxes(house: House) -> Iterator[str]:
    """A box for each part, which leads to its page."""
    for part in house.parts:
        left, top, width = corner(part)
        number, middle = len(house.modules[part.name]), left + width / 2
        size = f"{number} module{'s' * (number > 1)}, {house.lines(part):,} lines"
        yield (
            f'<a href="api/{part.speaks}.html"><rect x="{left}" y="{top}" width="{width}" height="{HEIGHT}"'
            f' rx="5"/><text x="{middle:g}" y="{top + 20}" class="name">{escape(part.name)}</text>'
            f'<text x="{middle:g}" y="{top + 36}" class="size">{size}</text></a>'
        )


def arrows(house: House) -> Iterator[str]:
    """An arrow for each import that does not follow from others, spread along the edges of the boxes."""
    parts = {part.name: part for part in house.parts}
    found = house.arrows
    leaving = {
        name: sorted((a for a in found if a[0] == name), key=lambda a: centre(parts[a[1]]))
        for name in parts
    }
    coming = {
        name: sorted((a for a in found if a[1] == name), key=lambda a: centre(parts[a[0]]))
        for name in parts
    }
    for start, to in found:
        x, y = port(parts[start], leaving[start].index((start, to)), len(leaving[start]), parts[to])
        x2, _ = port(parts[to], coming[to].index((start, to)), len(coming[to]), parts[start])
        y, y2 = y + HEIGHT, corner(parts[to])[1] - 1
        bend = min(ROOM, (y2 - y)) * 0.6
        curve = f"C{x:g} {y + bend:g} {x2:g} {y2 - bend:g} {x2:g} {y2:g}"
        yield f'<path class="arrow" d="M{x:g} {y:g}{curve}"/>'


def centre(part: Part) -> float:
    """Where a part is, from left to right."""
    return sum(part.columns) / 2


def port(part: Part, place: int, of: int, other: Part) -> tuple[float, float]:
    """Where an arrow meets a box: under the other box if it is alone, else in its place among all."""
    left, top, width = corner(part)
    if of == 1:
        other_left, _, other_width = corner(other)
        low, high = max(left, other_left), min(left + width, other_left + other_width)
        return ((low + high) / 2 if low < high else left + width / 2), top
    return left + width * (place + 1) / (of + 1), top
