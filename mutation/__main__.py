"""``python -m mutation [SECTION ...]``: what becomes of every mutant, as a table."""

from __future__ import annotations

import json
from collections import Counter

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from derivations.ledger import SECTIONS

from .mutants import Mutant
from .run import Report, run

KINDS = {
    "verdicts": ("own_verdicts", "few_verdicts", "many_verdicts", "importers"),
    "doctests": ("doctests",),
}
"""The table's columns for killers; what is in neither counts as others."""


@click.command()
@click.argument("sections", nargs=-1, type=click.Choice(SECTIONS), metavar="[SECTION ...]")
@click.option("--jobs", default=0, metavar="J", help="Processes; 0, the default, takes the cores.")
def main(sections: tuple[str, ...], jobs: int) -> None:
    """Change the section modules in every place that computes something, and see who notices.

    Exits with 0 only if every survivor is listed in survivors.toml and no line there is stale.
    """
    console = Console(highlight=False)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("mutants", total=None)
        report = run(
            sections or SECTIONS, jobs, lambda total: progress.update(task, advance=1, total=total)
        )
    console.print(table_of(report))
    for mutant in report.unlisted:
        console.print(f"\n[red]survives, and is not listed:[/] {mutant.place}, line {mutant.line}")
        console.print(row_of(mutant), markup=False, soft_wrap=True)
    for file, function, before, after in report.stale:
        console.print("\n[red]listed, but killed or gone:[/]")
        console.print(f"{file} ({function}): {before}  ->  {after}", markup=False, soft_wrap=True)
    raise SystemExit(bool(report.unlisted or report.stale))


def table_of(report: Report) -> Table:
    """One row a section, and the sum."""
    table = Table(caption=f"{report.seconds:.0f} s", box=None, show_footer=True, padding=(0, 1))
    rows = {section: counts(report, section) for section in sections_of(report)}
    total = sum(rows.values(), Counter[str]())
    for title in ("section", "mutants", *KINDS, "others", "survive", "unlisted"):
        first = title == "section"
        footer = "all" if first else str(total[title])
        table.add_column(title, footer, justify="left" if first else "right")
    for section, row in rows.items():
        table.add_row(section, *(str(row[str(column.header)]) for column in table.columns[1:]))
    return table


def sections_of(report: Report) -> list[str]:
    """The sections of a run, in reading order."""
    return list(dict.fromkeys(outcome.mutant.module for outcome in report.outcomes))


def counts(report: Report, section: str) -> Counter[str]:
    """How many mutants of a section there are, who killed them, how many survive."""
    found: Counter[str] = Counter()
    for outcome in report.outcomes:
        if outcome.mutant.module == section:
            kinds = [kind for kind, killers in KINDS.items() if outcome.killer in killers]
            found["mutants"] += 1
            found["survive" if outcome.survived else (*kinds, "others")[0]] += 1
    found["unlisted"] = sum(mutant.module == section for mutant in report.unlisted)
    return found


def row_of(mutant: Mutant) -> str:
    """A row for ``survivors.toml``, without the reason."""
    file, function, before, after = (json.dumps(text, ensure_ascii=False) for text in mutant.key)
    return "\n".join(
        [
            "[[survivor]]",
            f"file = {file}",
            f"function = {function}",
            f"line = {before}",
            f"becomes = [{after}]",
            'reason = ""',
        ]
    )


if __name__ == "__main__":
    main()
