"""``w2v``: the command line. Vectors in, answers out; every error is one line."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from w2v.cli.tables import analogies_table, contents_table, info_table, pairs_table, similar_table
from w2v.cli.train import train
from w2v.vectors.vectors import UnknownWordError, WordVectors
from w2v.visualizer.command import visualize

FILE = click.Path(path_type=Path)
USER_ERRORS = (ValueError, OSError, ArithmeticError, ModuleNotFoundError, UnknownWordError)
"""Errors about what the user gave, whose text says what to change."""

STREAM_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}
"""Errors that, without the name of a file, are about standard output."""


def main() -> None:
    """Run the command line; an error that the user can correct is one line and a non-zero exit status.

    Where nobody reads on, as in ``w2v ... | head``, click and rich stop without a word.
    """
    for stream in (sys.stdout, sys.stderr):  # a terminal without a letter gets a ? for it, not an error
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if os.environ.get("COLUMNS") == "0":  # to rich a terminal without columns, on which nothing can be seen
        del os.environ["COLUMNS"]
    try:
        cli.main(prog_name="w2v", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as problem:
        click.echo(problem.format_message(), err=True)
        sys.exit(problem.exit_code)
    except click.ClickException as problem:
        stop(problem.format_message(), problem.exit_code)
    except click.Abort:
        stop("stopped", 130)
    except MemoryError:
        stop("this does not fit into memory: give fewer words or smaller vectors", 1)
    except USER_ERRORS as problem:
        stop(one_line(problem), 1)


def stop(reason: str, status: int) -> None:
    """Print the reason as an error and end with the status."""
    click.echo(f"Error: {reason}", err=True)
    sys.exit(status)


def one_line(problem: BaseException) -> str:
    """Return an error's text in one line, a file's name first, without the number of the error."""
    text = str(problem)
    if isinstance(problem, OSError) and problem.strerror:
        unnamed = "standard output: " if problem.errno in STREAM_ERRORS else ""
        name = f"{problem.filename}: " if problem.filename else unnamed
        text = f"{name}{problem.strerror}"
    return " ".join(text.split())


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="derivations", message="w2v %(version)s")
def cli() -> None:
    """Word vectors: train them on text, ask them, judge them, draw them."""


vectors = click.argument("vectors", type=FILE)
topn = click.option(
    "-n", "--topn", type=click.IntRange(min=1), default=10, show_default=True, help="Answers."
)
errors = click.option(
    "--errors",
    type=click.Choice(["strict", "replace", "ignore"]),
    default="strict",
    show_default=True,
    help="What to do with words of VECTORS that are not UTF-8.",
)


@cli.command()
@vectors
@click.argument("words", nargs=-1, required=True)
@click.option("--negative", metavar="WORD", multiple=True, help="Away from this word; may be repeated.")
@topn
@errors
def similar(vectors: Path, words: Sequence[str], negative: Sequence[str], topn: int, errors: str) -> None:
    """Print the words nearest to WORDS, with their cosines.

    Several words are averaged: `w2v similar vectors.bin king woman --negative man`.
    """
    wv = WordVectors.load(vectors, errors=errors)
    show(similar_table(wv, wv.most_similar(words, negative, topn)))


@cli.command()
@vectors
@click.argument("a")
@click.argument("b")
@click.argument("c")
@topn
@errors
def analogy(vectors: Path, a: str, b: str, c: str, topn: int, errors: str) -> None:
    """Print what is to C as B is to A.

    `w2v analogy vectors.bin man king woman` should say queen.
    """
    wv = WordVectors.load(vectors, errors=errors)
    show(similar_table(wv, wv.analogy(a, b, c, topn)))


@cli.command()
@vectors
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option(
    "--restrict-vocab",
    metavar="N",
    type=click.IntRange(min=1),
    default=300_000,
    show_default=True,
    help="Only the first N words count.",
)
@click.option("--case-sensitive", is_flag=True, help="Tell Paris from paris.")
@click.option("--dummy4unknown", is_flag=True, help="Count what has an unknown word as answered wrong.")
@errors
def evaluate(
    vectors: Path,
    files: Sequence[Path],
    restrict_vocab: int,
    case_sensitive: bool,
    dummy4unknown: bool,
    errors: str,
) -> None:
    """Judge VECTORS by test FILES, as gensim does.

    A file with sections, `: name`, holds analogies, four words a line (questions-words.txt); any other
    holds word pairs, two words and a number a line (wordsim353.tsv, simlex999.txt).
    """
    from w2v.vectors.evaluation import evaluate_word_analogies, evaluate_word_pairs

    wv = WordVectors.load(vectors, errors=errors)
    options: Any = {
        "restrict_vocab": restrict_vocab,
        "case_insensitive": not case_sensitive,
        "dummy4unknown": dummy4unknown,
    }
    pairs = []
    for file in files:
        if has_sections(file):
            show(analogies_table(evaluate_word_analogies(wv, file, **options), file.name))
        else:
            pairs.append((file.name, evaluate_word_pairs(wv, file, **options)))
    if pairs:
        show(pairs_table(pairs))


@cli.command()
@vectors
@click.argument("words", nargs=-1)
@click.option("-o", "--output", metavar="FILE", type=FILE, required=True, help="A .png, .svg or .pdf.")
@click.option("--top", metavar="N", type=click.IntRange(min=3), help="Also the first N words of VECTORS.")
@click.option("--method", type=click.Choice(["pca", "tsne"]), default="pca", show_default=True)
@click.option("--seed", metavar="S", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True)
@errors
def plot(
    vectors: Path, words: Sequence[str], output: Path, top: int | None, method: str, seed: int, errors: str
) -> None:
    """Draw WORDS where their vectors are, in two dimensions."""
    from w2v.vectors.plot import plot as draw

    wv = WordVectors.load(vectors, errors=errors)
    draw(wv, [*words, *wv.words[: top or 0]], output, method=method, seed=seed)


@cli.command()
@click.argument("file", type=FILE)
@topn
@errors
def info(file: Path, topn: int, errors: str) -> None:
    """Print what FILE holds: vectors, a model, or the folder of a run (FILE.run)."""
    from w2v.data.files import read_arrays
    from w2v.vectors.formats import FIELDS, kind

    parts = [part for part in (file / "vocabulary.npz", file / "state.npz") if part.is_file()]
    if file.is_dir() and not parts:
        raise ValueError(f"{file}: a folder without a run in it: give a file of vectors, or a FILE.run")
    for part in parts:
        show(contents_table(read_arrays(part), part.name, topn))
    if parts:
        return
    form = kind(file)
    arrays = read_arrays(file) if form == ".npz" else {}
    if not arrays or arrays.keys() >= FIELDS:
        show(info_table(WordVectors.load(file, errors=errors), file, form, topn))
    if arrays:
        show(contents_table(arrays, file.name, topn))


cli.add_command(train)
cli.add_command(visualize)


# --- what the commands share ------------------------------------------------------------------------


def show(table: Any) -> None:
    """Print a table."""
    Console(highlight=False).print(table)


def has_sections(file: Path) -> bool:
    """Whether the first line that says something begins a section of analogies."""
    with file.open("rb") as lines:
        first = next((line for line in lines if line.strip() and not line.startswith(b"#")), b"")
    return first.removeprefix(b"\xef\xbb\xbf").startswith(b":")
