"""``w2v visualize``: the page of §7, served to this machine alone or written to a file."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from w2v.stepper.settings import LOSSES, PAPER, StepSettings

INSTALL = "pip install 'derivations[visualize]'"


@click.command()
@click.option("--text", default=PAPER, show_default=True, help="One sentence a line.")
@click.option("--window", type=int, default=1, show_default=True, help="Words on each side.")
@click.option("--vector-size", type=int, default=3, show_default=True, help="Hidden units, N.")
@click.option("--alpha", type=float, default=0.01, show_default=True, help="The learning rate.")
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Of the first tables, and of the draws."
)
@click.option("--loss", type=click.Choice(LOSSES), default="softmax", show_default=True)
@click.option("--negative", type=int, default=2, show_default=True, help="Draws for each pair of words.")
@click.option("--port", type=click.IntRange(0, 65535), help="0 for any.  [default: 8123, or any free one]")
@click.option("--no-browser", is_flag=True, help="Only say where the page is.")
@click.option(
    "--export", "file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="An .html."
)
@click.option("--epochs", type=click.IntRange(min=1), default=10, show_default=True, help="For --export.")
def visualize(port: int | None, no_browser: bool, file: Path | None, epochs: int, **settings: Any) -> None:
    """Show every number of a training step, and where it comes from.

    Without options, the case of the paper's section 7. The page is served on 127.0.0.1 only; --export
    writes it into one file instead, which works offline.
    """
    needed = ("latex2mathml",) if file else ("starlette", "uvicorn", "latex2mathml")
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise ModuleNotFoundError(f"w2v visualize needs {' and '.join(missing)}: {INSTALL}")
    checked = StepSettings(**settings)
    if file:
        write(checked, file, epochs)
        return
    from w2v.stepper.text import Text
    from w2v.visualizer.serve import serve

    Text.of(checked)  # a wrong text is an error here, and not first on the page
    serve(checked, port, browser=not no_browser, say=click.echo)


def write(settings: StepSettings, file: Path, epochs: int) -> None:
    """Write the page with its first epochs to a file."""
    from w2v.stepper import Stepper
    from w2v.visualizer.export import export

    export(Stepper.of(settings), file, epochs)
    click.echo(f"{file}: {epochs:,} epochs in one page that works offline")
