"""How many hints a student has had, in a file beside their exercise."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from derivations._files import write_atomically
from derivations.exercises.format import Exercise

STATE = ".derivations-hints.json"
"""In it: the number of hints given, by the name of the exercise."""


def next_hint(exercise: Exercise, folder: Path) -> tuple[int, str]:
    """The number of the next hint, from one, and its text; after the last one, the last one again.

    Raises ``ValueError`` for an exercise without hints, ``OSError`` where the folder cannot be written.
    """
    if not exercise.hints:
        raise ValueError(f"the exercise {exercise.name} has no hints")
    given = _given(folder)
    number = min(given.get(exercise.name, 0) + 1, len(exercise.hints))
    _write(folder, {**given, exercise.name: number})
    return number, exercise.hints[number - 1]


def reset_hints(exercise: Exercise, folder: Path) -> None:
    """Start again with the first hint."""
    given = _given(folder)
    if given.pop(exercise.name, None):
        _write(folder, given)


def _given(folder: Path) -> dict[str, int]:
    """What the file says; empty where there is no file, or it cannot be read."""
    with suppress(OSError, ValueError):
        found = json.loads((folder / STATE).read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return {str(name): count for name, count in found.items() if type(count) is int and count >= 0}
    return {}


def _write(folder: Path, given: dict[str, int]) -> None:
    write_atomically(folder / STATE, json.dumps(given, indent=1) + "\n")
