"""The file of an exercise: one Python module, with its solution.

It consists of the following, and a student gets all of it except the hints and the body of ``gradient``:

==============  ======================================================================================
its docstring   the title in the first line, then the statement
``SHAPES``      the shapes of the arguments, as ``check_gradient`` takes them: ``"x: K, w: K, t: ()"``
``WRT``         the arguments to differentiate with respect to, separated by spaces
``PAPER``       the section, page and labels in the paper; optional
``loss``        the function to differentiate; returns one number and imports JAX in its body
``gradient``    the solution, in NumPy: signature, a docstring with the shapes, and a body
``HINTS``       paragraphs, each closer to the solution than the one before, none of them the solution
==============  ======================================================================================

``course`` has the exercises of this package. A teacher's own file is used in the same way: ``derivations
exercise start ./mine.py``. Its solution is checked by ``derivations exercise check mine.py --exercise
mine.py``.
"""

from __future__ import annotations

import ast
import itertools
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from derivations.exercises.course import ORDER

COURSE = Path(__file__).with_name("course")
NEEDED = ("SHAPES", "WRT", "HINTS")
EMPTY = "the body of gradient is still empty"


@dataclass(frozen=True)
class Exercise:
    """The contents of an exercise's file."""

    name: str
    file: Path
    source: str
    title: str
    statement: str
    paper: str
    shapes: str
    wrt: str
    hints: tuple[str, ...]
    loss: Callable[..., Any]

    @property
    def ours(self) -> bool:
        """Whether it is one of the course."""
        return self.file.parent == COURSE

    @property
    def next(self) -> str:
        """The name of the next exercise of the course; empty after the last and for a teacher's own."""
        if not self.ours:
            return ""
        return (*ORDER, "")[ORDER.index(self.name) + 1]

    @property
    def solution(self) -> str:
        """The source of the function that solves it."""
        return _lines(self.source, _function(self.source, "gradient"))


# --- finding and reading ----------------------------------------------------------------------------


def course() -> list[Exercise]:
    """All exercises of this package, in the paper's order."""
    return [read(COURSE / f"{name}.py") for name in ORDER]


def find(named: str) -> Exercise:
    """The exercise of this name, or in this file; ``ValueError`` if there is none."""
    if named in ORDER:
        return read(COURSE / f"{named}.py")
    if named.endswith(".py") or "/" in named or os.sep in named:
        return read(Path(named))
    raise ValueError(
        f"there is no exercise {named}: give one of {', '.join(ORDER)}, or a file as ./{named}.py"
    )


def read(file: Path) -> Exercise:
    """The exercise in a file; ``OSError`` if there is no file, ``ValueError`` if it is no exercise."""
    source = file.read_text(encoding="utf-8")
    module = _run(file, source)
    _check(file, source, module)
    title, _, statement = str(module.__doc__).strip().partition("\n")
    return Exercise(
        name=file.stem,
        file=file.resolve(),
        source=source,
        title=title.strip(),
        statement=statement.strip("\n"),
        paper=getattr(module, "PAPER", ""),
        shapes=module.SHAPES,
        wrt=module.WRT,
        hints=tuple(" ".join(hint.split()) for hint in module.HINTS.split("\n\n") if hint.strip()),
        loss=module.loss,
    )


def _run(file: Path, source: str) -> ModuleType:
    module = ModuleType(file.stem)
    try:
        exec(compile(source, str(file.resolve()), "exec"), vars(module))
    except Exception as problem:
        raise ValueError(f"{file} does not run: {type(problem).__name__}: {problem}") from None
    return module


def _check(file: Path, source: str, module: ModuleType) -> None:
    """Raise a ``ValueError`` that says what a file lacks to be an exercise."""
    missing = [] if module.__doc__ else ["docstring"]
    missing += [name for name in NEEDED if not isinstance(getattr(module, name, None), str)]
    missing += [name for name in ("loss", "gradient") if not callable(getattr(module, name, None))]
    if missing:
        raise ValueError(
            f"{file} is no exercise, it has no {', '.join(missing)}: it needs a docstring (title and"
            ' statement), the strings SHAPES = "x: K, w: K", WRT = "w" and HINTS = """...""", and the'
            " functions loss(x, w) and gradient(x, w), the solution"
        )
    function = _function(source, "gradient")
    if not _body(function) or _body(function)[0].lineno == function.lineno:
        raise ValueError(
            f"{file}: write the body of gradient on separate lines, so that it can be left out"
        )


