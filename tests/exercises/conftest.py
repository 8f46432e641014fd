"""A folder to work in, and the simplest exercise."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from derivations.cli import exercise as command
from derivations.exercises import _supervisor
from derivations.exercises.format import Exercise, read
from tests.exercises.answers import LINEAR


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def linear(here: Path) -> Exercise:
    """The simplest exercise, which is checked fastest."""
    (here / "theirs").mkdir()
    file = here / "theirs" / "linear.py"
    file.write_text(LINEAR, encoding="utf-8")
    return read(file)


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``exercise check`` run the check in this process, which has imported JAX already."""

    def check(file: Path, name: str | None, seconds: float, width: int, color_system: str | None) -> Any:
        results = io.BytesIO()
        request = {
            "file": str(file),
            "name": name,
            "seconds": seconds,
            "width": width,
            "color_system": color_system,
        }
        _supervisor._check(request, results)
        return json.loads(results.getvalue().splitlines()[-1])

    monkeypatch.setattr(command, "supervised_check", check)
