"""The process in which a student's function runs: apart from the judge, with nothing that differentiates.

It is run as a file, ``python -P child.py STUDENT.py FUNCTION BARRED...``, and knows NumPy, ``wire.py`` and
nothing else. Arguments come on its standard input and results go to its standard output; the student's
code finds an empty input there, and what it prints goes to standard error. JAX and its like are out of
reach by one of Python's audit hooks, which, once set, nobody can take away.

This keeps honest mistakes and ordinary tricks from doing harm. It is no prison for a hostile program: run
those in a container.
"""

from __future__ import annotations

import importlib.util
import inspect
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

DIFFERENTIATES = {
    "aesara", "autograd", "casadi", "chainer", "flax", "jax", "jaxlib", "keras", "mindspore", "mxnet",
    "numdifftools", "paddle", "pytensor", "tensorflow", "theano", "tinygrad", "torch",
}  # fmt: skip
OURS = {"derivations", "w2v"}
STARTS = {
    "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile", "os.system",
    "pty.spawn", "subprocess.Popen",
}  # fmt: skip
MEMORY = 2**30
FILE_SIZE = 2**24


def main() -> None:
    """Load the student's file, say so, and answer calls until there are no more."""
    file, function, *barred = sys.argv[1:]
    wire = load_wire()
    requests, answers = take_pipes()
    limit_memory()
    quiet_numpy()
    refused: list[str] = []
    sys.addaudithook(guard(refused, roots(barred)))
    sys.argv[:] = [file]
    sys.path.insert(0, str(Path(file).parent))
    try:
        gradient = student_function(Path(file), function)
        ready: dict[str, Any] = {"parameters": parameters(gradient)}
    except BaseException as problem:
        ready = {"error": told(problem, file)}
    wire.send(answers, wire.encode({**ready, "refused": refused}))
    if "error" not in ready:
        answer_calls(wire, requests, answers, gradient, file, refused)


def load_wire() -> Any:
    """The module beside this file, without the package around it."""
    spec = importlib.util.spec_from_file_location("wire", Path(__file__).with_name("wire.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def student_function(file: Path, function: str) -> Callable[..., Any]:
    """The student's function; ``NameError`` if the file has none of this name."""
    module = ModuleType(file.stem)
    sys.modules.setdefault(file.stem, module)  # as an import would, but numpy.py is not NumPy
    exec(compile(file.read_bytes(), str(file), "exec"), vars(module))  # no cache that is a second old
    found = getattr(module, function, None)
    if callable(found):
        return found  # type: ignore[no-any-return]  # whatever the student wrote
    raise NameError(f"{file.name} has no function {function}: keep its name as it was")


# --- calls ------------------------------------------------------------------------------------------


def answer_calls(
    wire: Any, requests: Any, answers: Any, gradient: Callable[..., Any], file: str, refused: list[str]
) -> None:
    """Call the function with what comes; send back its result, and what the arrays hold that both know."""
    process = os.getpid()
    returned: list[Any] = []
    while True:
        try:
            arguments = wire.decode(wire.receive(requests), known := [])
        except EOFError:
            return
        known += returned  # what the last call returned, which this one may write to
        shared = known.copy()
        try:
            answer = wire.encode({"value": gradient(*arguments), "refused": refused}, known)
        except BaseException as problem:
            answer = wire.encode({"error": told(problem, file), "refused": refused})
            del known[len(shared) :]
        if os.getpid() != process:  # a fork of the student's must not answer, too
            os._exit(0)
        wire.send(answers, answer)
        wire.send(answers, wire.encode([array.copy() for array in shared]))
        returned = known[len(shared) :]


def parameters(function: Callable[..., Any]) -> list[list[str]]:
    """Name and kind of each parameter, and whether it has a default; nothing where nobody knows."""
    try:
        found = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return []
    return [[p.name, p.kind.name, "" if p.default is p.empty else "default"] for p in found]


def told(problem: BaseException, file: str) -> dict[str, Any]:
    """An exception: its type, its words, and the last line of the student's file that led to it."""
    line, traceback = getattr(problem, "lineno", None) if isinstance(problem, SyntaxError) else None, None
    traceback = problem.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == file:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    text = problem.msg if isinstance(problem, SyntaxError) else ""
    with suppress(BaseException):  # the student's own exception may fail to print
        text = text or str(problem)
    return {"type": type(problem).__name__, "text": text, "line": line}


# --- what the student's code finds ------------------------------------------------------------------


def take_pipes() -> tuple[Any, Any]:
    """Both pipes for ourselves; the student reads from nothing, and prints on standard error."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return requests, answers


def limit_memory() -> None:
    """Set limits where the system has them."""
    with suppress(ImportError):
        import resource

        limits = {  # libraries take addresses and no memory, so addresses may be more
            "RLIMIT_DATA": MEMORY,
            "RLIMIT_AS": 4 * MEMORY,
            "RLIMIT_FSIZE": FILE_SIZE,
            "RLIMIT_CORE": 0,
        }
        for name, limit in limits.items():
            with suppress(ValueError, OSError, AttributeError):
                resource.setrlimit(getattr(resource, name), (limit, limit))


def quiet_numpy() -> None:
    """No warnings about infinities: the judge looks at the numbers themselves."""
    import numpy as np

    np.seterr(all="ignore")
    warnings.simplefilter("ignore")


def roots(barred: Sequence[str]) -> dict[str, str]:
    """Files and folders that are not read here, each with what to call it."""
    found = {os.path.realpath(file): "the solution" for file in barred}
    for name in DIFFERENTIATES:
        spec = importlib.util.find_spec(name)
        for folder in (spec and spec.submodule_search_locations) or ():
            found[os.path.realpath(folder)] = name
    return found


def guard(refused: list[str], barred: dict[str, str]) -> Callable[[str, tuple[Any, ...]], None]:
    """An audit hook that refuses to import what differentiates, to read solutions and to start programs."""

    def refuse(error: type[Exception], what: str) -> None:
        if what not in refused:
            refused.append(what)
        raise error(f"{what} is out of reach here: write the gradient with NumPy alone")

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "import":
            name = arguments[0].partition(".")[0]
            if name in DIFFERENTIATES or name in OURS:
                refuse(ImportError, name)
        elif event in STARTS:
            refuse(PermissionError, "starting another program")
        elif event == "open" and isinstance(arguments[0], str | bytes):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            for root, name in barred.items():
                if path == root or path.startswith(root + os.sep):
                    refuse(PermissionError, name)

    return hook


if __name__ == "__main__":
    with suppress(BaseException):  # a pipe that the student's code closed, say; the judge sees the end
        main()
    os._exit(0)  # not waiting for anything that the student's code left behind
