"""``--watch``: check again whenever a file is saved."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

INTERVAL = 200
"""Milliseconds."""
INSTALL = "--watch needs one more package: pip install 'derivations[watch]'"


def check_on_saves(check: Callable[[], bool], folder: Path) -> bool:
    """Check now and whenever a Python file of a folder is saved; whether the last check found it right.

    The folder is watched and not the file, because editors replace the file by a new one, and because an
    answer may import helpers beside it. Ctrl-C ends it. Raises ``ValueError`` without ``watchfiles``.
    """
    if find_spec("watchfiles") is None:
        raise ValueError(INSTALL)
    from watchfiles import Change, watch

    def is_save(change: Change, path: str) -> bool:
        return change is not Change.deleted and path.endswith(".py")

    right: bool | None = None
    with suppress(KeyboardInterrupt):
        for changes in watch(
            folder, watch_filter=is_save, recursive=False, rust_timeout=INTERVAL, yield_on_timeout=True
        ):
            if changes or right is None:  # the first set is empty: from then on all saves are seen
                right = check()
    return bool(right)
