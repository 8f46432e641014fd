"""``derivations exercise``: list, start, check, hint and solution."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from derivations.cli._common import need_jax
from derivations.exercises.course import ORDER
from derivations.exercises.format import MARK, Exercise, course, exercise_of, find, started
from derivations.exercises.hints import forget, next_hint
from derivations.exercises.judge import SECONDS, Judgement, judge
from derivations.exercises.watching import judge_on_saves


@click.group()
def exercise() -> None:
    """Derive a gradient, write it down, and be told what is wrong with it: in the paper's order.

    NAME is one of those that ``list`` shows, or a teacher's own file, as ./mine.py: an exercise is one
    Python file, solved, and derivations/exercises/format.py says what is in it.
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
@click.option("--force", is_flag=True, help="Write over a file that is there, and what you wrote in it.")
def start(name: str, force: bool) -> None:
    """Write NAME.py into this folder: the statement, the shapes, and a function to fill in."""
    with clear():
        chosen = find(name)
        file = Path(f"{chosen.name}.py")
        if file.resolve() == chosen.file:
            raise click.ClickException(f"{file} is the exercise itself: start it in another folder")
        if file.exists() and not force:
            raise click.ClickException(f"{file} is there already: go on with it, or give --force")
        file.write_text(started(chosen, file), encoding="utf-8")
    click.echo(f"{file}: {chosen.title}\nFill in gradient, then: derivations exercise check {file}")


@exercise.command()
@click.argument("file", required=False)
@click.option("--exercise", "name", metavar="NAME", help="Which exercise it is, where FILE does not say.")
@click.option("--json", "as_json", is_flag=True, help="Print the score and the report for an autograder.")
@click.option("--watch", is_flag=True, help="Check again whenever a file is saved, until Ctrl-C.")
@click.option(
    "--time-limit",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    default=SECONDS,
    show_default=True,
    help="What all calls of your function may take together.",
)
def check(file: str | None, name: str | None, as_json: bool, watch: bool, time_limit: float) -> None:
    """Judge FILE, or the exercise in this folder that was saved last; exit with 0 only if it is right.

    It runs in a process of its own, without JAX. The report says what is wrong, and not what is right.
    """
    need_jax()
    if as_json and watch:
        raise click.UsageError("--watch is for people and --json for programs: give one of them")
    console = Console(highlight=False)

    def once() -> bool:
        with clear():
            place = latest() if file is None else student_file(file)
            found = judge(find(name) if name else exercise_of(place), place, time_limit)
        if as_json:
            click.echo(json.dumps(found.to_dict(), indent=1))
        else:
            show(console, found)
        return found.right

    def again() -> bool:
        console.rule(f"{datetime.now():%H:%M:%S}", style="dim")
        try:
            return once()
        except click.ClickException as problem:
            click.echo(f"Error: {problem.format_message()}", err=True)
            return False

    with clear():
        right = judge_on_saves(again, folder_of(file)) if watch else once()
    sys.exit(0 if right else 1)


@exercise.command()
@click.argument("name", required=False)
@click.option("--reset", is_flag=True, help="Begin with the first one again.")
def hint(name: str | None, reset: bool) -> None:
    """Give one more hint on the exercise NAME, or on the one in this folder that was saved last."""
    with clear():
        chosen, folder = chosen_by(name)
        if reset:
            forget(chosen, folder)
        number, text = next_hint(chosen, folder)
    console = Console(highlight=False, width=min(Console().width, 100))
    console.print(f"Hint {number} of {len(chosen.hints)} on {chosen.name}", style="dim")
    console.print(Text(text))
    if number == len(chosen.hints):
        console.print(f"No more of them: derivations exercise solution {name or ''}".rstrip(), style="dim")


@exercise.command()
@click.argument("name", required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
def solution(name: str | None, yes: bool) -> None:
    """Show how the exercise NAME is solved; asks first."""
    with clear():
        chosen, _ = chosen_by(name)
    if not yes:
        click.confirm(f"Show how {chosen.name} is solved?", abort=True)
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


def folder_of(text: str | None) -> Path:
    """The folder to watch."""
    return Path() if text is None else student_file(text).parent


def chosen_by(text: str | None) -> tuple[Exercise, Path]:
    """An exercise by its name, by a file that was started from it, or by its own; and where one works."""
    if text is None:
        return exercise_of(latest()), Path()
    file = Path(text)
    if file.is_file() and MARK.search(file.read_text("utf-8", "replace")):
        return exercise_of(file), file.parent
    return find(text), Path()


# --- what is printed --------------------------------------------------------------------------------


def show(console: Console, found: Judgement) -> None:
    """The report, between what it is about and what to do next."""
    from derivations.checker.terminal import show as show_report

    place = found.exercise.paper.partition(":")[0]
    about = f"{found.file.name}: {found.exercise.title}" + (f" ({place})" if place else "")
    console.print(Text(about, "dim"))
    show_report(console, found.report)
    if after(found):
        console.print(Text(after(found), "dim"))


def after(found: Judgement) -> str:
    """What to do next."""
    one = found.exercise
    if not found.right:
        return f"A hint: derivations exercise hint {one.name if one.ours else found.file}"
    if one.next:
        return f"The next one: derivations exercise start {one.next}"
    return "That was the last one." if one.ours else ""


@contextlib.contextmanager
def clear() -> Iterator[None]:
    """Turn an error about what the user gave into one line."""
    try:
        yield
    except OSError as problem:
        raise click.ClickException(f"{problem.filename}: {problem.strerror}") from None
    except (ValueError, TypeError) as problem:
        raise click.ClickException(" ".join(str(problem).split())) from None
