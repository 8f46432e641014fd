"""Where in its source a step of a trace came from, and what the source calls it."""

from __future__ import annotations

import ast
import dis
import inspect
import linecache
import re
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from types import CodeType
from typing import Any, NamedTuple


class Frame(NamedTuple):
    """A stretch of source: one expression, and the name that the compiled code stores it under."""

    file: str
    line: int
    column: int
    last_line: int
    last_column: int
    name: str = ""


def frames_of(step: Any, function: Callable[..., Any]) -> tuple[Frame, ...]:
    """The expressions that a step of a trace came from: in ``function`` first, then in its helpers."""
    from jax._src import source_info_util  # the public API has no way to ask

    found = [
        Frame(f.file_name, f.start_line, f.start_column, f.end_line, f.end_column)
        for f in source_info_util.user_frames(step.source_info.traceback)
    ]
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return ()
    names = _stored(code)
    found = [frame._replace(name=names.get(frame[1:5], "")) for frame in found]
    lines = [line for *_, line in code.co_lines() if line is not None]
    own = [
        position
        for position, frame in enumerate(found)
        if frame.file == code.co_filename and min(lines) <= frame.line <= max(lines)
    ]
    return tuple(reversed(found[: own[-1] + 1])) if own else ()


def expression_at(frame: Frame) -> tuple[str, str]:
    """The name that the source gives to an expression (or ""), and the expression, made short."""
    text = _tidy(source_at(frame))
    return (_assigned(frame.file).get(frame[1:5], "") if text else frame.name), text


@cache
def _stored(code: CodeType) -> dict[tuple[Any, ...], str]:
    """The names that compiled code gives to expressions: they are there even without the source."""
    found: dict[tuple[Any, ...], str] = {}
    for one, after in pairwise(dis.get_instructions(code)):
        place = one.positions
        if place and after.opname in ("STORE_FAST", "STORE_NAME", "STORE_DEREF"):
            found[place.lineno, place.col_offset, place.end_lineno, place.end_col_offset] = after.argval
    return found


def source_at(frame: Frame) -> str:
    """The characters of the source in a frame; empty where there is no source."""
    lines = [linecache.getline(frame.file, n) for n in range(frame.line, frame.last_line + 1)]
    if not lines or not lines[0]:
        return ""
    data = [line.encode() for line in lines]
    data[-1] = data[-1][: frame.last_column]
    data[0] = data[0][frame.column :]
    return b"".join(data).decode(errors="replace")


def _tidy(text: str) -> str:
    """On one line, without the names of the modules."""
    text = " ".join(text.split())
    return re.sub(r"\b(jnp|np|numpy|jax\.nn|jax\.numpy|nn|jax)\.(?=\w)", "", text)


@cache
def _assigned(file: str) -> dict[tuple[int, ...], str]:
    """The names of all assigned expressions of a file, by their stretch of source."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except SyntaxError:
        return {}
    found: dict[tuple[int, ...], str] = {}
    for node in ast.walk(tree):
        target = getattr(node, "target", None) or (getattr(node, "targets", None) or [None])[0]
        value = getattr(node, "value", None)
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(target, ast.Name) and value:
            place = (value.lineno, value.col_offset, value.end_lineno, value.end_col_offset)
            found[place] = target.id
    return found
