"""Hints come one at a time: how many somebody has had stands in a small file beside their exercise."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from derivations.exercises.format import Exercise

STATE = ".derivations-hints.json"
"""In it: the number of hints given, by the name of the exercise."""


def next_hint(exercise: Exercise, folder: Path) -> tuple[int, str]:
    """The number of the next hint, from one, and its text; the last one again once all were given.

    Raises ``ValueError`` for an exercise without hints, ``OSError`` where the folder cannot be written.
    """
    if not exercise.hints:
        raise ValueError(f"the exercise {exercise.name} has no hints")
    given = _given(folder)
    number = min(given.get(exercise.name, 0) + 1, len(exercise.hints))
    _write(folder, {**given, exercise.name: number})
    return number, exercise.hints[number - 1]


def forget(exercise: Exercise, folder: Path) -> None:
    """Begin with the first hint again."""
    given = _given(folder)
    if given.pop(exercise.name, None):
        _write(folder, given)


def _given(folder: Path) -> dict[str, int]:
    """What the file says; nothing where there is none, or none that makes sense."""
    with suppress(OSError, ValueError):
        found = json.loads((folder / STATE).read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return {str(name): count for name, count in found.items() if type(count) is int and count >= 0}
    return {}


def _write(folder: Path, given: dict[str, int]) -> None:
    (folder / STATE).write_text(json.dumps(given, indent=1) + "\n", encoding="utf-8")
