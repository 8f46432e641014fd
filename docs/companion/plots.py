"""What was measured of the referee, as pictures: SVG in the page itself, in the page's own colours.

Matplotlib draws with stand-in colours, which become the variables of ``trust.css``, so that one picture
serves light and dark; its text stays text.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from math import log10
from statistics import median
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from .measured import each, power

INK, FAINT = "#010203", "#040506"
SERIES = ("#0a0101", "#0a0202", "#0a0303", "#0a0404", "#0a0505")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (2, 1.2)), (0, (6, 1.5, 1, 1.5)), (0, (1, 1)))
COLOURS = {INK: "currentColor", FAINT: "var(--plot-faint)"} | {
    colour: f"var(--plot-{number})" for number, colour in enumerate(SERIES, start=1)
}
SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "the same at every build",
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.4,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
}
WIDTH = 4.9
"""Inches; narrow, so that the words can be read on a phone."""


@contextmanager
def plot(name: str, title: str, height: float, svg: list[str]) -> Iterator[Axes]:
    """Axes to draw on; afterwards ``svg`` has the picture, with a title for those who do not see it."""
    with mpl.rc_context(SETTINGS):
        figure = Figure((WIDTH, height), layout="constrained")
        yield figure.add_subplot()
        file = io.StringIO()
        FigureCanvasSVG(figure).print_svg(  # type: ignore[no-untyped-call]
            file, metadata={"Date": None, "Creator": None}
        )
    svg.append(in_page(file.getvalue(), name, title))


def in_page(drawn: str, name: str, title: str) -> str:
    """An SVG file as a part of a page: names of its own, the page's colours, and no white ground."""
    body = drawn[drawn.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r'<g id="patch_1">.*?</g>', "", body, count=1, flags=re.DOTALL)  # the figure's ground
    body = re.sub(r'<g id="patch_2">\s*<path [^>]*fill: #ffffff[^>]*/>\s*</g>', "", body, count=1)
    body = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{name}-", body)
    for stand_in, colour in COLOURS.items():
        body = body.replace(stand_in, colour)
    view = re.search(r'viewBox="[^"]*"', body)
    assert view
    opening = f'<svg class="plot" {view[0]} role="img" aria-labelledby="{name}-title">'
    body = opening + f'<title id="{name}-title">{escape(title)}</title>' + body[body.index(">") + 1 :]
    return re.sub(r"\n\s*", "\n", body).replace("\n\n", "\n")  # no blank line, which would end the HTML


def drawn(what: Callable[..., None], *arguments: Any) -> str:
    """The picture that a function draws."""
    svg: list[str] = []
    what(svg, *arguments)
    return svg[0]


# --- the pictures -------------------------------------------------------------------------------------


def faults(svg: list[str], part: Mapping[str, Any]) -> None:
    """The share of equations in which a fault was seen, by its size, after some instances."""
    sizes = [float(size) for size in part["within"]]
    after = sorted({1, min(10, part["examples"]), part["examples"]}, reverse=True)
    title = "Share of the equations in which a planted fault was seen, by the size of the fault"
    with plot("faults", title, 3.1, svg) as axes:
        for number, instances in enumerate(after):
            shares = [100 * seen[instances - 1] / part["equations"] for seen in part["within"].values()]
            label = f"within {instances} instance{'s' * (instances > 1)}"
            style = DASHES[number]
            axes.plot(sizes, shares, color=SERIES[number], linestyle=style, marker="o", ms=3, label=label)
        by_size(axes, sizes)
        axes.set_ylabel("% of the equations")
        axes.legend(loc="lower left")


def sight(svg: list[str], part: Mapping[str, Any]) -> None:
    """The share of instances on which each checker saw a fault, over the two equations."""
    sizes = [10.0**-power for power in range(16)]
    title = "Share of the instances on which each checker saw a planted fault, by the size of the fault"
    every = list(part["seen"].values())
    with plot("sight", title, 3.5, svg) as axes:
        for number, name in enumerate(every[0]):
            seen = [sum(numbers[name][place] for numbers in every) for place in range(len(sizes))]
            shares = [100 * one / (part["instances"] * len(every)) for one in seen]
            colour, style = SERIES[number], DASHES[number]
            axes.plot(sizes, shares, color=colour, linestyle=style, marker="o", ms=3, label=name)
        by_size(axes, sizes)
        axes.set_ylabel("% of the instances")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, fontsize=8.5)


def by_size(axes: Axes, sizes: Sequence[float]) -> None:
    """The size of a fault to the right, smaller and smaller; a share upwards."""
    axes.set_xscale("log")
    axes.set_xlim(max(sizes) * 2, min(sizes) / 2)
    axes.minorticks_off()
    ticks = [size for size in sizes if round(-log10(size)) % 3 == 0 and size > 3e-16]
    axes.set_xticks(ticks, [power(size) for size in ticks])
    axes.set_ylim(-3, 103)
    axes.set_xlabel("fault in one entry, of its own size")


def alarms(svg: list[str], part: Mapping[str, Any]) -> None:
    """How near the worst error of each equation comes to what is permitted."""
    worst = [100 * value / part["permitted"] for value in part["worst"].values() if value]
    title = "How many equations have a worst error of how many percent of what is permitted"
    with plot("alarms", title, 2.4, svg) as axes:
        axes.hist(worst, bins=[2.5 * edge for edge in range(41)], color=SERIES[0])
        axes.axvline(100, color=INK, linewidth=1.2)
        axes.annotate(
            "an alarm, from here",
            (100, axes.get_ylim()[1] * 0.9),
            (-4, 0),
            textcoords="offset points",
            ha="right",
        )
        axes.set_xlim(0, 104)
        axes.set_xlabel("worst error of an equation, % of what is permitted")
        axes.set_ylabel("equations")
        axes.grid(visible=False, axis="x")


def speed(svg: list[str], heats: Sequence[Mapping[str, Any]]) -> None:
    """Milliseconds for one equation at one instance, median and extremes, for each task and contestant."""
    rows = [(heat["task"], name, each(s)) for heat in heats for name, s in heat["samples"].items()]
    title = "Milliseconds to judge one equation at one instance, by task and contestant"
    with plot("speed", title, 0.27 * len(rows) + 0.24 * len(heats) + 0.6, svg) as axes:
        place, ticks, task = 0.0, [], ""
        for of, name, times in rows:
            if of != task:
                place, task = place + 1.0, of
                axes.annotate(
                    of,
                    (0, place),
                    (4, 0),
                    xycoords=("axes fraction", "data"),
                    textcoords="offset points",
                    va="center",
                    weight="bold",
                    fontsize=8.5,
                )
            place += 1.0
            ticks.append((place, name))
            colour = SERIES[0] if name in ("the referee", "derivations verify") else SERIES[1]
            axes.plot([min(times), max(times)], [place, place], color=colour, linewidth=1.5)
            axes.plot([median(times)], [place], color=colour, marker="o", ms=5, linestyle="")
        axes.set_xscale("log")
        axes.set_ylim(place + 0.7, 0.4)
        axes.set_yticks([tick for tick, _ in ticks], [name for _, name in ticks], fontsize=8.5)
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("milliseconds, median and extremes")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
