"""The numbers of ``docs/checks.json`` as tables, in README.md and in the companion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from training_figures import Part, figures, ratios, spread, table

README = Path(__file__).with_name("README.md")
START, END = "<!-- measured: written by oracle_bench.py -->", "<!-- end of measured -->"
HEADS = ("task", "method", "ms each", "each second", "time relative to the oracle", "agreed")
ORACLE = "the oracle"


def write_tables(known: Mapping[str, Part]) -> None:
    """Write the tables between the two marks of README.md; ``ValueError`` if a mark is missing."""
    text = README.read_text(encoding="utf-8")
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError(f"{README.name} has no marks: put back {START} and {END}")
    README.write_text(f"{before}{START}\n\n{generated(known)}\n\n{END}{after}", encoding="utf-8")


def generated(known: Mapping[str, Part]) -> str:
    """Return the table of the speed, and a sentence for the mutants and the false alarms."""
    said = []
    if speed := known.get("speed"):
        rows = [[heat["task"], *row] for heat in speed["heats"] for row in speed_rows(heat)]
        said.append(table(HEADS, rows, left=2))
        said.append(f"{speed['rounds']} rounds, {speed['entries']} equations. {measured(speed)}.")
    if mutants := known.get("mutants"):
        tried, survived = (
            sum(module[key] for module in mutants["modules"]) for key in ("tried", "survived")
        )
        unlisted = sum(len(module["unlisted"]) for module in mutants["modules"])
        said.append(
            f"Mutants: {tried:,} tried, {tried - survived:,} killed, {survived} survive, of which"
            f" {unlisted} do not compute the same. {measured(mutants)}."
        )
    if alarms := known.get("alarms"):
        number = len(alarms["alarms"])
        said.append(f"False alarms: {number} in {alarms['judged']:,} verdicts. {measured(alarms)}.")
    return "\n\n".join(said)


def speed_rows(heat: Part) -> Iterator[list[str]]:
    """Yield a row for each method of a task: name, milliseconds, rate, relative time, agreements."""
    base = each(heat["samples"][ORACLE])
    for name, samples in heat["samples"].items():
        own = each(samples)
        rate = 1000 / median(own)
        yield [
            name,
            spread(own),
            f"{rate:,.0f}" if rate >= 10 else figures(rate),
            "1" if name == ORACLE else spread(ratios(own, base)),
            f"{sum(s[2] for s in samples):,} of {sum(s[1] for s in samples):,}",
        ]


def each(samples: list[Any]) -> list[float]:
    """Return the milliseconds for one equation on one test case, by round."""
    return [1000 * seconds / instances for seconds, instances, _ in samples]


def measured(part: Part) -> str:
    """Return when, on what machine and with what versions a part was measured."""
    where = part["measured"]
    versions = ", ".join(f"{name} {number}" for name, number in where["versions"].items())
    machine = f"{where['processor']}, {where['cores']} cores, load {where['load']} at the start"
    return f"Measured {where['date']}: {machine}, {versions}"
