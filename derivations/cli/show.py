"""One equation in full: as printed, the hand code, JAX's own program, the numbers of an instance."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from derivations.cli.terminal import STYLES
from derivations.latex import to_text
from derivations.ledger import SECTIONS, Entry, section_module
from derivations.notation import KINDS, tuple_text
from derivations.oracle.cases import Instance
from derivations.oracle.judges import Bench, left_sides
from derivations.oracle.program.programs import derivative_program, value_program
from derivations.oracle.records import judges_of
from derivations.oracle.tolerance import ROUNDINGS
from derivations.oracle.verdicts import judge_once, name_of, right_sides


def show_entry(console: Console, entry: Entry, instance: Instance) -> bool:
    """Print everything about an entry; whether it holds on the instance."""
    source = "ours" if entry.ours else entry.source or f"p. {entry.page}"
    console.print(Text(f"{entry.label}   §{entry.section}, {source}, {entry.status}", style="bold"))
    console.print(Text(to_text(entry.latex), style="red" if entry.misprint else ""), end="")
    console.print("   as printed" if entry.misprint else "", style="dim")
    if entry.misprint and entry.corrected_latex:
        console.print(Text(to_text(entry.corrected_latex), style="green"), end="")
        console.print("   corrected", style="dim")
        console.print(Text(entry.misprint.why, style="italic"))
    if entry.note:
        console.print(Text(entry.note, style="italic"))
    show_code(console, "the hand", entry.rhs)
    if entry.misprint:
        show_code(console, "the print", entry.misprint.computes)
    for lhs in left_sides(entry):
        show_program(console, entry, lhs)
    return show_numbers(console, entry, instance)


def show_code(console: Console, title: str, function: Callable[..., Any]) -> None:
    """Print a function as it stands in its module, without its labels."""
    lines = inspect.getsource(function).splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("def "))
    place = f"{function.__module__.replace('.', '/')}.py"
    console.print(f"\n[bold]{title}[/]  [dim]{place}[/]")
    console.print(Syntax("\n".join(lines[first:]), "python", background_color="default", word_wrap=True))


def show_program(console: Console, entry: Entry, lhs: Any) -> None:
    """Print JAX's program for a left side, as it was traced for all shapes."""
    if callable(lhs):
        return
    if isinstance(lhs, str):
        title, program = f"JAX's {lhs}", value_program(entry.model, lhs)
    else:
        of, wrt = lhs
        title = f"JAX's ∂{of}/∂{wrt}, in reverse mode, for every shape"
        program = derivative_program(entry.model, of, wrt, "reverse")
    console.print(f"\n[bold]{title}[/]  [dim]from {entry.model.name.partition('_of')[0]}.reference[/]")
    console.print(Syntax(program.source, "python", background_color="default", word_wrap=True))


def show_numbers(console: Console, entry: Entry, instance: Instance) -> bool:
    """Print what the hand and each judge find on one instance, and the verdict on it."""
    verdict = judge_once(entry, instance)
    console.print(f"[bold]one instance[/]  [dim]{instance}[/]")
    with np.printoptions(precision=6, suppress=True, threshold=60, linewidth=console.width - 24):
        table = Table.grid(padding=(0, 2))
        for name, value in instance.inputs.items():
            table.add_row(f"{name} {np.shape(value)}", Text(str(value)))
        for who, value in findings(entry, instance):
            table.add_row(Text(who, style="bold"), Text(str(np.asarray(value))))
        console.print(table)
    holds = verdict.failure is None
    style = STYLES["verified" if holds else "failing"]
    error = f"worst error {verdict.worst_error:.2f} of {ROUNDINGS:g} permitted roundings"
    said = f"the hand-written side holds here, {error}; judges: {', '.join(judges_of(entry))}"
    console.print(Text(said if holds else f"it does not hold: {verdict.failure}", style=style))
    if entry.misprint:
        fails = verdict.misprint_failures > 0
        console.print(f"the form as printed {'fails' if fails else 'happens to hold'} here")
    return holds


def findings(entry: Entry, instance: Instance) -> list[tuple[str, Any]]:
    """What the hand, the print and every judge find, by who; a failure in place of a value."""
    bench, found = Bench(entry.model, instance), []
    sides = left_sides(entry)
    functions = {"hand": entry.rhs}
    if entry.misprint:
        functions["print"] = entry.misprint.computes
    for who, function in functions.items():
        try:
            values = right_sides(entry, bench, sides, function)
        except Exception as problem:  # shown, not hidden: the verdict says it too
            found.append((who, f"{type(problem).__name__}: {problem}"))
        else:
            found += [(f"{who} {name_of(lhs, entry)}", v) for lhs, v in zip(sides, values, strict=True)]
    for lhs in sides:
        view = entry.view or (lambda array: array)
        for judge, finding in bench.judged(lhs).items():
            found.append((f"{judge} {name_of(lhs, entry)}", view(finding.value)))
    return found


def with_own_notation() -> dict[str, ModuleType]:
    """The section modules whose notation is not that of one before them, by name."""
    found: dict[str, ModuleType] = {}
    for name in SECTIONS:
        module = section_module(name)
        if not any(module.NOTATION is known.NOTATION for known in found.values()):
            found[name] = module
    return found


def show_notation(console: Console) -> None:
    """Print the notation tables of all sections that have one of their own."""
    for name, module in with_own_notation().items():
        table = Table(
            title=f"{name}, §{module.SECTION}",
            title_justify="left",
            title_style="bold",
            box=None,
            pad_edge=False,
            padding=(0, 2, 0, 0),
        )
        for column in ("Python", "paper", "shape", "meaning", "values"):
            table.add_column(column)
        for row in module.NOTATION.values():
            table.add_row(row.name, row.symbol, tuple_text(row.shape), row.meaning, KINDS[row.drawn])
        console.print(table)
        console.print()
