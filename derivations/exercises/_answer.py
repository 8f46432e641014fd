"""The process that runs a student's function: it has NumPy, and neither JAX nor the reference gradient.

Run as a file, ``python -P _answer.py SETTINGS``, with the settings as JSON. Each line of its standard input
is a call, each line of its standard output the answer, both JSON without pickles: reading one runs no code.
The student's code finds an empty standard input, and what it prints goes to standard error.

Resource limits bound its CPU time, memory, files and processes. An audit hook, which cannot be removed
from Python, refuses imports of JAX, the solution's file, new processes and signals to others. Compiled
code can get around the hook, and files and the network are open: run hostile programs in a container.
"""

from __future__ import annotations

import ctypes
import importlib.util
import inspect
import json
import os
import resource
import signal
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

AUTODIFF = {
    "aesara", "autograd", "casadi", "chainer", "flax", "jax", "jaxlib", "keras", "mindspore", "mxnet",
    "numdifftools", "paddle", "pytensor", "tensorflow", "theano", "tinygrad", "torch",
}  # fmt: skip
OURS = {"derivations", "w2v"}
STARTS = ("os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "pty.", "subprocess.")
FORBIDDEN = {
    **dict.fromkeys(STARTS, "starting another program"),
    "ctypes.dlopen": "ctypes",
    "resource.": "changing a resource limit",
}
"""What audit events mean, by the beginning of their names."""
MEMORY = 2**30
FILE_SIZE = 2**24
NUMERIC = "biufc"
"""The kinds of dtype whose arrays are sent; of other values only the type is."""
LONGEST_TEXT = 1000
PR_SET_PDEATHSIG = 1


def main() -> None:
    """Load the student's file, say so, and answer calls until the input ends."""
    settings = json.loads(sys.argv[1])
    requests, answers = take_pipes()
    end_with_parent(settings["parent"])
    limit_resources(settings["seconds"])
    np.seterr(all="ignore")  # the check looks at the numbers itself
    warnings.simplefilter("ignore")
    remove_pidfd()
    refused: list[str] = []
    sys.addaudithook(audit_hook(refused, hidden_paths(settings["hidden"])))
    file = settings["file"]
    sys.argv[:] = [file]
    sys.path.insert(0, str(Path(file).parent))
    try:
        gradient = student_function(Path(file), settings["function"])
        ready: dict[str, Any] = {"parameters": parameters(gradient)}
    except BaseException as problem:
        ready = {"error": describe(problem, file)}
    send(answers, {**ready, "refused": refused})
    if "error" not in ready:
        answer_calls(requests, answers, gradient, file, refused)


def student_function(file: Path, function: str) -> Callable[..., Any]:
    """The student's function; ``NameError`` if the file has none of this name."""
    module = ModuleType(file.stem)
    sys.modules.setdefault(file.stem, module)  # as an import would, but numpy.py does not replace NumPy
    exec(compile(file.read_bytes(), str(file), "exec"), vars(module))  # not a cache from a second ago
    found = getattr(module, function, None)
    if callable(found):
        return found  # type: ignore[no-any-return]  # whatever the student wrote
    raise NameError(f"{file.name} has no function {function}: keep its name as it was")


# --- calls ------------------------------------------------------------------------------------------


def answer_calls(
    requests: Any, answers: Any, gradient: Callable[..., Any], file: str, refused: list[str]
) -> None:
    """Call the function with each request; send its result, and what the shared arrays hold after it."""
    returned: list[np.ndarray] = []
    for line in requests:
        known: list[np.ndarray] = []
        arguments = decode(json.loads(line), known)
        known += returned  # arrays of the last result, which this call may write to
        shared = known.copy()
        try:
            answer = {"value": encode(gradient(*arguments), known)}
        except BaseException as problem:
            answer = {"error": describe(problem, file)}
            del known[len(shared) :]
        send(answers, {**answer, "refused": refused, "after": [array.tobytes().hex() for array in shared]})
        returned = known[len(shared) :]


def send(answers: Any, message: dict[str, Any]) -> None:
    """Write one line."""
    answers.write(json.dumps(message).encode() + b"\n")
    answers.flush()


def parameters(function: Callable[..., Any]) -> list[list[str]]:
    """Name and kind of each parameter, and whether it has a default; empty where they are not known."""
    try:
        found = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return []
    return [[p.name, p.kind.name, "" if p.default is p.empty else "default"] for p in found]


def describe(problem: BaseException, file: str) -> dict[str, Any]:
    """An exception: its type, its message, and the last line of the student's file that led to it."""
    syntax = isinstance(problem, SyntaxError)
    line, traceback = getattr(problem, "lineno", None) if syntax else None, problem.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == file:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    text = ""
    with suppress(BaseException):  # the student's own exception may fail to print
        text = str(problem.msg if isinstance(problem, SyntaxError) else problem)[:LONGEST_TEXT]
    return {"name": type(problem).__name__, "text": text, "line": line}


# --- values as JSON ---------------------------------------------------------------------------------


def encode(value: Any, known: list[np.ndarray]) -> Any:
    """JSON for numbers, texts, None, arrays, and tuples, lists and dicts of them; else the type's name.

    An array within the memory of a ``known`` one is sent as its position there, so that it is a view on
    the other side too. An array that is sent whole becomes known.
    """
    kind = type(value)
    if kind in (bool, float, str, type(None)) or (kind is int and abs(value) < 2**63):
        return value
    if kind in (tuple, list):
        return {kind.__name__: [encode(item, known) for item in value]}
    if kind is dict and all(type(key) is str for key in value):
        return {"dict": {key: encode(item, known) for key, item in value.items()}}
    if isinstance(value, np.generic) and value.dtype.kind in NUMERIC:
        return {"scalar": value.tobytes().hex(), "dtype": value.dtype.str, "shape": ()}
    if not isinstance(value, np.ndarray):
        return {"other": kind.__name__}
    if value.dtype.kind not in NUMERIC:
        return {"other": f"{kind.__name__} of {value.dtype}"}
    about = {"dtype": value.dtype.str, "shape": value.shape}
    for number, home in enumerate(known):
        if value is home:
            return {"known": number}
        if lies_within(value, home):
            offset = address(value) - address(home)
            return {"view": number, "offset": offset, "strides": value.strides, **about}
    known.append(value)
    return {"array": value.tobytes().hex(), **about}


def decode(about: Any, known: list[np.ndarray]) -> Any:
    """The value that ``encode`` described; the same arrays become known on this side."""
    if not isinstance(about, dict):
        return about
    for kind in (tuple, list):
        if kind.__name__ in about:
            return kind(decode(item, known) for item in about[kind.__name__])
    if "dict" in about:
        return {key: decode(item, known) for key, item in about["dict"].items()}
    if "other" in about:
        return type(str(about["other"]), (), {})()
    if "known" in about:
        return known[about["known"]]
    dtype, shape = np.dtype(about["dtype"]), tuple(about["shape"])
    if dtype.kind not in NUMERIC:
        raise ValueError(f"an array of {dtype}")
    if "view" in about:
        memory = known[about["view"]].data
        return np.ndarray(shape, dtype, memory, about["offset"], tuple(about["strides"]))
    numbers = bytes.fromhex(about["scalar"] if "scalar" in about else about["array"])
    array = np.frombuffer(numbers, dtype).reshape(shape).copy()
    if "scalar" in about:
        return array[()]
    known.append(array)
    return array


def lies_within(array: np.ndarray, home: np.ndarray) -> bool:
    """Whether all of an array lies in the contiguous memory of another one."""
    if not array.size or not home.flags.c_contiguous:
        return False
    (first, last), (start, end) = byte_bounds(array), byte_bounds(home)
    return bool(start <= first and last <= end)


def address(array: np.ndarray) -> int:
    """Where the first entry of an array lies in memory."""
    return int(array.__array_interface__["data"][0])


# --- limits -----------------------------------------------------------------------------------------


def take_pipes() -> tuple[Any, Any]:
    """Both pipes for this module; the student's code reads nothing, and prints on standard error."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    return requests, answers


def prctl(option: int, value: int) -> None:
    """Set a process option where the system is Linux."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def end_with_parent(parent: int) -> None:
    """Have the system kill this process when its parent ends, however the parent ends."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def remove_pidfd() -> None:
    """Remove the functions that signal another process without an audit event."""
    for module in ("os", "posix", "signal", "_signal"):
        for name in ("pidfd_open", "pidfd_send_signal"):
            vars(sys.modules[module]).pop(name, None)


def limit_resources(seconds: float) -> None:
    """Set limits where the system has them. The CPU limit also ends a process that nobody waits for."""
    limits = {  # libraries reserve addresses that take no memory, so addresses may be more
        "RLIMIT_CPU": int(min(seconds, 10**6)) + 2,
        "RLIMIT_DATA": MEMORY,
        "RLIMIT_AS": 4 * MEMORY,
        "RLIMIT_FSIZE": FILE_SIZE,
        "RLIMIT_NPROC": 0,
        "RLIMIT_CORE": 0,
    }
    for name, limit in limits.items():
        with suppress(ValueError, OSError, AttributeError):
            resource.setrlimit(getattr(resource, name), (limit, limit))


def hidden_paths(files: list[str]) -> dict[str, str]:
    """Files and folders that are not read here, each with what to call it."""
    found = {"/proc": "other processes", **{os.path.realpath(file): "the solution" for file in files}}
    for name in AUTODIFF:
        spec = importlib.util.find_spec(name)
        for folder in (spec and spec.submodule_search_locations) or ():
            found[os.path.realpath(folder)] = name
    return found


def audit_hook(refused: list[str], hidden: dict[str, str]) -> Callable[[str, tuple[Any, ...]], None]:
    """An audit hook that refuses what an answer may not do, and appends to ``refused`` what it was."""

    def what(event: str, arguments: tuple[Any, ...]) -> str:
        if event == "import":
            root = arguments[0].partition(".")[0]
            return root if root in AUTODIFF or root in OURS else ""
        if event in ("os.kill", "os.killpg"):
            own = event == "os.kill" and arguments[0] == os.getpid()
            return "" if own else "sending a signal to another process"
        if event == "ctypes.dlsym":  # of Python itself, SciPy needs this
            return "" if str(arguments[1]).startswith("Py") else "ctypes"
        if event == "open" and isinstance(arguments[0], str | bytes):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            return next((name for root, name in hidden.items() if f"{path}/".startswith(f"{root}/")), "")
        return next((name for prefix, name in FORBIDDEN.items() if event.startswith(prefix)), "")

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if name := what(event, arguments):
            if name not in refused:
                refused.append(name)
            error = ImportError if event == "import" else PermissionError
            raise error(f"{name} is not available in an exercise: write the gradient with NumPy alone")

    return hook


if __name__ == "__main__":
    with suppress(BaseException):  # a pipe that the student's code closed, say: the check sees the end
        main()
    os._exit(0)  # without waiting for anything that the student's code left behind
