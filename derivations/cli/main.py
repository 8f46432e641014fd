"""``derivations``: the command line. ``derivations verify`` judges every equation of the paper."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from derivations._signals import STOPPED, leaving_at_once
from derivations.cli._common import clean_up, clean_up_when_terminated, need_jax
from derivations.cli.exercise import exercise
from derivations.cli.zoo import zoo
from derivations.ledger import Entry, find, ledger

EXAMPLES = 200


def main() -> None:
    """Run the command line; an error that the user can correct is one line and a non-zero exit status."""
    for stream in (sys.stdout, sys.stderr):  # a terminal without ∂ gets a ? for it, not an error
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if os.environ.get("COLUMNS") == "0":  # to rich a terminal without columns, on which nothing can be seen
        del os.environ["COLUMNS"]
    # Hypothesis cannot write below the null device, so it leaves no .hypothesis in the user's folder.
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", os.path.join(os.devnull, "hypothesis"))
    clean_up_when_terminated()
    try:
        cli.main(prog_name="derivations", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as problem:
        click.echo(problem.format_message(), err=True)
        sys.exit(problem.exit_code)
    except click.ClickException as problem:
        click.echo(f"Error: {problem.format_message()}", err=True)
        sys.exit(problem.exit_code)
    except click.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(STOPPED)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="derivations", message="derivations %(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """Every equation of “word2vec Implementation Review”, derived by hand and checked against JAX."""
    if context.invoked_subcommand != exercise.name:  # which has a child process and files to clean up
        context.with_resource(leaving_at_once("Stopped.", clean_up))


cli.add_command(exercise)
cli.add_command(zoo)


@cli.command()
@click.option("--section", metavar="S", help="Only this section of the paper, 1 to 6 or 8.")
@click.option("--label", metavar="L", help="Only this equation, as mlp.dE_dW.")
@click.option(
    "--examples",
    metavar="N",
    type=click.IntRange(min=1),
    default=EXAMPLES,
    show_default=True,
    help="Random shapes and values to try on each equation.",
)
@click.option(
    "--seed",
    metavar="S",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seed of the instances.",
)
@click.option(
    "--jobs",
    metavar="J",
    type=click.IntRange(min=0),
    default=0,
    help="Processes; 0, the default, takes the cores.",
)
@click.option(
    "--json",
    "json_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Also write the verdicts as JSON.",
)
@click.option(
    "--html",
    "html_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Also write one page that works offline.",
)
def verify(
    section: str | None,
    label: str | None,
    examples: int,
    seed: int,
    jobs: int,
    json_file: Path | None,
    html_file: Path | None,
) -> None:
    """Judge the equations; exit with 0 only if every one deserves its status.

    A verified equation is one whose left side, differentiated by JAX from the forward pass alone,
    equals the hand-written right side on every instance. An erratum is one whose printed form fails,
    with a counterexample, and whose corrected form is verified.
    """
    from derivations.cli.terminal import show_run
    from derivations.oracle.records import record, write_json
    from derivations.oracle.runs import run

    need_jax()
    entries = chosen(section, label)
    if json_file is not None and json_file == html_file:
        raise click.ClickException(f"{json_file} cannot be both: give --json and --html a file each")
    if html_file is not None and find_spec("latex2mathml") is None:
        raise click.ClickException("--html needs one more package: pip install 'derivations[html]'")
    for file in (json_file, html_file):
        if file is not None:
            check_writable(file)
    console = Console(highlight=False)
    with progress_bar(len(entries) * examples) as advance, clear_errors():
        result = run(entries, examples, seed, advance, jobs)
    with clear_errors():
        recorded = record(result)
        show_run(console, recorded)
        if json_file is not None:
            write_json(recorded, json_file)
        if html_file is not None:
            from derivations.cli.page import write_page

            write_page(recorded, html_file)
    sys.exit(0 if result.holds else 1)


@cli.command()
@click.argument("label")
@click.option("--instance", metavar="TEXT", help='Sizes, scale and seed, as "K=3 N=2 M=4 seed=17".')
@click.option(
    "--values",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Judge it on your own arrays, an .npz with one array for each input.",
)
@click.option(
    "--seed",
    metavar="S",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seed of the instance, where none is given.",
)
def show(label: str, instance: str | None, values: Path | None, seed: int) -> None:
    """Print one equation, the hand code, JAX's own derivative program, and the numbers of an instance."""
    from derivations.cli.show import show_entry
    from derivations.oracle.cases import from_file, parse, random_instance

    need_jax()
    entry = found(label)
    with clear_errors():
        if values is not None:
            chosen_instance = from_file(entry.model, values)
        elif instance is not None:
            chosen_instance = parse(entry.model, instance)
        else:
            chosen_instance = random_instance(entry.model, seed, dict(entry.sizes))
        check_fits(entry, chosen_instance.sizes)
        holds = show_entry(Console(highlight=False), entry, chosen_instance)
    sys.exit(0 if holds else 1)


