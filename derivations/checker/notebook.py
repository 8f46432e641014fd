"""A report in a notebook: what the terminal says, and the gradients as heat maps.

For each wrong argument hand, automatic and difference on one scale, of the smallest failing case; of a
right gradient, those of one instance. One piece of HTML: no script, nothing loaded, no ``id`` that
another report could share. The numbers are a table first and a picture second, so that it can be
read aloud, and where a notebook drops the style.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

import numpy as np

from derivations.checker.findings import ArgumentResult, Report, Smallest
from derivations.checker.notebook_style import LIGHT, STYLE
from derivations.checker.reading import (
    case_title,
    clean,
    described,
    headline,
    is_right,
    judged,
    mistakes,
    noticed,
    pair_of,
    times_failed,
    tried,
    where_wrong,
)
from derivations.checker.values import Pair, Window, apart, index, number, short, window

ROWS, COLUMNS = 16, 16
"""Of a larger array the part around the worst entry is shown."""
TEXT_ROWS, TEXT_COLUMNS = 16, 8
"""Up to this size every entry has its number; beyond, its colour, and a title for who points at it."""
MAPS = ("hand", "automatic", "difference")


def as_html(report: Report) -> str:
    """The report as one ``<section>`` of HTML, with its style."""
    right = is_right(report)
    label = text(f"gradient check of {clean(report.name, ' ')}")
    parts = [
        verdict(report),
        *(said(*one) for one in mistakes(report)),
        *remarks(report),
        *(notes(report, "remark") if right else []),
        *([arguments(report.arguments)] if report.arguments and not right else []),
        *(case(report, report.smallest) if report.smallest else []),
        *([again(report.again)] if report.again and not right else []),
        *(notes(report, "quiet note") if not right else []),
        *([tag("p", text(tried(report)), "quiet found")] if tried(report) else []),
    ]
    look = f"dvn-report {'right' if right else 'wrong'}"
    return f'<section class="{look}" aria-label="{label}">{STYLE}{"".join(parts)}</section>'


def verdict(report: Report) -> str:
    """The first line: the verdict and, of a right gradient, what was judged."""
    names = tag("span", text(f": {judged(report)}"), "judged") if is_right(report) else ""
    return tag("p", text(headline(report)) + names, "verdict")


def again(line: str) -> str:
    """The line to paste."""
    return tag("p", f"see it again: {tag('code', text(line))}", "again")


# --- what is wrong ----------------------------------------------------------------------------------


def said(says: str, known: tuple[str, ...]) -> str:
    """One mistake and how it is known: the most visible thing of the report."""
    below = "".join(tag("p", text(line), "quiet") for line in known)
    return tag("div", tag("p", text(says), "says") + below, "mistake")


def remarks(report: Report) -> Iterator[str]:
    """The findings that make nothing wrong."""
    for finding in report.findings:
        if not finding.fatal:
            yield tag("p", text(f"! {noticed(finding)}"), "remark")


def notes(report: Report, look: str) -> Iterator[str]:
    """Remarks that change no verdict; of a right gradient, all that is left to be said."""
    return (tag("p", f"note: {text(note)}", look) for note in report.notes)


def arguments(results: Iterable[ArgumentResult]) -> str:
    """A table with a row for each argument."""
    heads = ("argument", "shape", "verdict", "failed on", "worst entry", "hand", "automatic")
    head = tag("tr", "".join(f'<th scope="col">{one}</th>' for one in heads))
    body = "".join(tag("tr", argument(result)) for result in results)
    return scrolled(f'<table class="arguments"><thead>{head}</thead><tbody>{body}</tbody></table>')


def argument(result: ArgumentResult) -> str:
    """The cells of one argument."""
    entry, hand, automatic = "", "", ""
    if result.worst is not None:
        entry = index(result.worst[0]) or "the number"
        hand, automatic = apart(*result.worst[1:])
    verdict = tag("span", "✓ right", "right") if result.holds else tag("span", "✗ wrong", "wrong")
    texts = (times_failed(result), entry, hand, automatic)
    cells = (text(result.shape or "number"), verdict, *map(text, texts))
    name = f'<th scope="row">{text(result.name)}</th>'
    return name + "".join(tag("td", cell) for cell in cells)


# --- the heat maps ----------------------------------------------------------------------------------


def case(report: Report, shown: Smallest) -> Iterator[str]:
    """Sizes and inputs, then three heat maps for each argument that is wrong (or each, if none is)."""
    sizes = ", ".join(f"{letter} = {size}" for letter, size in shown.sizes.items())
    yield tag("p", text(f"{case_title(report)}{': ' + sizes if sizes else ''}"), "title")
    rows = (
        f"{tag('dt', text(name))}{tag('dd', text(short(value)))}" for name, value in shown.inputs.items()
    )
    yield tag("dl", "".join(rows), "inputs")
    for result in report.arguments:
        if result.name in shown.automatic and (is_right(report) or not result.holds):
            found = pair_of(report, result.name)
            yield (
                three_maps(result.name, found, right=is_right(report))
                if found is not None
                else ill_shaped(shown, result.name)
            )


def ill_shaped(shown: Smallest, name: str) -> str:
    """That two gradients cannot be set beside each other, for their shapes."""
    hand, automatic = described(shown.hand.get(name)), described(shown.automatic[name])
    return tag("p", text(f"{name}: the hand's {hand}, the automatic one {automatic}"))


def three_maps(name: str, found: Pair, *, right: bool) -> str:
    """Hand, automatic and difference of one argument, and the scale that all three share.

    Of a wrong gradient, an argument that is right in this case is only said to be.
    """
    if not right and not found.wrong.any():
        return which(name, "right in this case")
    cut = window(found.hand.shape, found.worst, ROWS, COLUMNS)
    says = "equal but for rounding" if right else where_wrong(found.wrong)
    says += "; the worst is outlined" if found.worst is not None and found.wrong.size > 1 else ""
    says += f"; shown are {cut.says}" if cut.says else ""
    scale = found.scale(cut)
    maps = "".join(heat_map(name, found, cut, one, scale) for one in range(len(MAPS)))
    return f"{which(name, says)}{tag('div', maps, 'maps')}{legend(scale)}"


def which(name: str, says: str) -> str:
    """The name of an argument, and what is to be seen."""
    return tag("p", f"{tag('b', text(name))} {text(says)}", "which")


def heat_map(name: str, found: Pair, cut: Window, which: int, scale: float) -> str:
    """One array as a table whose cells are coloured by their values."""
    small = len(cut.rows) <= TEXT_ROWS and len(cut.columns) <= TEXT_COLUMNS
    head = ""
    if cut.axes > 1:
        heads = "".join(f'<th scope="col">{column}</th>' for column in cut.columns)
        head = f"<thead><tr><td></td>{heads}</tr></thead>"
    body = ""
    for row in cut.rows:
        entries = (cut.entry(row, column) for column in cut.columns)
        cells = "".join(heat(found, entry, which, scale, small) for entry in entries)
        body += f'<tr><th scope="row">{row if cut.axes else ""}</th>{cells}</tr>'
    caption = f'<caption>{MAPS[which]}<span class="unseen"> for {text(name)}</span></caption>'
    look = "map small" if small else "map large"
    return scrolled(f'<table class="{look}">{caption}{head}<tbody>{body}</tbody></table>')


def heat(found: Pair, entry: tuple[int, ...], which: int, scale: float, small: bool) -> str:
    """One cell: coloured, with its number for the eye or, in a large map, for the ear and a title."""
    value = float((found.hand, found.automatic, found.difference)[which][entry])
    shown = found.texts(entry)[which] if which < 2 else number(value, 3)
    worst = entry == found.worst
    look = f"{warmth(value)} worst" if worst else warmth(value)
    spoken = '<span class="unseen">, the worst entry</span>' if worst else ""
    inside = shown if small else f'<span class="unseen">{shown}</span>'
    title = "" if small else f' title="{index(entry)}: {shown}"'
    deep = strength(value, scale)
    style = f"--s:{deep:.3g};background-color:{plain_colour(value, deep)};color:{LIGHT['ink']}"
    return f'<td class="{look}" style="{style}"{title}>{inside}{spoken}</td>'


def warmth(value: float) -> str:
    """The end of the scale that a value is on."""
    if not np.isfinite(value):
        return "odd"
    return "plus" if value >= 0 else "minus"


def plain_colour(value: float, deep: float) -> str:
    """The colour on a light ground: all that is left where a notebook is not trusted, its style dropped."""
    end = [int(part) for part in LIGHT["plus" if value >= 0 else "minus"].split()]
    return "#" + "".join(f"{round(255 + (part - 255) * deep):02x}" for part in end)


def strength(value: float, scale: float) -> float:
    """How far from the middle of the scale a value is, from 0 to 1."""
    return abs(value) / scale if np.isfinite(value) and scale > 0 else 0.0


def legend(scale: float) -> str:
    """The one scale of all three maps."""
    ends = number(-scale, 3).replace("-", "−"), number(scale, 3)
    bar = '<span class="bar" aria-hidden="true"></span>'
    return tag("p", f"{ends[0]} {bar} {ends[1]} · difference: hand − automatic", "legend") if scale else ""


# --- HTML -------------------------------------------------------------------------------------------


def tag(name: str, inside: str, look: str = "") -> str:
    """An element around what is already HTML."""
    opening = f'{name} class="{look}"' if look else name
    return f"<{opening}>{inside}</{name}>"


def text(words: object) -> str:
    """Anything as text of a page: nothing in it is markup."""
    return escape(clean(str(words)), quote=True)


def scrolled(table: str) -> str:
    """A table in a box of its own, which scrolls where the page is narrow."""
    return tag("div", table, "scrolled")
