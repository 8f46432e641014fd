"""Ctrl-C ends a command-line program with one line and status 130, whatever it is doing."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

READY = """
import os, sys
class Watch:
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.write(1, b'.')
sys.meta_path.insert(0, Watch())
"""
"""Tells when the import of a module begins, which is when Ctrl-C is handled."""


def interrupted(module: str, code: str, delay: float, *, twice: bool = False) -> tuple[int, list[str]]:
    """Interrupt a program ``delay`` seconds after it begins to import ``module``.

    Returns its status and its lines on standard error.
    """
    command = [sys.executable, "-c", READY.format(module=module) + code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.read(1) == b"."
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        if twice:
            time.sleep(0.05)
            process.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=120)[1].decode()
    return process.returncode, [line for line in errors.splitlines() if line.strip()]


def program(folder: Path, body: str) -> str:
    """Write a module with a ``main`` and return the code that runs it."""
    (folder / "interruptible.py").write_text(body)
    start = "from derivations._signals import run; run('interruptible')"
    return f"import sys; sys.path.insert(0, {str(folder)!r}); {start}"


PROGRAMS = {
    "importing": "import time; print('x', flush=True); time.sleep(60)",
    "working": "import time\ndef main(): time.sleep(60)",
    "swallowing": """
import time
def main():
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
""",
    "in a callback": """
import time
class Slow:
    def __del__(self):
        time.sleep(60)
def main():
    Slow()
    time.sleep(60)
""",
    "leaving at once": """
import time
from derivations._signals import leaving_at_once
def main():
    with leaving_at_once('Stopped.', lambda: 1 / 0):
        try:
            time.sleep(60)
        finally:
            time.sleep(60)
""",
}


@pytest.mark.parametrize(
    "what",
    [pytest.param(what, marks=pytest.mark.slow if what == "swallowing" else ()) for what in PROGRAMS],
)
def test_an_interrupt_ends_a_program_with_one_line_and_status_130(what: str, tmp_path: Path) -> None:
    assert interrupted("interruptible", program(tmp_path, PROGRAMS[what]), 0.2) == (130, ["Stopped."])


def test_a_second_interrupt_does_not_wait_for_the_clean_up(tmp_path: Path) -> None:
    body = "import time\ndef main():\n try: time.sleep(60)\n finally: time.sleep(2.5); raise ValueError"
    assert interrupted("interruptible", program(tmp_path, body), 0.2, twice=True) == (130, ["Stopped."])


def test_an_inherited_disposition_to_ignore_interrupts_is_kept(tmp_path: Path) -> None:
    code = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    code += program(tmp_path, "import time\ndef main(): time.sleep(0.4)")
    assert interrupted("interruptible", code, 0.2) == (0, [])


@pytest.mark.parametrize(
    ("body", "status", "lines"),
    [
        ("def main(): pass", 0, []),
        ("def main(): return 3", 3, []),
        ("import sys\ndef main(): sys.exit(2)", 2, []),
        ("import sys\ndef main(): sys.exit('no')", 1, ["no"]),
        ("def main(): print('text')", 1, ["Error: standard output: No space left on device"]),
    ],
)
def test_a_status_is_passed_on_and_a_full_disk_is_one_line(
    body: str, status: int, lines: list[str], tmp_path: Path
) -> None:
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [sys.executable, "-c", program(tmp_path, body)], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (result.returncode, result.stderr.splitlines()) == (status, lines)


# --- w2v --------------------------------------------------------------------------------------------


def w2v(*arguments: str | Path) -> str:
    """The code that runs ``w2v`` as its entry point does."""
    return (
        f"import sys; sys.argv = {['w2v', *map(str, arguments)]!r}; from w2v.__main__ import main; main()"
    )


@pytest.fixture
def training(tmp_path: Path) -> str:
    """A training with JAX that takes minutes."""
    draw = random.Random(1)
    lines = (" ".join(f"w{draw.randrange(500)}" for _ in range(10)) for _ in range(4000))
    (tmp_path / "text").write_text("\n".join(lines))
    options = ["--backend", "jax", "--epochs", "1000", "--vector-size", "20"]
    return w2v("train", tmp_path / "text", "-o", tmp_path / "v.bin", *options)


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.05, 0.1])
def test_an_interrupt_during_the_imports_of_w2v_is_one_line(delay: float) -> None:
    code = w2v("train", "-", "-o", "v.bin")
    assert interrupted("w2v.cli.main", code, delay) == (130, ["Error: stopped"])


def check_stopped(result: tuple[int, list[str]]) -> None:
    status, lines = result
    assert status == 130, lines
    assert lines in (["Error: stopped"], ["Error: stopped; the same command with --resume goes on"])


@pytest.mark.parametrize("delay", [0.05, 1.0])
def test_an_interrupt_of_a_training_with_jax_is_one_line(delay: float, training: str) -> None:
    check_stopped(interrupted("w2v.cli.main", training, delay))


@pytest.mark.slow
@pytest.mark.parametrize("number", range(24))
def test_interrupts_at_any_moment_of_the_first_seconds_are_one_line(number: int, training: str) -> None:
    check_stopped(interrupted("w2v.cli.main", training, 0.05 + 2.95 * number / 23))
