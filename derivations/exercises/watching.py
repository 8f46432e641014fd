"""``--watch``: judge again whenever a file is saved."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

GLANCE = 200
"""Milliseconds."""
INSTALL = "--watch needs one more package: pip install 'derivations[watch]'"


def judge_on_saves(judge: Callable[[], bool], folder: Path) -> bool:
    """Judge now and whenever a Python file of a folder is saved; whether it was right the last time.

    The folder is watched, and not the one file, because editors put a new file in the place of the old,
    and because a solution may have helpers beside it. Ctrl-C ends it. Raises ``ValueError`` without
    ``watchfiles``.
    """
    if find_spec("watchfiles") is None:
        raise ValueError(INSTALL)
    from watchfiles import Change, watch

    def matters(change: Change, path: str) -> bool:
        return change is not Change.deleted and path.endswith(".py")

    right: bool | None = None
    with suppress(KeyboardInterrupt):
        for changes in watch(
            folder, watch_filter=matters, recursive=False, rust_timeout=GLANCE, yield_on_timeout=True
        ):
            if changes or right is None:  # the first comes with no change: by then all saves are seen
                right = judge()
    return bool(right)