@cli.command()
def notation() -> None:
    """Print the notation of every section: Python name, the paper's symbol, shape, meaning."""
    from derivations.cli.show import show_notation

    show_notation(Console(highlight=False))


# --- what the commands share ------------------------------------------------------------------------


def chosen(section: str | None, label: str | None) -> Sequence[Entry]:
    """The entries of a section or of a label; all without either."""
    entries = list(ledger()) if label is None else [found(label)]
    if section is not None:
        known = sorted({entry.section for entry in ledger()})
        if section.lstrip("§") not in known:
            raise click.ClickException(
                f"there is no section {section!r} in the ledger: give one of {', '.join(known)}"
            )
        entries = [entry for entry in entries if entry.section == section.lstrip("§")]
        if not entries:
            raise click.ClickException(f"{label} is not in section {section}: leave one of the two out")
    return entries


def check_fits(entry: Entry, sizes: Mapping[str, int]) -> None:
    """Refuse sizes that are not those of the figure: ``ValueError``."""
    other = {letter: size for letter, size in entry.sizes.items() if sizes.get(letter) != size}
    if other:
        fixed = " ".join(f"{letter}={size}" for letter, size in entry.sizes.items())
        raise ValueError(f"{entry.label} is drawn at {fixed}: give these sizes")


def found(label: str) -> Entry:
    """The entry with this label, or a one-line error with the nearest labels."""
    try:
        return find(label)
    except KeyError as problem:
        raise click.ClickException(str(problem.args[0])) from None


def check_writable(file: Path) -> None:
    """Raise a one-line ``ClickException``, before any work is done, for a file that cannot be written."""
    try:
        existed = file.exists()
        if existed and not file.is_file() and not file.is_char_device() and not file.is_dir():
            raise click.ClickException(f"{file} is not a file that keeps what is written: give another")
        with file.open("a", encoding="utf-8"):
            pass
        if not existed:
            file.unlink()
    except OSError as problem:
        raise click.ClickException(
            f"cannot write {file}: {problem.strerror}; give a file in a folder you may write to"
        ) from None


@contextlib.contextmanager
def clear_errors() -> Iterator[None]:
    """Turn an error about what the user gave into one line and exit status 1."""
    try:
        yield
    except OSError as problem:
        if problem.filename is None:  # of standard output, which derivations._signals reports
            raise
        raise click.ClickException(f"{problem.filename}: {problem.strerror}") from None
    except (ValueError, TypeError, KeyError, ArithmeticError, RuntimeError) as problem:
        raise click.ClickException(" ".join(str(problem).split())) from None
    except MemoryError:
        raise click.ClickException("this does not fit into memory: give smaller sizes") from None


@contextlib.contextmanager
def progress_bar(total: int) -> Iterator[Any]:
    """A progress bar on standard error, gone when done, and only where somebody looks at it."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("judging", total=total)
        yield lambda steps: bar.advance(task, steps)
