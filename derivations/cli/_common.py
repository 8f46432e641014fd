"""What several commands share, in a module that imports none of them."""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import multiprocessing.util
import os
import signal
import sys

import click

SHOW_CURSOR = b"\r\x1b[2K\x1b[?25h"
"""The codes that erase a progress bar and show the cursor again."""


def need_jax() -> None:
    """Raise a one-line ``ClickException`` if JAX cannot be imported."""
    try:
        importlib.import_module("jax")
    except ImportError as problem:
        raise click.ClickException(f"JAX cannot be imported ({problem}): pip install jax") from None


def clean_up() -> None:
    """End the worker processes and restore the terminal, before a signal ends this process."""
    for process in multiprocessing.active_children():
        process.kill()
    # Without this the resource tracker warns of the workers' semaphores.
    multiprocessing.util._run_finalizers()  # type: ignore[attr-defined]
    if sys.stderr is not None and sys.stderr.isatty():
        with contextlib.suppress(OSError):
            os.write(2, SHOW_CURSOR)


def clean_up_when_terminated() -> None:
    """Let SIGTERM and SIGHUP end the worker processes before they end this one."""

    def end(number: int, frame: object) -> None:
        clean_up()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # not so under nohup
            signal.signal(number, end)
