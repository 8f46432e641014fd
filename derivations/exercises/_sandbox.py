"""A student's function in a process of its own, called as if it were a function of this process.

:class:`SandboxedFunction` starts ``_answer.py``, sends the arguments of each call, and returns what the
student's function returned: views of the arguments where it returned views, and the arguments are changed
if it changed them. An exception of the student's is raised here under its own name, with its line. A
process that crashes, exits, or does not answer in time is killed, and :class:`ProcessExited` is raised.
"""

from __future__ import annotations

import builtins
import inspect
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import numpy as np

from derivations.checker.findings import Finding
from derivations.exercises._answer import MEMORY, decode, encode

CALL = 10.0
"""Seconds that one call may take; its arrays hold a few dozen numbers."""
START = 30.0
"""Seconds to import NumPy and to load the student's file."""
LONGEST_ANSWER = 2**24
"""Bytes."""
PRINTED = 2000
"""Bytes that are kept of what the student's code prints."""
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}


class ProcessExited(BaseException):
    """The student's process has ended; not an ``Exception``, so that no checker takes it for a result."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


class SandboxedFunction:
    """A function of a student's file, in a process of its own; a context manager.

    ``seconds`` is what all calls together may take, ``hidden`` are files that the process cannot read.
    ``refused`` lists what its code tried to use and may not, ``printed`` is the beginning of its output.
    """

    def __init__(
        self, file: Path, *, seconds: float, function: str = "gradient", hidden: Sequence[Path] = ()
    ) -> None:
        self.file, self.seconds, self.calls = file.resolve(), seconds, 0
        self.refused: list[str] = []
        self._spent, self._buffer, self._returned = 0.0, bytearray(), list[np.ndarray]()
        self._finding: Finding | None = None
        self.__name__, self.__code__ = function, compile("", str(self.file), "exec")  # where it is written
        settings = {
            "file": str(self.file), "function": function, "hidden": [str(path) for path in hidden],
            "seconds": seconds, "parent": os.getpid(),
        }  # fmt: skip
        self._output = tempfile.TemporaryFile()  # noqa: SIM115  # its size is limited, and no thread has to read it
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-B", str(Path(__file__).with_name("_answer.py")), json.dumps(settings)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._output,
            env={**os.environ, **ONE_THREAD, "PYTHONUNBUFFERED": "1"}, cwd=self.file.parent,
            start_new_session=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._output.close()

    @property
    def printed(self) -> str:
        """The beginning of what the student's code printed."""
        self._output.seek(0)
        return self._output.read(PRINTED).decode(errors="replace").strip()

    # --- calls --------------------------------------------------------------------------------------

    def load(self) -> None:
        """Wait until the student's file is loaded; raise what loading it raised, or `ProcessExited`."""
        answer = self._answer(START)
        self._note(answer)
        if answer.get("parameters"):
            with self._checked():
                self.__signature__ = inspect.Signature(list(_parameters(answer["parameters"])))

    def __call__(self, *arguments: Any) -> Any:
        """What the student's function returns; raise what it raises, or `ProcessExited`."""
        self.calls += 1
        known: list[np.ndarray] = []
        self._send(encode(arguments, known))
        known += self._returned
        shared = known.copy()
        answer = self._answer(CALL)
        with self._checked():
            value = decode(answer.get("value"), known)
            for array, now in zip(shared, map(bytes.fromhex, answer["after"]), strict=True):
                if array.tobytes() != now:
                    array[...] = np.frombuffer(now, array.dtype).reshape(array.shape)
        self._returned = known[len(shared) :]
        self._note(answer)
        return value

    def _note(self, answer: dict[str, Any]) -> None:
        with self._checked():
            self.refused += [str(what) for what in answer["refused"] if what not in self.refused]
            problem = answer.get("error") or {"name": "", "text": "", "line": None}
            name, text, line = problem["name"], problem["text"], problem["line"]
        if name == "MemoryError":
            raise self._end("raises", f"it takes more memory than the limit of {MEMORY / 2**30:g} GiB")
        if name == "NotImplementedError":
            self._finding = Finding("raises", "", text or f"{self.__name__} is not written yet")
            raise ProcessExited(self._finding)
        if name:
            self._raise(_exception(name)(text), line)

    def _raise(self, problem: BaseException, line: int | None) -> None:
        """Raise an exception of the student's so that its traceback has the line it came from."""
        source = "\n" * ((line or 1) - 1) + "raise problem"
        exec(compile(source, str(self.file) if line else "", "exec"), {"problem": problem})

    # --- messages, and the time they take -----------------------------------------------------------

    def _send(self, message: Any) -> None:
        if self._finding:
            raise ProcessExited(self._finding)
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise self._exited() from None

    def _answer(self, limit: float) -> dict[str, Any]:
        line = self._line(min(limit, self.seconds - self._spent))
        with self._checked():
            answer: dict[str, Any] = json.loads(line)
            answer["refused"]
        return answer

    @contextmanager
    def _checked(self) -> Iterator[None]:
        """Kill the process if what it sent cannot be read."""
        try:
            yield
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as problem:
            raise self._end("raises", f"the process sent something else than a result: {problem}") from None

    def _line(self, limit: float) -> bytes:
        assert self._process.stdout is not None
        start, searched = time.monotonic(), 0
        try:
            while (end := self._buffer.find(b"\n", searched)) < 0:
                searched = len(self._buffer)
                left = limit - (time.monotonic() - start)
                if left <= 0 or not select.select([self._process.stdout], [], [], left)[0]:
                    raise self._too_slow(limit)
                some = os.read(self._process.stdout.fileno(), 2**16)
                if not some:
                    raise self._exited()
                self._buffer += some
                if searched > LONGEST_ANSWER:
                    raise self._end("raises", "the process sent a result that is too long")
        finally:
            self._spent += time.monotonic() - start
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def _too_slow(self, limit: float) -> ProcessExited:
        if limit < CALL:
            return self._end("too-slow", f"all calls together took more than {self.seconds:g} s")
        return self._end("too-slow", f"it took more than {limit:g} s: does a loop never end?")

    def _exited(self) -> ProcessExited:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        return self._end("raises", _how_it_ended(self._process.returncode))

    def _end(self, kind: str, message: str) -> ProcessExited:
        self.stop()
        when = f"when it is called for the {ordinal(self.calls)} time: " if self.calls > 1 else ""
        self._finding = Finding(kind, "", f"{when if self.calls else 'loading the file: '}{message}")
        return ProcessExited(self._finding)

    def stop(self) -> None:
        """Kill the process and its process group."""
        with suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                assert pipe is not None
                pipe.close()


def ordinal(number: int) -> str:
    """``2nd``, ``11th``, ``23rd``."""
    teens = number % 100 in (11, 12, 13)
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def _parameters(described: Sequence[Sequence[str]]) -> Iterator[inspect.Parameter]:
    for name, kind, default in described:
        value = None if default else inspect.Parameter.empty
        yield inspect.Parameter(name, getattr(inspect, f"_{kind}"), default=value)


def _how_it_ended(status: int | None) -> str:
    if status is None:
        return "the process closed its output"
    if status == -signal.SIGKILL:
        return "the process was killed: does it take too much memory?"
    if status < 0:
        return f"the process crashed: {signal.strsignal(-status)}"
    return f"the process ended itself (exit status {status})"


def _exception(name: str) -> type[BaseException]:
    """An exception class of this name: Python's own where there is one that takes a text alone."""
    own = getattr(builtins, name, None)
    others = (
        UnicodeError | KeyError | BaseExceptionGroup
    )  # these take more than a text, or show it otherwise
    if isinstance(own, type) and issubclass(own, Exception | SystemExit) and not issubclass(own, others):
        return own
    return type(str(name), (Exception,), {})
