"""``derivations exercise``: list, start, check, hint and solution."""

from __future__ import annotations

import contextlib
import json
import math
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from derivations._files import write_atomically
from derivations.exercises._hints import next_hint, reset_hints
from derivations.exercises._supervisor import one_line, supervised_check
from derivations.exercises._watch import check_on_saves
from derivations.exercises.check import SECONDS
from derivations.exercises.course import ORDER
from derivations.exercises.format import MARK, Exercise, course, exercise_of, find, started


@click.group()
def exercise() -> None:
    """Derive a gradient, write it in NumPy, and read what is wrong with it: in the paper's order.

    NAME is one of those that ``list`` shows, or a teacher's own file, as ./mine.py: an exercise is one
    Python file with its solution, described in derivations/exercises/format.py.
    """


@exercise.command("list")
def list_all() -> None:
    """Show the exercises, in the paper's order."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("name", "", "paper"):
        table.add_column(heading)
    for one in course():
        table.add_row(Text(one.name, "bold"), one.title, Text(one.paper.partition(":")[0], "dim"))
    console = Console(highlight=False)
    console.print(table)
    console.print(f"\nBegin: derivations exercise start {ORDER[0]}", style="dim")


@exercise.command()
@click.argument("name")
@click.option("--force", is_flag=True, help="Overwrite an existing file, and the answer in it.")
def start(name: str, force: bool) -> None:
    """Write NAME.py into this folder: the statement, the shapes, and a function to fill in."""
    with user_errors():
        chosen = find(name)
        file = Path(f"{chosen.name}.py")
        if file.resolve() == chosen.file:
            raise click.ClickException(f"{file} is the exercise itself: start it in another folder")
        if file.exists() and not force:
            raise click.ClickException(f"{file} exists already: continue with it, or give --force")
        write_atomically(file, started(chosen, file))
    click.echo(f"{file}: {chosen.title}\nFill in gradient, then: derivations exercise check {file}")


def finite(_context: click.Context, _option: click.Parameter, value: float) -> float:
    """The value of an option; refuse NaN and infinity."""
    if not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a number of seconds.")
    return value


@exercise.command()
@click.argument("file", required=False)
@click.option("--exercise", "name", metavar="NAME", help="Which exercise; default: the one FILE names.")
@click.option("--json", "as_json", is_flag=True, help="Print the score and the report for an autograder.")
@click.option("--watch", is_flag=True, help="Check again whenever a file is saved, until Ctrl-C.")
@click.option(
    "--time-limit",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    default=SECONDS,
    show_default=True,
    callback=finite,
    help="The time that all calls of your function may take together.",
)
def check(file: str | None, name: str | None, as_json: bool, watch: bool, time_limit: float) -> None:
    """Check FILE, or the exercise in this folder that was saved last; exit with 0 only if it is right.

    The report says what is wrong with the answer, and not what would be right.

    The answer runs in a process of its own, without JAX and without the solution. Its time, its memory (1
    GiB) and the size of the files it writes are limited; it cannot start programs or signal other processes
    from Python. A separate process supervises the check, and reports even if the answer never returns,
    exits, or ends the process that checks it.

    For an autograder: this is no protection against hostile code. The answer has your rights to files and
    to the network, and compiled code can start processes that outlive the check. Check answers of strangers
    in a container, without network, as a user other than root, with --exercise NAME --json: without
    --exercise, FILE says which exercise it is, and that exercise's file runs outside the answer's process.
    """
    if as_json and watch:
        raise click.UsageError("--watch is for people and --json for programs: give one of them")
    console = Console(highlight=False)

    def once() -> bool:
        with user_errors():
            place = latest() if file is None else student_file(file)
            found = supervised_check(place, name, time_limit, console.width, console.color_system)
        click.echo(json.dumps(found["record"], indent=1) if as_json else found["text"].rstrip())
        return bool(found["record"]["right"])

    def again() -> bool:
        console.rule(f"{datetime.now():%H:%M:%S}", style="dim")
        try:
            return once()
        except click.ClickException as problem:
            click.echo(f"Error: {problem.format_message()}", err=True)
            return False

    with user_errors():
        folder = Path() if file is None else student_file(file).parent
        right = check_on_saves(again, folder) if watch else once()
    sys.exit(0 if right else 1)


@exercise.command()
@click.argument("name", required=False)
@click.option("--reset", is_flag=True, help="Start again with the first hint.")
def hint(name: str | None, reset: bool) -> None:
    """Give one more hint on the exercise NAME, or on the one in this folder that was saved last."""
    with user_errors():
        chosen, folder = chosen_by(name)
        if reset:
            reset_hints(chosen, folder)
        number, text = next_hint(chosen, folder)
    console = Console(highlight=False, width=min(Console().width, 100))
    console.print(f"Hint {number} of {len(chosen.hints)} on {chosen.name}", style="dim")
    console.print(Text(text))
    if number == len(chosen.hints):
        last = f"That was the last hint: derivations exercise solution {name or ''}".rstrip()
        console.print(last, style="dim")


@exercise.command()
@click.argument("name", required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
def solution(name: str | None, yes: bool) -> None:
    """Show the solution of the exercise NAME; asks first."""
    with user_errors():
        chosen, _ = chosen_by(name)
    if not yes:
        click.confirm(f"Show the solution of {chosen.name}?", abort=True)
    click.echo(chosen.solution)


# --- which file, which exercise ---------------------------------------------------------------------


def latest() -> Path:
    """The exercise in this folder that was saved last; ``ValueError`` if there is none."""
    files = [file for file in Path().glob("*.py") if MARK.search(file.read_text("utf-8", "replace"))]
    if not files:
        raise ValueError(f"there is no exercise in this folder: derivations exercise start {ORDER[0]}")
    return max(files, key=lambda file: file.stat().st_mtime_ns)


def student_file(text: str) -> Path:
    """A file by its name, with .py or without; ``ValueError`` if there is none."""
    for file in (Path(text), Path(f"{text}.py")):
        if file.is_file():
            return file
    start_it = f": derivations exercise start {text} writes one" if text in ORDER else ""
    raise ValueError(f"there is no file {text}{start_it}")


def chosen_by(text: str | None) -> tuple[Exercise, Path]:
    """An exercise by its name, its file, or a file started from it; and the student's folder."""
    if text is None:
        return exercise_of(latest()), Path()
    file = Path(text)
    if file.is_file() and MARK.search(file.read_text("utf-8", "replace")):
        return exercise_of(file), file.parent
    return find(text), Path()


@contextlib.contextmanager
def user_errors() -> Iterator[None]:
    """Turn an error about what the user gave into one line."""
    try:
        yield
    except (OSError, ValueError, TypeError) as problem:
        raise click.ClickException(one_line(problem)) from None
