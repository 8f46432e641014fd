"""``derivations zoo``: list wrong gradients, and show how the checker diagnoses one of them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from derivations.checker.terminal import as_record, show
from derivations.cli._common import need_jax

if TYPE_CHECKING:  # the specimens import JAX, and the other commands start without it
    from derivations.zoo.specimen import Specimen

WIDE = 140
"""Columns from which each specimen has one row; in a narrower terminal two cells go below the others."""
NAME = 32


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--examples", metavar="N", type=click.IntRange(min=1), default=100, show_default=True,
    help="Number of random test cases.",
)  # fmt: skip
@click.option(
    "--seed", metavar="S", type=click.IntRange(min=0), default=0, show_default=True,
    help="Seed of the test cases.",
)  # fmt: skip
def zoo(name: str | None, as_json: bool, examples: int, seed: int) -> None:
    """List the collected wrong gradients or, given a NAME, check one and print the diagnosis.

    Each is a function that differs from the right gradient in one line. The exit status is 0 if the
    checker recognises the mistake.
    """
    need_jax()
    from derivations.zoo import ZOO, find
    from derivations.zoo.checking import check, recognised

    console = Console(highlight=False)
    if name is None:
        if as_json:
            click.echo(json.dumps([as_data(specimen) for specimen in ZOO], indent=2, ensure_ascii=False))
        else:
            show_all(console, ZOO)
        return
    try:
        specimen = find(name)
    except KeyError as problem:
        raise click.ClickException(str(problem.args[0])) from None
    if not as_json:
        show_story(console, specimen)
    report = check(specimen, examples, seed)
    found = recognised(specimen, report)
    if as_json:
        record = {**as_data(specimen), "found": found, "report": as_record(report)}
        click.echo(json.dumps(record, indent=2, ensure_ascii=False))
    else:
        show(console, report)
        show_outcome(console, specimen, found=found)
    sys.exit(0 if found else 1)


# --- the list ---------------------------------------------------------------------------------------


def show_all(console: Console, specimens: Sequence[Specimen]) -> None:
    """Print a table of all specimens: name, mistake, diagnosis, where it was seen."""
    wide = console.width >= WIDE
    heads = ("name", "mistake", "diagnosis", "seen") if wide else ("name, diagnosis", "mistake, seen")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0 if wide else 1, 0), header_style="dim")
    for head in heads:
        table.add_column(head, overflow="fold", max_width=NAME if head.startswith("name") else None)
    for specimen in specimens:
        name, mistake, diagnosis, seen = cells(specimen)
        table.add_row(
            *([name, mistake, diagnosis, seen] if wide else [Group(name, diagnosis), Group(mistake, seen)])
        )
    console.print(table)
    console.print(f"\n{len(specimens)} specimens. To check one: derivations zoo NAME", style="dim")


def cells(specimen: Specimen) -> tuple[Text, Text, Text, Text]:
    """Return the columns of the list for one specimen."""
    from derivations.zoo.checking import kinds

    return (
        Text(specimen.name, "bold"),
        Text(specimen.mistake),
        Text(kinds(specimen), "cyan"),
        Text(without_links(specimen.seen), "dim"),
    )


def one_line(text: str) -> str:
    """Return the first paragraph of a text as one line."""
    return " ".join(text.partition("\n\n")[0].split())


def without_links(text: str) -> str:
    """Return a source without its URLs, which ``derivations zoo NAME`` shows."""
    return re.sub(r"[,:;]?\s*\(?https?://\S+\)?", "", text).strip()


def as_data(specimen: Specimen) -> dict[str, Any]:
    """Return a specimen as data for JSON, with its code as a diff."""
    return {
        "name": specimen.name,
        "mistake": specimen.mistake,
        "exhibit": specimen.exhibit.name,
        "shapes": specimen.exhibit.shapes,
        "wrt": specimen.exhibit.wrt.split(),
        "diff": list(specimen.diff),
        "named": [{"kind": kind, "contains": text} for kind, text in specimen.expected],
        "symptom": specimen.symptom,
        "missed": specimen.missed,
        "seen": specimen.seen,
    }


# --- one specimen -----------------------------------------------------------------------------------


def show_story(console: Console, specimen: Specimen) -> None:
    """Print what is known of a specimen: exhibit, diff, symptom, why it is missed, where it was seen."""
    exhibit = specimen.exhibit
    console.print(Text.assemble((specimen.name, "bold"), "  ", specimen.mistake))
    console.print()
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim")
    rows.add_column(overflow="fold")
    rows.add_row("exhibit", Text.assemble(exhibit.name, (f"  {exhibit.shapes}", "dim")))
    rows.add_row("diff", Text("\n").join(diff_line(line) for line in specimen.diff))
    rows.add_row("symptom", specimen.symptom)
    rows.add_row("missed by", specimen.missed)
    rows.add_row("seen", specimen.seen)
    console.print(rows)
    console.print()


def diff_line(line: str) -> Text:
    """Return a line of a diff, red where it is removed and green where it is added."""
    return Text(line, "red" if line.startswith("-") else "green")


def show_outcome(console: Console, specimen: Specimen, *, found: bool) -> None:
    """Print whether the report has the diagnosis that the specimen should have."""
    from derivations.zoo.checking import kinds

    console.print()
    if found:
        console.print(Text(f"✓ recognised as {kinds(specimen)}", "green"))
    else:
        expected = " or ".join(f"{kind} {text}".strip() for kind, text in specimen.expected)
        console.print(Text(f"✗ not recognised: the diagnosis should be {expected}", "bold red"))
