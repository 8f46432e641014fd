"""Draw the measurements of the checks as SVG within the page, in the page's own colours.

Matplotlib draws with placeholder colours, which are replaced by the CSS variables of ``checks.css``, so
that one picture serves light and dark mode. Text stays text.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
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
from oracle_tables import ORACLE, each

from .measured import power

Part = Mapping[str, Any]

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
"""Inches; narrow, so that the text can be read on a phone."""


def all_plots(part: Mapping[str, Part]) -> dict[str, str]:
    """Return the four plots by name."""
    return {
        "faults": faults(part["faults"]),
        "sight": sight(part["speed"]["sight"]),
        "alarms": alarms(part["alarms"]),
        "speed": speed(part["speed"]["heats"]),
    }


@contextmanager
def plot(name: str, title: str, height: float) -> Iterator[tuple[Axes, list[str]]]:
    """Give axes to draw on, and a list that afterwards contains the SVG."""
    svg: list[str] = []
    with mpl.rc_context(SETTINGS):
        figure = Figure((WIDTH, height), layout="constrained")
        yield figure.add_subplot(), svg
        file = io.StringIO()
        FigureCanvasSVG(figure).print_svg(  # type: ignore[no-untyped-call]
            file, metadata={"Date": None, "Creator": None}
        )
    svg.append(in_page(file.getvalue(), name, title))


def in_page(drawn: str, name: str, title: str) -> str:
    """Return an SVG file as part of a page: with unique ids, a title, CSS colours and no background."""
    body = drawn[drawn.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r'<g id="patch_1">.*?</g>', "", body, count=1, flags=re.DOTALL)  # the figure's background
    body = re.sub(r'<g id="patch_2">\s*<path [^>]*fill: #ffffff[^>]*/>\s*</g>', "", body, count=1)
    body = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{name}-", body)
    for placeholder, colour in COLOURS.items():
        body = body.replace(placeholder, colour)
    view = re.search(r'viewBox="[^"]*"', body)
    assert view
    opening = f'<svg class="plot" {view[0]} role="img" aria-labelledby="{name}-title">'
    body = opening + f'<title id="{name}-title">{escape(title)}</title>' + body[body.index(">") + 1 :]
    return re.sub(r"\n\s*", "\n", body).replace("\n\n", "\n")  # a blank line would end the HTML block


def lines_by_size(
    axes: Axes, sizes: Sequence[float], shares: Mapping[str, Sequence[float]], of: str
) -> None:
    """Draw a line for each label: the share in percent by the size of the error."""
    for number, (label, values) in enumerate(shares.items()):
        style = {"color": SERIES[number], "linestyle": DASHES[number]}
        axes.plot(sizes, values, marker="o", ms=3, label=label, **style)
    axes.set_xscale("log")
    axes.set_xlim(max(sizes) * 2, min(sizes) / 2)
    axes.minorticks_off()
    ticks = [size for size in sizes if round(-log10(size)) % 3 == 0 and size > 3e-16]
    axes.set_xticks(ticks, [power(size) for size in ticks])
    axes.set_ylim(-3, 103)
    axes.set_xlabel("relative error of one entry")
    axes.set_ylabel(f"% of the {of}")


def faults(part: Part) -> str:
    """Draw the share of the equations in which an error was found, by its size, within some test cases."""
    after = sorted({1, min(10, part["examples"]), part["examples"]}, reverse=True)
    shares = {
        f"within {number} test case{'s' * (number > 1)}": [
            100 * seen[number - 1] / part["equations"] for seen in part["within"].values()
        ]
        for number in after
    }
    title = "Share of the equations in which a planted error was found, by the size of the error"
    with plot("faults", title, 3.1) as (axes, svg):
        lines_by_size(axes, [float(size) for size in part["within"]], shares, "equations")
        axes.legend(loc="lower left")
    return svg[0]


def sight(part: Part) -> str:
    """Draw the share of the test cases on which each checker found an error, over both equations."""
    sizes = [10.0**-exponent for exponent in range(16)]
    every = list(part["seen"].values())
    total = part["instances"] * len(every)
    shares = {
        name: [100 * sum(seen[name][place] for seen in every) / total for place in range(len(sizes))]
        for name in every[0]
    }
    title = "Share of the test cases on which each checker found a planted error, by the size of the error"
    with plot("sight", title, 3.5) as (axes, svg):
        lines_by_size(axes, sizes, shares, "test cases")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, fontsize=8.5)
    return svg[0]


def alarms(part: Part) -> str:
    """Draw how large the largest error of each equation is, relative to the permitted error."""
    worst = [100 * value / part["permitted"] for value in part["worst"].values() if value]
    title = "Number of equations by their largest error, in percent of the permitted error"
    with plot("alarms", title, 2.4) as (axes, svg):
        axes.hist(worst, bins=[2.5 * edge for edge in range(41)], color=SERIES[0])
        axes.axvline(100, color=INK, linewidth=1.2)
        top = axes.get_ylim()[1] * 0.9
        axes.annotate("an alarm, from here", (100, top), (-4, 0), textcoords="offset points", ha="right")
        axes.set_xlim(0, 104)
        axes.set_xlabel("largest error of an equation, % of the permitted error")
        axes.set_ylabel("equations")
        axes.grid(visible=False, axis="x")
    return svg[0]


def speed(heats: Sequence[Part]) -> str:
    """Draw milliseconds for one equation on one test case, median and extremes, by task and method."""
    height = sum(0.24 + 0.27 * len(heat["samples"]) for heat in heats) + 0.6
    title = "Milliseconds to check one equation on one test case, by task and method"
    at: Any = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points"}
    with plot("speed", title, height) as (axes, svg):
        place, ticks = 0.0, {}
        for heat in heats:
            place += 1
            axes.annotate(heat["task"], (0, place), (4, 0), va="center", weight="bold", fontsize=8.5, **at)
            for name, samples in heat["samples"].items():
                place += 1
                ticks[place] = name
                times = each(samples)
                colour = SERIES[0] if name in (ORACLE, "derivations verify") else SERIES[1]
                axes.plot([min(times), max(times)], [place, place], color=colour, linewidth=1.5)
                axes.plot([median(times)], [place], color=colour, marker="o", ms=5, linestyle="")
        axes.set_xscale("log")
        axes.set_ylim(place + 0.7, 0.4)
        axes.set_yticks(list(ticks), list(ticks.values()), fontsize=8.5)
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("milliseconds, median and extremes")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    return svg[0]
