"""The check as one process that returns JSON, and its supervisor, which reports whatever becomes of it.

:func:`supervised_check` runs this module as a process in a session of its own. That process imports JAX,
starts the student's process (``_sandbox.py``), and writes JSON to a pipe that the student's process does
not have. Its first line is the result to report if no second line follows, because the student's code
stopped or killed the process. Both processes end with the one that started them.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from derivations.exercises._answer import end_with_parent, prctl

OVERHEAD = 120.0
"""Seconds for what is not the student's: importing JAX, differentiating the loss, the diagnosis."""
GLANCE = 0.1
PR_SET_DUMPABLE = 4
INTERRUPTED = "the check did not complete: did the code stop or kill the process that checks it?"
PACKAGES = str(Path(__file__).parents[2])


def supervised_check(
    file: Path, name: str | None, seconds: float, width: int = 100, color_system: str | None = None
) -> dict[str, Any]:
    """Check a student's file in another process, and return ``record`` (for JSON) and ``text``.

    ``name`` is the exercise, or None for the one that the file names. Raises ``ValueError`` where the file
    or the exercise cannot be used.
    """
    request = {
        "file": str(file), "name": name, "seconds": seconds, "width": width, "color_system": color_system,
        "parent": os.getpid(),
    }  # fmt: skip
    command = [sys.executable, "-P", "-m", __name__, json.dumps(request)]
    lines, errors = run_supervised(command, seconds + OVERHEAD)
    if not lines:
        raise ValueError(f"the check could not start: {errors}")
    result: dict[str, Any] = json.loads(lines[-1])
    if "error" in result:
        raise ValueError(result["error"])
    return result


def run_supervised(command: list[str], seconds: float) -> tuple[list[bytes], str]:
    """Run a command with a pipe's descriptor as its last argument; return what it wrote there, by line.

    The second value is the last line of its standard error. The command is killed after so many seconds,
    or as soon as it is stopped.
    """
    reader, writer = os.pipe()
    with tempfile.TemporaryDirectory() as scratch, open(f"{scratch}/errors", "w+b") as errors:
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, [PACKAGES, os.environ.get("PYTHONPATH")])),
            "HYPOTHESIS_STORAGE_DIRECTORY": scratch,  # nothing is left in the user's folder
        }
        process = subprocess.Popen(
            [*command, str(writer)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
            env=environment, pass_fds=[writer], start_new_session=True,
        )  # fmt: skip
        try:
            os.close(writer)
            written = _read(reader, process.pid, time.monotonic() + seconds)
        finally:
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            os.close(reader)
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip().splitlines()
    return written.split(b"\n")[:-1], said[-1] if said else "no reason given"


def _read(reader: int, process: int, deadline: float) -> bytes:
    """What a process writes until it ends, is stopped, or the deadline has passed."""
    written = b""
    while time.monotonic() < deadline:
        if select.select([reader], [], [], GLANCE)[0]:
            some = os.read(reader, 2**16)
            if not some:
                break
            written += some
        elif _is_stopped(process):
            break
    return written


def _is_stopped(process: int) -> bool:
    with suppress(ChildProcessError):
        found, status = os.waitpid(process, os.WNOHANG | os.WUNTRACED)
        return found == process and os.WIFSTOPPED(status)
    return False


# --- the process ------------------------------------------------------------------------------------


def main() -> None:
    """Check the file of the request, and write the result."""
    request = json.loads(sys.argv[1])
    os.set_inheritable(int(sys.argv[2]), False)
    end_with_parent(request["parent"])
    prctl(PR_SET_DUMPABLE, 0)  # the student's process can open neither the memory nor the pipe of this one
    with os.fdopen(int(sys.argv[2]), "wb") as results:
        try:
            _check(request, results)
        except (OSError, ValueError, TypeError) as problem:
            _write(results, {"error": one_line(problem)})
        except ImportError as problem:
            _write(results, {"error": f"JAX cannot be imported ({problem}): pip install jax"})


def _check(request: dict[str, Any], results: IO[bytes]) -> None:
    import jax  # noqa: F401  # a clear error where it is missing

    from derivations.exercises.check import CheckResult, check_answer, failed
    from derivations.exercises.format import exercise_of, find

    def write(found: CheckResult) -> None:
        text = found.as_text(request["width"], request["color_system"])
        _write(results, {"record": found.to_dict(), "text": text})

    file, name = Path(request["file"]), request["name"]
    exercise = find(name) if name else exercise_of(file)
    write(CheckResult(exercise, file, failed(INTERRUPTED)))
    write(check_answer(exercise, file, request["seconds"]))


def _write(results: IO[bytes], result: dict[str, Any]) -> None:
    results.write(json.dumps(result).encode() + b"\n")
    results.flush()


def one_line(problem: Exception) -> str:
    """An exception about what the user gave, in one line."""
    if isinstance(problem, OSError) and problem.strerror:
        return f"{problem.filename}: {problem.strerror}" if problem.filename else problem.strerror
    return " ".join(str(problem).split())


if __name__ == "__main__":
    main()
