"""The table in README.md, made from ``docs/referee.json``, of which the companion's page has everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from training_figures import Part, figures, ratios, spread, table

README = Path(__file__).with_name("README.md")
START, END = "<!-- measured: written by referee_bench.py -->", "<!-- end of measured -->"
HEADS = ("task", "contestant", "ms each", "each second", "its time to the referee's", "agreed")


def write_tables(known: Mapping[str, Part]) -> None:
    """Put what was measured between the two marks of README.md."""
    text = README.read_text(encoding="utf-8")
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError(f"{README.name} has lost its marks: put back {START} and {END}")
    README.write_text(f"{before}{START}\n\n{generated(known)}\n\n{END}{after}", encoding="utf-8")


def generated(known: Mapping[str, Part]) -> str:
    """The table of the speed, and a sentence for each other part."""
    said = []
    if speed := known.get("speed"):
        said.append(table(HEADS, list(rows(speed)), left=2))
        said.append(f"{speed['rounds']} rounds, {speed['entries']} equations. {where(speed)}")
    if mutants := known.get("mutants"):
        tried = sum(module["tried"] for module in mutants["modules"])
        survived = sum(module["survived"] for module in mutants["modules"])
        unlisted = sum(len(module["unlisted"]) for module in mutants["modules"])
        said.append(
            f"Mutants: {tried:,} tried, {tried - survived:,} killed, {survived} survive, of which"
            f" {unlisted} do not compute the same. {where(mutants)}"
        )
    if alarms := known.get("alarms"):
        number = len(alarms["alarms"])
        said.append(f"False alarms: {number} in {alarms['judged']:,} judgements. {where(alarms)}")
    return "\n\n".join(said)


def rows(speed: Part) -> Iterator[list[str]]:
    """A row for each contestant of each heat."""
    for heat in speed["heats"]:
        base = each(heat["samples"]["the referee"])
        for name, samples in heat["samples"].items():
            own = each(samples)
            ratio = "1" if name == "the referee" else spread(ratios(own, base))
            agreed = f"{sum(s[2] for s in samples):,} of {sum(s[1] for s in samples):,}"
            yield [heat["task"], name, spread(own), rate(1000 / median(own)), ratio, agreed]


def rate(value: float) -> str:
    """How many a second: a whole number where that says enough."""
    return f"{value:,.0f}" if value >= 10 else figures(value)


def each(samples: list[Any]) -> list[float]:
    """Milliseconds for one equation-instance, by round."""
    return [1000 * seconds / instances for seconds, instances, _ in samples]


def where(part: Part) -> str:
    """When and where a part was measured."""
    measured = part["measured"]
    versions = ", ".join(f"{name} {number}" for name, number in measured["versions"].items())
    machine = f"{measured['processor']}, {measured['cores']} cores, load {measured['load']} at the start"
    return f"Measured {measured['date']}: {machine}, {versions}."
