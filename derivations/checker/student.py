"""Where in a student's file an exception happened: its type, its message, the line and its source."""

from __future__ import annotations

import inspect
import linecache
import traceback
from collections.abc import Callable
from typing import Any

LONGEST = 200


def where_it_happened(problem: BaseException, function: Callable[..., Any]) -> str:
    """``ValueError: shapes (3,) and (2,) not aligned, in line 7: dW = x @ e``.

    The line is the deepest one of the student's own file; without one, the exception alone.
    """
    message = " ".join(str(problem).split("\n\n")[0].split())
    said = f"{type(problem).__name__}{': ' if message else ''}{shortened(message)}"
    home = file_of(function)
    frames = [f for f in traceback.extract_tb(problem.__traceback__) if f.filename == home]
    if not frames or frames[-1].lineno is None:
        return said
    source = linecache.getline(frames[-1].filename, frames[-1].lineno).strip()
    return f"{said}, in line {frames[-1].lineno}{': ' if source else ''}{source}"


def file_of(function: Callable[..., Any]) -> str:
    """The file that a function is written in, as tracebacks name it; empty if there is none."""
    plain = inspect.unwrap(function)
    code = getattr(getattr(plain, "func", plain), "__code__", None)
    if code is None and not isinstance(plain, type):  # an object that can be called
        code = getattr(vars(type(plain)).get("__call__"), "__code__", None)
    return getattr(code, "co_filename", "")


def shortened(text: str) -> str:
    """A text of one line that is not too long."""
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
