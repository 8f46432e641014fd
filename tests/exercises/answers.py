"""Files of exercises and of answers, for the tests."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from derivations.cli.main import cli
from derivations.exercises.format import EMPTY, Exercise, course, started

COURSES = {exercise.name: exercise for exercise in course()}
FIRST = COURSES["sigmoid_unit"]
RIGHT = "y = sigmoid(x @ w)\nreturn (y - t) * y * (1 - y) * x"
LINEAR = '''"""A weighted sum

Write ∂E/∂x for E = Σ_k x_k v_k.
"""

SHAPES = "x: K, v: K"
WRT = "x"


def loss(x, v):
    """E."""
    return x @ v


def gradient(x, v):
    """∂E/∂x, shape (K,)."""
    return v.copy()


HINTS = """
It is linear.
"""
'''


def run(*arguments: str, **options: str) -> Result:
    """The result of ``derivations exercise ARGUMENTS``."""
    return CliRunner(env={"COLUMNS": "100"}).invoke(cli, ["exercise", *arguments], **options)  # type: ignore[arg-type]


def answered(exercise: Exercise, body: str, folder: Path) -> Path:
    """The file that a student starts from, with this body in the place of the empty one."""
    file = folder / f"{exercise.name}.py"
    source = started(exercise, file)
    empty = f'raise NotImplementedError("{EMPTY}")'
    assert source.count(empty) == 1
    file.write_text(source.replace(empty, body.replace("\n", "\n    ")), encoding="utf-8")
    return file


def lines_of(exercise: Exercise) -> list[str]:
    """The lines of the solution's body, which give it away."""
    return [line.strip() for line in exercise.solution.split('"""')[-1].splitlines() if line.strip()]
