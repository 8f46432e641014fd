"""Ctrl-C in the command-line programs: one line on standard error and exit status 130, whatever is running.

The entry points call :func:`run`, which takes over SIGINT before it imports anything that takes time. Only
the standard library is imported here, and little of it.

An interrupt is normally a ``KeyboardInterrupt`` in the main thread. Three things may go wrong with it: it
arrives where Python cannot raise it (a callback of the garbage collector), code swallows it, or it unwinds
through C++ that does not expect it (JAX). So the process leaves by ``os._exit``, without the interpreter's
finalization, in which the threads of XLA crash; and it does so after ``GRACE`` seconds at the latest.
"""

from __future__ import annotations

import _thread
import contextlib
import errno
import importlib
import os
import signal
import sys
import time

TYPE_CHECKING = (
    False  # typing takes longer to import than all of this, and until then Ctrl-C is a traceback
)
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType
    from typing import Any, NoReturn

GRACE = 3.0
"""Seconds that a program has to clean up after an interrupt."""

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
"""Errors of a stream that cannot take more."""

STOPPED = 130
"""The exit status of a program that SIGINT ended: 128 + 2."""


class _Interrupt:
    """What an interrupt does at the moment: its line, and whether the process leaves at once."""

    line = "Stopped."
    at_once = True
    cleanup: Callable[[], None] | None = None


def run(module: str, line: str = _Interrupt.line) -> NoReturn:
    """Import ``module``, call its ``main`` and end the process with the status that it gives.

    ``main`` returns a status or None, or raises SystemExit. ``line`` is printed after Ctrl-C. An interrupt
    ends the process at once while modules are imported, and is a KeyboardInterrupt in ``main``.
    """
    _Interrupt.line = line
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as under nohup
        signal.signal(signal.SIGINT, _on_interrupt)
        sys.unraisablehook = _on_unraisable
    status: Any = 1
    try:
        main = importlib.import_module(module).main
        _Interrupt.at_once = False
        status = main()
    except SystemExit as end:
        status = end.code
    except KeyboardInterrupt:
        leave()
    except OSError as problem:
        if problem.filename or problem.errno not in FULL:
            raise
        status = _disk_full(problem)
    _Interrupt.at_once = True
    if isinstance(status, str):
        _write(status)
        status = 1
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except BrokenPipeError:  # the reader has all it wanted
        os._exit(status or 0)
    except OSError as problem:
        os._exit(status or _disk_full(problem))
    if status == STOPPED:
        os._exit(status)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the work is done: nothing is left to be stopped
    sys.exit(status)


@contextlib.contextmanager
def leaving_at_once(line: str, cleanup: Callable[[], None] | None = None) -> Iterator[None]:
    """Within the block, Ctrl-C ends the process without raising anything: call ``cleanup``, print ``line``.

    For blocks that run JAX, and whose files are whole at every moment. Changes nothing in a process that
    was not started by :func:`run`.
    """
    before = _Interrupt.line, _Interrupt.at_once, _Interrupt.cleanup
    _Interrupt.line, _Interrupt.at_once, _Interrupt.cleanup = line, True, cleanup
    try:
        yield
    finally:
        _Interrupt.line, _Interrupt.at_once, _Interrupt.cleanup = before


def leave() -> NoReturn:
    """End the process as after Ctrl-C: flush standard output, print the line, status 130."""
    with contextlib.suppress(Exception):
        sys.stdout.flush()
    _write(_Interrupt.line)
    os._exit(STOPPED)


def _on_interrupt(number: int, frame: FrameType | None) -> None:
    """Handle SIGINT; a second one does not wait for the clean-up after the first."""
    signal.signal(signal.SIGINT, lambda number, frame: leave())
    with contextlib.suppress(RuntimeError):  # no thread can be started: it was only for emergencies
        _thread.start_new_thread(_leave_later, ())  # threading.Thread would take a lock that may be held
    if not _Interrupt.at_once:
        raise KeyboardInterrupt
    if _Interrupt.cleanup is not None:
        with contextlib.suppress(Exception):
            _Interrupt.cleanup()
    leave()


def _leave_later() -> None:
    """End the process if the interrupt has not ended it by then."""
    time.sleep(GRACE)
    _write(_Interrupt.line)
    os._exit(STOPPED)


def _on_unraisable(problem: Any) -> None:
    """Leave where an interrupt was raised in a callback, whose exceptions Python prints and forgets."""
    if problem.exc_type is not None and issubclass(problem.exc_type, KeyboardInterrupt):
        leave()
    sys.__unraisablehook__(problem)


def _disk_full(problem: OSError) -> int:
    """Say in one line that standard output cannot be written to; returns the status for it."""
    _write(f"Error: standard output: {problem.strerror}")
    return 1


def _write(line: str) -> None:
    """Write a line to standard error, with no buffer or lock on the way."""
    with contextlib.suppress(OSError):
        os.write(2, f"{line}\n".encode())
