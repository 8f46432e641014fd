"""``w2v visualize``: serve the visualizer on this machine, or write it to a file."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import click

from w2v.stepper.settings import LOSSES, StepSettings

INSTALL = "pip install 'derivations[visualize]'"

DEFAULT = StepSettings()


@click.command()
@click.option("--text", default=DEFAULT.text, show_default=True, help="One sentence per line.")
@click.option("--window", default=DEFAULT.window, show_default=True, help="Words on each side.")
@click.option("--vector-size", default=DEFAULT.vector_size, show_default=True, help="Hidden units, N.")
@click.option("--alpha", default=DEFAULT.alpha, show_default=True, help="The learning rate.")
@click.option(
    "--seed",
    default=DEFAULT.seed,
    show_default=True,
    help="Of the initial matrices and the negative samples.",
)
@click.option("--loss", type=click.Choice(LOSSES), default=DEFAULT.loss, show_default=True)
@click.option(
    "--negative",
    default=DEFAULT.negative,
    show_default=True,
    help="Negative samples for each pair of words.",
)
@click.option("--port", type=click.IntRange(0, 65535), help="0 for any.  [default: 8123, or any free one]")
@click.option("--no-browser", is_flag=True, help="Only print the address of the page.")
@click.option(
    "--export",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="An .html file.",
)
@click.option("--epochs", type=click.IntRange(min=1), default=10, show_default=True, help="For --export.")
def visualize(
    port: int | None, no_browser: bool, file: Path | None, epochs: int, **settings: int | float | str
) -> None:
    """Show every number of a training step, and where it comes from.

    The defaults are the example of the paper's section 7. The page is served on 127.0.0.1 only; --export
    writes it into one file instead, which works offline.
    """
    needed = ("latex2mathml",) if file else ("starlette", "uvicorn", "cachetools", "latex2mathml")
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise ModuleNotFoundError(f"w2v visualize needs {' and '.join(missing)}: {INSTALL}")
    from w2v.stepper import Stepper

    stepper = Stepper.of(StepSettings.of(settings))  # an invalid text fails here, and not on the page
    if file:
        from w2v.visualizer.export import export

        export(stepper, file, epochs)
        click.echo(f"{file}: {epochs:,} epochs in one page that works offline")
    else:
        from w2v.visualizer.serve import serve

        serve(stepper.settings, port, browser=not no_browser, say=click.echo)