# --- the file of a student --------------------------------------------------------------------------


def started(exercise: Exercise, file: Path) -> str:
    """The source of a file that a student starts from: the exercise without hints and solution."""
    source, body = exercise.source, _body(_function(exercise.source, "gradient"))
    shapes = _assignment(source, "SHAPES")
    changes = {
        _span(ast.parse(source).body[0]): _docstring(exercise, file),
        _span(shapes): f'EXERCISE = "{_reference(exercise, file)}"\n{_lines(source, shapes)}',
        _span(_assignment(source, "HINTS")): "",
        _with_comments(source, body): " " * body[0].col_offset + f'raise NotImplementedError("{EMPTY}")',
    }
    lines = source.splitlines()
    for (first, last), new in sorted(changes.items(), reverse=True):
        lines[first - 1 : last] = new.splitlines()
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines)).rstrip() + "\n"


def _docstring(exercise: Exercise, file: Path) -> str:
    text = f"{exercise.title}\n\n{exercise.statement.rstrip()}\n\n" + "\n".join(_how(exercise, file))
    quoted = text.replace("\\", r"\\").replace('"""', r"\"\"\"")
    return f'"""{quoted}\n"""'


def _how(exercise: Exercise, file: Path) -> list[str]:
    """The lines that tell a student what to do."""
    hint = exercise.name if exercise.ours else file.name
    return [
        "SHAPES names the size of each axis of each argument. The loss is here to be read; the check uses",
        "its own copy. Write the body of gradient with NumPy alone, and check it as often as you like:",
        "",
        f"    derivations exercise check {file.name}",
        f"    derivations exercise hint {hint}",
    ]


MARK = re.compile(r"""^EXERCISE\s*=\s*["'](.+?)["']""", re.MULTILINE)
"""The line of a student's file that names the exercise; found even if the file is not valid Python."""


def exercise_of(file: Path) -> Exercise:
    """The exercise that a student's file names; ``ValueError`` if it names none, or it does not exist."""
    mark = MARK.search(file.read_text(encoding="utf-8", errors="replace"))
    if mark is None:
        raise ValueError(
            f'{file.name} does not say which exercise it is: keep its line EXERCISE = "...", or give'
            " --exercise NAME"
        )
    named = mark[1]
    if named in ORDER:
        return find(named)
    own = file.parent / named
    if not own.is_file():
        raise ValueError(
            f"{file.name} belongs to the exercise {named}, relative to its folder, and there is no such"
            " file: was one of the two moved? Correct its line EXERCISE, or give --exercise FILE"
        )
    return read(own)


def _reference(exercise: Exercise, file: Path) -> str:
    if exercise.ours:
        return exercise.name
    return Path(os.path.relpath(exercise.file, file.resolve().parent)).as_posix()


# --- source -----------------------------------------------------------------------------------------


def _function(source: str, name: str) -> ast.FunctionDef:
    found = (node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
    for node in found:
        if node.name == name:
            return node
    raise ValueError(f"{name} must be a function, defined with def {name}(...)")


def _assignment(source: str, name: str) -> ast.stmt:
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return node
    raise ValueError(f"{name} must be assigned by a statement of its own, {name} = ...")


def _body(function: ast.FunctionDef) -> list[ast.stmt]:
    """The statements of a function after its docstring."""
    return function.body[1:] if ast.get_docstring(function) is not None else function.body


def _span(node: ast.stmt) -> tuple[int, int]:
    return node.lineno, node.end_lineno or node.lineno


def _lines(source: str, node: ast.stmt) -> str:
    first, last = _span(node)
    return "\n".join(source.splitlines()[first - 1 : last])


def _with_comments(source: str, body: list[ast.stmt]) -> tuple[int, int]:
    """The first and last line of a body with the comments around it, which may contain the solution."""
    lines = source.splitlines()
    first, last = body[0].lineno, _span(body[-1])[1]
    while lines[first - 2].strip()[:1] in ("", "#"):
        first -= 1
    after = [number for number, line in enumerate(lines[last:], last + 1) if line.strip()]
    indented = itertools.takewhile(lambda number: lines[number - 1][:1].isspace(), after)
    return first, max(indented, default=last)
