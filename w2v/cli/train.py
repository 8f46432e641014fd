"""``w2v train``: from a text to a file of vectors, with a progress bar, and resumable."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from derivations._signals import leaving_at_once
from w2v.train.checkpoints import EVERY
from w2v.train.settings import BACKENDS, DTYPES, LOSSES, SHARED


def setting(name: str, kind: Any, text: str, default: Any = None) -> Callable[..., Any]:
    """An option named like the argument of ``Word2Vec``; what is not given is the model's to decide."""
    flag = f"--{name.replace('_', '-')}"
    return click.option(flag, type=kind, default=default, show_default=default is not None, help=text)


SETTINGS = [
    setting("vector_size", int, "Numbers in a vector.", 100),
    setting("window", int, "Words on each side that are context.", 5),
    setting("min_count", int, "Drop rarer words.  [default: 5, or 1 for a text under 10,000 words]"),
    setting("sg", int, "1: skip-gram, 0: CBOW.", 1),
    setting("hs", int, "1: hierarchical softmax.", 0),
    setting("negative", int, "Noise words for each pair, 0 for none.  [default: 5]"),
    setting("sample", float, "Subsampling of frequent words, 0 for none.  [default: 1e-3]"),
    setting("alpha", float, "Learning rate at the beginning.  [default: 0.025, or 0.15 for CBOW's mean]"),
    setting("min_alpha", float, "Learning rate at the end.", 0.0001),
    setting("epochs", int, "Times through the text.", 5),
    setting("seed", int, "Of all random numbers.", 1),
    setting(
        "loss", click.Choice(LOSSES), "auto: softmax for tiny texts, else what hs and negative say.", "auto"
    ),
    setting("backend", click.Choice(BACKENDS), "What computes.", "numpy"),
    setting("max_vocab_size", int, "Forget rare words while reading, to hold no more than this."),
    setting("max_final_vocab", int, "Keep at most this many words."),
    setting("ns_exponent", float, "Power of the counts that noise words are drawn by.", 0.75),
    setting("cbow_mean", int, "1: CBOW takes the mean of the context, 0: the sum.", 1),
    setting("shrink_windows", bool, "Draw each window's reach anew.  [default: true]"),
    setting("shared_negatives", int, "Noise words drawn for a step.", SHARED),
    setting("max_update", float, "Bound on how far a step moves a row.  [default: 0.3]"),
    setting("dtype", click.Choice(DTYPES), "[default: float32; float64 for the softmax]"),
    setting("block_words", int, "Target words in a step.  [default: 48; 1 for the softmax]"),
]


def with_settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with an option for each setting, in this order."""
    for option in reversed(SETTINGS):
        command = option(command)
    return command


@click.command()
@click.argument("text")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    required=True,
    help="Vectors: .bin (word2vec binary), .txt or .vec (text), .npz; may end in .gz.",
)
@click.option(
    "--model", metavar="FILE", type=click.Path(path_type=Path), help="Also the whole model (.npz)."
)
@click.option("--resume", is_flag=True, help="Go on with a run that was stopped or killed.")
@click.option(
    "--checkpoint-every", metavar="SECONDS", type=click.FloatRange(min=0), default=EVERY, show_default=True
)
@click.option("--encoding", default="utf-8", show_default=True, help="Of TEXT.")
@click.option(
    "--errors",
    type=click.Choice(["strict", "replace", "ignore"]),
    default="strict",
    show_default=True,
    help="What to do with bytes that are not of this encoding.",
)
@with_settings
def train(
    text: str,
    output: Path,
    model: Path | None,
    resume: bool,
    checkpoint_every: float,
    encoding: str,
    errors: str,
    **settings: Any,
) -> None:
    """Train word vectors on TEXT: a file, plain or gzip, a folder, or - for standard input.

    One line is one sentence. While it runs, FILE.run holds all that is needed to go on: after a crash or
    Ctrl-C, the same command with --resume ends with the vectors of an unbroken run.
    """
    from w2v.model import Word2Vec
    from w2v.train.checkpoints import RunFolder
    from w2v.vectors.formats import WRITERS

    output, model = real(output), model and real(model)
    check_output(output, text, {*WRITERS, ".npz"}, packs=True)
    if model:
        check_output(model, text, {".npz"})
    if model == output:
        raise ValueError(f"{output}: vectors and model cannot be one file: give another --model")
    word2vec = Word2Vec(**settings)
    run = output.with_name(f"{output.name}.run")
    if word2vec.settings.backend == "jax":
        with leaving_at_once("Error: stopped"):  # an interrupted import of JAX crashes
            import w2v.train.jax_backend  # noqa: F401
    began = time.monotonic()
    try:
        with shown() as (on_read, on_progress, stop_bars), leaving_at_once(f"Error: {STOPPED}", stop_bars):
            word2vec.fit(
                text,
                checkpoint=run,
                every=checkpoint_every,
                resume=resume,
                encoding=encoding,
                errors=errors,
                on_read=on_read,
                on_progress=on_progress,
            )
    except KeyboardInterrupt:
        raise StoppedError(STOPPED) from None
    word2vec.wv.save(output)
    if model:
        word2vec.save(model)
    RunFolder(run).remove()
    click.echo(summary(word2vec, output, time.monotonic() - began))


STOPPED = "stopped; the same command with --resume goes on"


class StoppedError(click.ClickException):
    """Ctrl-C, while there is something to go on with."""

    exit_code = 130


def real(path: Path) -> Path:
    """Where a file is, if its path is a link's."""
    return Path(os.path.realpath(path))


