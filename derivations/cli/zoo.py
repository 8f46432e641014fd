"""``derivations zoo``: wrong gradients, each with its story, and how the checker finds them."""

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

from derivations.checker.findings import Report
from derivations.checker.terminal import as_record, show
from derivations.cli._common import need_jax

if TYPE_CHECKING:  # the specimens import JAX, and the other commands start without it
    from derivations.zoo.specimen import Specimen

WIDE = 140
"""Columns from which the whole line of a specimen fits; below, two of its cells go under the others."""
NAME = 32
FOUND = "found, and called by its name"


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, for other programs.")
@click.option(
    "--examples", metavar="N", type=click.IntRange(min=1), default=100, show_default=True,
    help="Random instances to try a specimen on.",
)  # fmt: skip
@click.option(
    "--seed", metavar="S", type=click.IntRange(min=0), default=0, show_default=True,
    help="Seed of the instances.",
)  # fmt: skip
def zoo(name: str | None, as_json: bool, examples: int, seed: int) -> None:
    """List the wrong gradients that are kept here or, given a NAME, watch the checker find one.

    Each is a small real function, one line away from the right one. The exit status is 0 if the
    checker finds it and names it right.
    """
    need_jax()
    from derivations.zoo import ZOO, find

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
    report = judged(specimen, examples, seed)
    if as_json:
        record = {**as_data(specimen), "found": found(specimen, report), "report": as_record(report)}
        click.echo(json.dumps(record, indent=2, ensure_ascii=False))
    else:
        show_found(console, specimen, report)
    sys.exit(0 if found(specimen, report) else 1)


# --- what the checker makes of a specimen -----------------------------------------------------------


def judged(specimen: Specimen, examples: int = 100, seed: int = 0) -> Report:
    """The checker's report on a specimen."""
    from derivations.checker.checker import check_gradient

    exhibit = specimen.exhibit
    return check_gradient(
        exhibit.loss, specimen.wrong, exhibit.shapes, wrt=exhibit.wrt, examples=examples, seed=seed
    )


def found(specimen: Specimen, report: Report) -> bool:
    """Whether a report calls a specimen wrong, by one of the names that it deserves."""
    said = [(one.kind, f"{one.says} {one.detail}") for one in report.diagnosis]
    said += [(finding.kind, finding.message) for finding in report.findings]
    deserved = ((kind, text, one) for kind, text in specimen.named for one in said)
    named = (kind == one[0] and contains(one[1], text) for kind, text, one in deserved)
    return not report.right and any(named)


def contains(sentence: str, text: str) -> bool:
    """Whether a text is in a sentence as it stands, and not as a part of a larger one: 2 is not in 1/2.

    The d of a gradient and the ending of a word make it no other.

    >>> contains("times 1/2", "2"), contains("times 2", "2"), contains("your dR is transposed", "R")
    (False, True, True)
    """
    bounded = rf"(?<![\w/*.-])d?{re.escape(text)}[ds]?(?![\w/*]|\.\d)"
    return not text or bool(re.search(bounded, sentence))


# --- the list ---------------------------------------------------------------------------------------


def show_all(console: Console, specimens: Sequence[Specimen]) -> None:
    """A table of all: name, mistake, what it is called, where it was seen."""
    wide = console.width >= WIDE
    heads = ("name", "the mistake", "called", "seen") if wide else ("name, called", "the mistake, seen")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0 if wide else 1, 0), header_style="dim")
    for head in heads:
        table.add_column(head, overflow="fold", max_width=NAME if head.startswith("name") else None)
    for specimen in specimens:
        name, says, called, seen = cells(specimen)
        table.add_row(*([name, says, called, seen] if wide else [Group(name, called), Group(says, seen)]))
    console.print(table)
    console.print(f"\n{len(specimens)} specimens. Watch one being found: derivations zoo NAME", style="dim")


def cells(specimen: Specimen) -> tuple[Text, Text, Text, Text]:
    """What the list says of a specimen, in its columns."""
    return (
        Text(specimen.name, "bold"),
        Text(one_line(specimen.says)),
        Text(kinds(specimen), "cyan"),
        Text(without_links(specimen.seen), "dim"),
    )


def kinds(specimen: Specimen) -> str:
    """The kinds that a specimen may be called, each once."""
    return " or ".join(dict.fromkeys(kind for kind, _ in specimen.named))


def one_line(text: str) -> str:
    """The first paragraph of a docstring in one line, in the middle of which it may be broken."""
    return " ".join(text.partition("\n\n")[0].split())


def without_links(text: str) -> str:
    """A source without its addresses, which its own page shows."""
    return re.sub(r"[,:;]?\s*\(?https?://\S+\)?", "", text).strip()


def as_data(specimen: Specimen) -> dict[str, Any]:
    """A specimen for JSON: what the zoo knows of it, but its code only as the diff."""
    return {
        "name": specimen.name,
        "mistake": one_line(specimen.says),
        "exhibit": specimen.exhibit.name,
        "shapes": specimen.exhibit.shapes,
        "wrt": specimen.exhibit.wrt.split(),
        "diff": list(specimen.diff),
        "named": [{"kind": kind, "contains": text} for kind, text in specimen.named],
        "symptom": specimen.symptom,
        "missed": specimen.missed,
        "seen": specimen.seen,
    }


# --- one specimen -----------------------------------------------------------------------------------


def show_story(console: Console, specimen: Specimen) -> None:
    """What is known of a specimen: exhibit, diff, symptom, why it is missed, where it was seen."""
    exhibit = specimen.exhibit
    console.print(Text.assemble((specimen.name, "bold"), "  ", one_line(specimen.says)))
    console.print()
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim")
    rows.add_column(overflow="fold")
    rows.add_row("exhibit", Text.assemble(exhibit.name, (f"  {exhibit.shapes}", "dim")))
    rows.add_row("the diff", Text("\n").join(diff_line(line) for line in specimen.diff))
    rows.add_row("symptom", specimen.symptom)
    rows.add_row("missed by", specimen.missed)
    rows.add_row("seen", specimen.seen)
    console.print(rows)
    console.print()


def diff_line(line: str) -> Text:
    """A line of a diff, red where it is gone and green where it is new."""
    return Text(line, "red" if line.startswith("-") else "green")


def show_found(console: Console, specimen: Specimen, report: Report) -> None:
    """The checker's report, and whether it is what this specimen deserves."""
    show(console, report)
    console.print()
    if found(specimen, report):
        console.print(Text(f"✓ {FOUND}: {kinds(specimen)}", "green"))
    else:
        deserved = " or ".join(f"{kind} {text}".strip() for kind, text in specimen.named)
        console.print(Text(f"✗ it deserves to be called {deserved}", "bold red"))
