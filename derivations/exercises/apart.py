"""A student's function in a process of its own, called as if it were here.

``Apart`` starts the process and is then a function: it sends the arguments, waits, and gives back what the
student's function returned, with the arguments changed if it changed them, and views of them
where it returned views. An exception of the student's is raised here under its own name, with the line it
came from. A process that crashes, exits, or does not answer in time is ended, all that it started with it.
"""

from __future__ import annotations

import builtins
import inspect
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from derivations.checker.findings import Finding
from derivations.exercises import wire
from derivations.exercises.child import MEMORY

CALL = 10.0
"""Seconds that one call may take; it works on arrays of a few dozen numbers."""
START = 30.0
"""Seconds to import NumPy and to load the student's file."""
GLANCE = 0.05
PRINTED = 2000
"""Characters that are kept of what the student's code prints."""
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}


class Ended(BaseException):
    """The student's process is no more, so there is nothing left to judge: it goes past the checker."""


class Apart:
    """A function of a student's file, in a process of its own; a context manager.

    ``seconds`` is what all calls together may take. ``ended`` is what became of the process, if it did not
    live to the end, ``refused`` what its code tried in vain to reach, ``printed`` what it printed.
    """

    def __init__(
        self, file: Path, *, seconds: float, function: str = "gradient", barred: Sequence[Path] = ()
    ) -> None:
        self.file, self.seconds, self.calls = file.resolve(), seconds, 0
        self.ended: Finding | None = None
        self.refused: list[str] = []
        self._spent, self._printed, self._returned = 0.0, b"", list[np.ndarray]()
        self._messages: queue.Queue[bytes | None] = queue.Queue()
        self.__name__, self.__code__ = function, compile("", str(self.file), "exec")  # where it is written
        child = str(Path(__file__).with_name("child.py"))
        command = [sys.executable, "-u", "-P", "-B", child, str(self.file), function, *map(str, barred)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, **ONE_THREAD}, cwd=self.file.parent, start_new_session=True,
        )  # fmt: skip
        targets = (self._read_messages, self._read_prints)
        self._readers = [threading.Thread(target=target, daemon=True) for target in targets]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def printed(self) -> str:
        """What the student's code printed, or the beginning of it."""
        return self._printed.decode(errors="replace").strip()

    # --- talking to it ------------------------------------------------------------------------------

    def load(self) -> None:
        """Wait until the student's file is loaded; raise what loading it raised, or :class:`Ended`."""
        answer = self._answer(START)
        self._note(answer)
        if answer.get("parameters"):
            self.__signature__ = inspect.Signature(list(_parameters(answer["parameters"])))

    def __call__(self, *arguments: Any) -> Any:
        """What the student's function returns; raise what it raises, or :class:`Ended`."""
        self.calls += 1
        known: list[np.ndarray] = []
        self._send(wire.encode(arguments, known))
        known += self._returned
        shared = known.copy()
        answer = self._answer(CALL, known)
        for array, now in zip(shared, self._receive(CALL), strict=True):
            if array.tobytes() != now.tobytes():
                array[...] = now
        self._returned = known[len(shared) :]
        self._note(answer)
        return answer.get("value")

    def _note(self, answer: dict[str, Any]) -> None:
        self.refused += [what for what in answer.get("refused", ()) if what not in self.refused]
        if "error" in answer:
            self._raise(**answer["error"])

    def _raise(self, type: str, text: str, line: int | None) -> None:
        """Raise an exception of the student's as if from its line: whoever looks for the line finds it.

        A function that is not written yet, or that fills the memory, is not called again.
        """
        if type == "MemoryError":
            raise self._end("raises", f"it takes more memory than there is for it, {MEMORY / 2**30:g} GiB")
        if type == "NotImplementedError":
            self.ended = Finding("raises", "", text or f"{self.__name__} is not written yet")
            raise Ended(text)
        problem = _exception(type)(text)
        if line is None:
            raise problem
        source = "\n" * (line - 1) + "raise problem"
        exec(compile(source, str(self.file), "exec"), {"problem": problem})

    # --- messages, and the time they take -----------------------------------------------------------

    @property
    def _during(self) -> str:
        """When it ended, if it was not the first thing that was asked of the function."""
        if self.calls == 1:
            return ""
        return (
            f"when it is called for the {ordinal(self.calls)} time: "
            if self.calls
            else "loading the file: "
        )

    def _send(self, message: bytes) -> None:
        if self.ended:
            raise Ended(self.ended.message)
        assert self._process.stdin is not None
        try:
            wire.send(self._process.stdin, message)
        except OSError:
            raise self._has_ended() from None

    def _answer(self, limit: float, known: list[np.ndarray] | None = None) -> dict[str, Any]:
        answer = self._receive(limit, known)
        if isinstance(answer, dict):
            return answer
        raise self._end("raises", "the process sent what is no answer")

    def _receive(self, limit: float, known: list[np.ndarray] | None = None) -> Any:
        message = self._wait(min(limit, self.seconds - self._spent))
        try:
            return wire.decode(message, known)
        except wire.WireError as problem:
            raise self._end("raises", f"the process sent what is no answer: {problem}") from None

    def _wait(self, limit: float) -> bytes:
        start = time.monotonic()
        try:
            while True:
                gone = self._process.poll() is not None  # asked first: it may have left a message
                with suppress(queue.Empty):
                    message = self._messages.get(timeout=GLANCE)
                    if message is None:
                        raise self._has_ended()
                    return message
                if gone:
                    raise self._has_ended()
                if time.monotonic() - start > limit:
                    raise self._too_slow(limit)
        finally:
            self._spent += time.monotonic() - start

    def _too_slow(self, limit: float) -> Ended:
        if limit < CALL:
            return self._end("too-slow", f"all calls together took more than {self.seconds:g} s")
        return self._end("too-slow", f"it took more than {limit:g} s: does a loop never end?")

    def _has_ended(self) -> Ended:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        return self._end("raises", _how_it_ended(self._process.returncode))

    def _end(self, kind: str, message: str) -> Ended:
        self.stop()
        self.ended = Finding(kind, "", f"{self._during}{message}")
        return Ended(message)

    def stop(self) -> None:
        """End the process and all that it started, and read what it left in its pipes."""
        with suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        for reader in self._readers:
            reader.join(1.0)  # one that got away may hold a pipe open
        if not any(reader.is_alive() for reader in self._readers):
            for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
                with suppress(OSError):
                    assert pipe is not None
                    pipe.close()

    # --- the other ends of its pipes ----------------------------------------------------------------

    def _read_messages(self) -> None:
        assert self._process.stdout is not None
        with suppress(EOFError, wire.WireError, OSError, ValueError):
            while True:
                self._messages.put(wire.receive(self._process.stdout))
        self._messages.put(None)

    def _read_prints(self) -> None:
        assert self._process.stderr is not None
        with suppress(OSError, ValueError):
            while some := self._process.stderr.read1(2**16):  # type: ignore[attr-defined]  # buffered
                self._printed += some[: PRINTED - len(self._printed)]


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
        return "the process fell silent"
    if status == -9:
        return "the process was killed: does it take too much memory?"
    if status < 0:
        return f"the process crashed: {signal.strsignal(-status)}"
    return f"the process ended itself (exit status {status})"


def _exception(name: str) -> type[BaseException]:
    """An exception class of this name: Python's own where there is one and text is all it needs."""
    own = getattr(builtins, name, None)
    if not (isinstance(own, type) and issubclass(own, Exception | SystemExit)):
        return type(name, (Exception,), {})
    takes_more = issubclass(own, UnicodeError | KeyError)
    return type(name, (Exception,), {}) if takes_more else own