def check_output(path: Path, text: str, suffixes: Collection[str], *, packs: bool = False) -> None:
    """Refuse, ``ValueError``, before any work is done, a file that cannot be written, or is the text's."""
    packed = packs and path.suffix == ".gz" and not path.name.endswith(".npz.gz")
    suffix = Path(path.stem if packed else path.name).suffix.lower()
    if suffix not in suffixes:
        raise ValueError(
            f"{path}: the suffix says what is written: give one of {', '.join(sorted(suffixes))}"
        )
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise ValueError(f"{path}: cannot be written: give a file in a folder that is there and yours")
    source = real(Path(text))
    if text != "-" and (path == source or source in path.parents):
        raise ValueError(f"{path}: this is in the text itself, {text}: give a file somewhere else")


def summary(word2vec: Any, output: Path, seconds: float) -> str:
    """What was made, in a line or two."""
    vocabulary, settings = word2vec.vocabulary, word2vec.settings
    words = vocabulary.raw_words * settings.epochs
    loss = f", loss {word2vec.losses[-1]:.4f} a pair" if word2vec.losses else ""
    return (
        f"{output}: {len(vocabulary):,} words, {settings.vector_size} numbers each\n"
        f"{settings.epochs} x {vocabulary.raw_words:,} words in {seconds:.1f} s"
        f" ({words / max(seconds, 1e-9) / 1000:,.0f}k words/s){loss}"
    )


@contextlib.contextmanager
def shown() -> Iterator[
    tuple[Callable[[int, int | None], None], Callable[[Any], None], Callable[[], None]]
]:
    """Two bars on standard error, for reading and for training, where somebody looks at it."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[state]}"),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        reading = bar.add_task("reading", total=None, rate="", state="")
        training = bar.add_task("training", total=None, visible=False, start=False, rate="", state="")
        started: list[tuple[float, int]] = []

        def on_read(read: int, total: int | None) -> None:
            bar.update(reading, completed=read, total=total, rate=f"{read / 1e6:,.1f} MB")

        def on_progress(progress: Any) -> None:
            if not started:
                started.append((time.monotonic(), progress.words))
                bar.update(reading, visible=False)
                bar.start_task(training)
                bar.update(training, visible=True)
            seconds, words = time.monotonic() - started[0][0], progress.words - started[0][1]
            rate = f"{words / seconds / 1000:,.0f}k words/s" if seconds > 0 and words else ""
            loss = "" if progress.loss is None else f"loss {progress.loss:.3f}  "
            bar.update(
                training,
                completed=progress.words,
                total=progress.total_words,
                rate=rate,
                state=f"{loss}alpha {progress.alpha:.4f}",
            )

        yield on_read, on_progress, bar.stop
