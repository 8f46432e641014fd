"""A run in the terminal: the ledger as a table, a tally, and each erratum in full."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console, Group
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

SECTION_TITLES = {
    "1": "Introduction",
    "2": "Backpropagation Basics",
    "3": "Backpropagation with Multi-Layer Network",
    "4": "Softmax + Cross-entropy loss Backpropagation",
    "5": "Numpy caveat",
    "6": "Skip-gram model",
    "8": "Conclusion: what makes word2vec practical",
}
STYLES = {"definition": "cyan", "verified": "green", "erratum": "yellow", "failing": "bold red"}
MARKS = {"definition": "≡", "verified": "✓", "erratum": "✎", "failing": "✗"}
"""A sign for each status, for those who do not see its colour."""

Record = Mapping[str, Any]


WIDE = 130
"""Columns from which an equation fits beside its label; below, it goes on the line under it."""


def show_run(console: Console, run: Record) -> None:
    """Print the ledger in the paper's order, then the errata, then the tally and the verdict."""
    for section, title in SECTION_TITLES.items():
        entries = [entry for entry in run["entries"] if entry["section"] == section]
        if entries:
            console.print(Text(f"\n§{section}  {title}", style="bold"))
            console.print(section_table(entries, console.width >= WIDE))
    errata = [entry for entry in run["entries"] if entry["status"] == "erratum"]
    if errata:
        console.print(Text("\nErrata: as printed, corrected, and where the print fails", style="bold"))
    for entry in errata:
        console.print(Padding(erratum(entry), (1, 0, 0, 2)))
    console.print()
    console.print(tally_line(run))
    for entry in run["entries"]:
        if not entry["holds"]:
            console.print(f"[bold red]{entry['label']}[/] does not hold: {escape(entry['reason'])}")
            console.print(f"  see it again: [bold]{escape(entry['show'])}[/]")
    for note in notes(run):
        console.print(Text(note, "yellow"))


def notes(run: Record) -> Iterator[str]:
    """Say what a run did not do as usual: primitives without a rule, counterexamples not searched for."""
    for name, labels in run["without_rule"].items():
        yield (
            f"note: no rule for JAX's primitive {name}; JAX itself computed it, with estimated bounds, in"
            f" {', '.join(labels)}"
        )
    if run["not_searched"]:
        yield (
            "note: the smallest counterexample was searched for the first failing errata only, not for"
            f" {', '.join(run['not_searched'])}"
        )


def section_table(entries: Sequence[Record], wide: bool) -> Table:
    """One row an equation: label, page, equation, status, worst error, instances tried."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", expand=True)
    table.add_column("label", width=42 if wide else None, ratio=None if wide else 1)
    table.add_column("p.", justify="right", width=2)
    if wide:
        table.add_column("equation", ratio=1)
    table.add_column("status", width=17)
    table.add_column("error", justify="right", width=5)
    table.add_column("tried", justify="right", width=6)
    for entry in entries:
        equation = Text(entry["text"], style="italic" if entry["ours"] else "")
        if entry["source"]:
            equation.append(f"   {entry['source']}", style="dim")
        label = Text(entry["label"], style="" if wide else "bold")
        first = [label] if wide else [Group(label, Padding(equation, (0, 0, 0, 2)))]
        table.add_row(
            *first,
            str(entry["page"]),
            *([equation] if wide else []),
            status_of(entry),
            error_of(entry),
            f"{entry['shapes_tried']:,}",
        )
    return table


def status_of(entry: Record) -> Text:
    """The status, in its colour, with a mark for those who do not see colours."""
    status = entry["status"] if entry["holds"] else "failing"
    ours = " (ours)" if entry["ours"] else ""
    return Text(f"{MARKS[status]} {status}{ours}", style=STYLES[status])


def error_of(entry: Record) -> str:
    """The worst error, in roundings of its terms; 0 where the two sides are equal bit for bit."""
    error = entry["worst_error"]
    if error is None:
        return "—"
    return "0" if error == 0 else f"{error:.2f}" if error < 100 else f"{error:.0e}"


def erratum(entry: Record) -> Group:
    """An erratum: printed form, what is wrong, the smallest counterexample, the correction."""
    rows = Table.grid(padding=(0, 1))
    rows.add_column(style="dim", justify="right")
    rows.add_column()
    rows.add_row("printed", Text(entry["text"], style="red"))
    rows.add_row("correct", Text(entry["corrected_text"], style="green"))
    rows.add_row("because", Text(entry["why"]))
    rows.add_row("it fails", Text(counterexample_line(entry)))
    where = entry["source"] or f"p. {entry['page']}"
    return Group(Text(f"{entry['label']}, §{entry['section']}, {where}", style="bold"), rows)


def counterexample_line(entry: Record) -> str:
    """The counterexample in a line: sizes, values, and the two numbers that differ."""
    found = entry["counterexample"]
    if found is None and entry["printed_form_failed"]:
        return "its smallest counterexample was not searched for"
    if found is None:
        return "nowhere: it holds on every instance tried"
    rate = f"on {entry['printed_form_failed']:,} of {entry['shapes_tried']:,} instances; smallest: "
    sizes = ", ".join(f"{letter} = {size}" for letter, size in found["sizes"].items())
    values = ", ".join(f"{name} = {_short(value)}" for name, value in found["inputs"].items())
    if found["printed"] is None:
        return f"{rate}{sizes}: {found['message']}"
    index = f"[{', '.join(map(str, found['index']))}]" if found["index"] else ""
    where = f"{found['quantity']}{index} is {found['true']:.6g}, the print gives {found['printed']:.6g}"
    return f"{rate}{sizes}; {values}: {where}"


def _short(value: Any) -> str:
    if isinstance(value, list):
        return f"[{' '.join(_short(entry) for entry in value)}]"
    return f"{value:g}"


def tally_line(run: Record) -> Text:
    """How many of each status, and how long it took."""
    tally, line = run["tally"], Text()
    for status in ("verified", "definition", "erratum", "failing"):
        plural = {"definition": "definitions", "erratum": "errata demonstrated"}.get(status, status)
        if tally[status] or status != "failing":
            line.append(f"{tally[status]} {plural}", style=STYLES[status]).append("   ")
    claims = sum(entry["shapes_tried"] for entry in run["entries"])
    line.append(f"{claims:,} equation-instances in {run['seconds']:.1f} s; worst error ")
    worst = max((entry["worst_error"] or 0.0 for entry in run["entries"]), default=0.0)
    permitted = f"{worst:.3g} of {run['permitted_error']:g} permitted roundings"
    return line.append(f"{permitted} (seed {run['seed']})")
