"""``--watch``: judge again whenever a file is saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from threading import Event

INSTALL = "--watch needs one more package: pip install 'derivations[watch]'"


def saves(folder: Path, stop: Event | None = None) -> Iterator[None]:
    """One for every time that Python files of a folder are saved, until Ctrl-C or ``stop``.

    The folder is watched, and not the one file, because editors put a new file in the place of the old,
    and because a solution may have helpers beside it. Raises ``ValueError`` without ``watchfiles``.
    """
    if find_spec("watchfiles") is None:
        raise ValueError(INSTALL)
    from watchfiles import Change, watch

    def matters(change: Change, path: str) -> bool:
        return change is not Change.deleted and path.endswith(".py")

    for _ in watch(folder, watch_filter=matters, recursive=False, raise_interrupt=False, stop_event=stop):
        yield


def judge_on_saves(judge: Callable[[], bool], folder: Path, stop: Event | None = None) -> bool:
    """Judge now and on every save; whether it was right at the end."""
    changes = saves(folder, stop)
    right = judge()
    for _ in changes:
        right = judge()
    return right
