"""A report in the terminal, and as plain text.

From the top: the verdict; what is wrong, the most visible thing; what else was noticed; a line for each
argument; the smallest failing case; a line to paste; how it was found. Nothing needs its colour to be
understood.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from derivations.checker.findings import ArgumentResult, Report, Smallest
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
)
from derivations.checker.records import as_record
from derivations.checker.side_by_side import side_by_side
from derivations.checker.values import apart, index, short

__all__ = ["as_record", "as_text", "show"]

WIDTH = 100
RIGHT, WRONG, QUIET = "bold green", "bold red", "dim"


# --- as text ----------------------------------------------------------------------------------------


def as_text(report: Report, width: int = WIDTH) -> str:
    """The report without colours, in lines of at most ``width`` characters but for the one to paste."""
    page = io.StringIO()
    console = Console(
        file=page,
        width=width,
        color_system=None,
        force_terminal=False,
        force_jupyter=False,
        legacy_windows=False,
    )
    show(console, report)
    return "\n".join(line.rstrip() for line in page.getvalue().rstrip().splitlines())


def show(console: Console, report: Report) -> None:
    """Print the report as wide as the console is."""
    right = is_right(report)
    head = Text(headline(report), style=RIGHT if right else WRONG)
    console.print(head.append(f": {judged(report)}" if right else "", "not bold"), highlight=False)
    parts = [*short_parts(report)] if right else [*parts_of(report, console.width)]
    for part in parts:
        console.print(part, highlight=False)
    if report.again and not right:
        console.print("\nsee it again:", style=QUIET, highlight=False)
        line = Text(clean(report.again), style="bold")
        console.print(line, soft_wrap=True, highlight=False)  # never broken: it is there to be pasted
        console.print(highlight=False)
    if tried(report):
        console.print(Text(f"{'  ' if right else ''}{tried(report)}", style=QUIET), highlight=False)


def parts_of(report: Report, width: int) -> Iterator[RenderableType]:
    """The parts of a report on a wrong gradient, in order, but the line to paste."""
    for says, known in mistakes(report):
        yield ""
        yield barred((Text(says, "bold"), Text("\n".join(known), QUIET)), width)
    if any(not finding.fatal for finding in report.findings):
        yield ""
        yield from remarks(report)
    if report.arguments:
        yield ""
        yield table(report, width)
    if report.smallest is not None:
        yield ""
        yield from smallest_case(report, report.smallest, width)
    yield from (Text(f"\nnote: {clean(note)}", QUIET) for note in report.notes)


def short_parts(report: Report) -> Iterator[RenderableType]:
    """What a right gradient is told: nothing but what may still be of interest."""
    yield from remarks(report)
    yield from (Padding(Text(f"note: {clean(note)}"), (0, 0, 0, 2), expand=False) for note in report.notes)


def barred(said: tuple[Text, Text], width: int) -> Text:
    """Paragraphs with a bar at their left, on every line of them."""
    console = Console(width=width, file=io.StringIO())
    lines = [line for paragraph in said if paragraph for line in paragraph.wrap(console, width - 2)]
    return Text("\n").join(Text.assemble(("┃ ", "red"), line) for line in lines)


def remarks(report: Report) -> Iterator[RenderableType]:
    """The findings that make nothing wrong, their lines hung under their sign."""
    for finding in report.findings:
        if not finding.fatal:
            row = Table.grid(padding=(0, 1))
            row.add_column()
            row.add_column(overflow="fold")
            row.add_row(Text("!", "yellow"), Text(noticed(finding)))
            yield row


# --- the arguments ----------------------------------------------------------------------------------


HEADS = ("argument", "shape", "", "failed on", "worst", "hand", "automatic")


def table(report: Report, width: int) -> RenderableType:
    """A line for each argument; where the numbers do not fit beside it, they stand below."""
    rows = [row_of(result) for result in report.arguments]
    widths = [max(cell_len(row[column].plain) for row in rows) for column in range(len(HEADS))]
    wide = [max(here, len(head)) for here, head in zip(widths, HEADS, strict=True)]
    fits = sum(wide) + 2 * (len(HEADS) - 1) <= width
    heads = HEADS if fits else HEADS[:5]
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=QUIET)
    for head in heads:
        right = head in {"hand", "automatic"}
        grid.add_column(head, justify="right" if right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*row[: len(heads)])
        if not fits and row[5].plain:
            grid.add_row("", "", "", Text("hand", QUIET), row[5])
            grid.add_row("", "", "", Text("automatic", QUIET), row[6])
    return grid


def row_of(result: ArgumentResult) -> tuple[Text, ...]:
    """The cells of a line: name, shape, verdict, how often it failed, where, and both numbers."""
    verdict = Text("✓ right", "green") if result.holds else Text("✗ wrong", WRONG)
    name = Text(clean(result.name, " "), "" if result.holds else "bold")
    where = hand = automatic = ""
    if result.worst is not None:
        entry, *both = result.worst
        where = index(entry) or "the number"
        hand, automatic = apart(*both)
    cells = (clean(result.shape or "number"), verdict, times_failed(result), where)
    first = (name, *(cell if isinstance(cell, Text) else Text(cell) for cell in cells))
    return (*first, Text(hand, "red"), Text(automatic, "green"))


# --- the smallest failing case ----------------------------------------------------------------------


def smallest_case(report: Report, case: Smallest, width: int) -> Iterator[RenderableType]:
    """Sizes and inputs, then both gradients for every argument that is wrong."""
    sizes = ", ".join(f"{letter} = {size}" for letter, size in case.sizes.items())
    yield Text(f"{case_title(report)}{': ' + sizes if sizes else ''}", style="bold")
    inputs = Table.grid(padding=(0, 1))
    inputs.add_column(justify="right")
    inputs.add_column(overflow="fold")
    for name, value in case.inputs.items():
        inputs.add_row(Text(f"{clean(name, ' ')} =", QUIET), Text(short(value)))
    yield Padding(inputs, (0, 0, 0, 2), expand=False)
    for result in report.arguments:
        if not result.holds and result.name in case.automatic:
            yield ""
            yield Padding(both_gradients(report, case, result.name, width - 2), (0, 0, 0, 2), expand=False)


def both_gradients(report: Report, case: Smallest, name: str, width: int) -> Text:
    """The gradients for an argument beside each other or, if they have not one shape, their shapes."""
    found = pair_of(report, name)
    if found is not None and not found.wrong.any():
        return Text.assemble((clean(name, " "), "bold"), "  right in this case")
    if found is not None:
        return side_by_side(found, clean(name, " "), width)
    hand, automatic = described(case.hand.get(name)), described(case.automatic[name])
    return Text.assemble((clean(name, " "), "bold"), f"  the hand's {hand}, the automatic one {automatic}")
