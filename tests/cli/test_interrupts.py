"""Ctrl-C ends ``derivations`` with one line and status 130; whatever ends it, its workers end too."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.test_signals import interrupted

MAIN = "import sys; sys.argv = {!r}; from derivations.__main__ import main; main()"


ZOO = ("zoo", "eps-in-the-log")


@pytest.mark.parametrize(
    ("arguments", "delay"),
    [
        (("verify",), 0.0),
        (("verify",), 0.05),
        (("verify", "--jobs", "1"), 0.5),
        (("show", "mlp.dE_dW"), 0.2),
        (ZOO, 0.1),
        *(
            pytest.param(arguments, delay, marks=pytest.mark.slow)
            for arguments in (
                ("verify", "--jobs", "1"),
                ("verify", "--jobs", "2"),
                ("zoo", "eps-in-the-log"),
            )
            for delay in (0.15, 0.3, 1.0, 2.0)
        ),
    ],
)
def test_an_interrupt_is_one_line_and_status_130(arguments: tuple[str, ...], delay: float) -> None:
    code = MAIN.format(["derivations", *arguments])
    assert interrupted("derivations.cli.main", code, delay) == (130, ["Stopped."])


WITH_WORKERS = """
import os, sys
from derivations.oracle import runs
run = runs.run
def announced(entries, examples, seed, advance, jobs):
    return run(entries, examples, seed, lambda steps: steps and os.write(1, b'.'), jobs)
runs.run = announced
""" + MAIN.format(["derivations", "verify", "--section", "6", "--jobs", "2", "--examples", "100000"])
"""Verifies for minutes, and writes a dot when its workers are at work."""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"])
def test_the_workers_end_with_the_run(name: str) -> None:
    """The workers hold standard error open: it is read to its end only when they have ended."""
    number = signal.Signals[name]
    with subprocess.Popen(
        [sys.executable, "-c", WITH_WORKERS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.read(1) == "."
        process.send_signal(number)
        errors = process.communicate(timeout=60)[1]
    assert process.returncode == (130 if name == "SIGINT" else -number)
    assert errors == {"SIGINT": "Stopped.\n"}.get(name, "") or name == "SIGKILL"
