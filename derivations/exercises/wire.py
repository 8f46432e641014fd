"""What passes between the judge and a student's process: numbers, and never a pickle.

A message is one line of JSON, which describes a value, and the raw numbers of its arrays. Reading one runs
no code and takes no more memory than the message is long, whoever wrote it. The student's process loads
this file by itself, so it knows NumPy and nothing of the package.

A function that runs in another process should still look as if it ran in this one. So an array that shares
memory with one that both sides know, an argument or an array sent before, is sent as where it lies
there, and shares that memory on the other side too.
"""

from __future__ import annotations

import json
from typing import IO, Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

NUMBERS = "biufc"
"""The kinds of dtype that are sent as numbers; anything else is only described."""
LARGEST = 2**26
"""The longest message, in bytes."""
DEEPEST = 8
LENGTH = 8


class WireError(Exception):
    """What came is no message."""


def encode(value: Any, known: list[np.ndarray] | None = None) -> bytes:
    """A message: numbers, texts, None, arrays, and tuples, lists and dicts of them.

    Of what is none of these only the name of its type is sent. Arrays within one of the ``known`` ones are
    sent as where they lie in it; those that are sent whole become known.
    """
    parts: list[bytes] = []
    head = json.dumps(_Sender([] if known is None else known, parts).described(value)).encode()
    return b"\n".join([head, b"".join(parts)])


def decode(message: bytes, known: list[np.ndarray] | None = None) -> Any:
    """The value of a message; ``WireError`` for what is none. The same arrays become known here."""
    head, _, numbers = message.partition(b"\n")
    try:
        return _Receiver([] if known is None else known, numbers).restored(json.loads(head))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as problem:
        raise WireError(str(problem)) from None


def send(file: IO[bytes], message: bytes) -> None:
    """Put a message on a pipe."""
    file.write(len(message).to_bytes(LENGTH, "big") + message)
    file.flush()


def receive(file: IO[bytes]) -> bytes:
    """Take a message from a pipe; ``EOFError`` where there is no more, ``WireError`` if it is too long."""
    length = int.from_bytes(_exactly(file, LENGTH), "big")
    if length > LARGEST:
        raise WireError(f"a message of {length:,} bytes")
    return _exactly(file, length)


def _exactly(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise EOFError
    return data


# --- values as JSON and numbers ---------------------------------------------------------------------


class _Sender:
    """Describes a value as JSON, and appends the numbers of its arrays to ``parts``."""

    def __init__(self, known: list[np.ndarray], parts: list[bytes]) -> None:
        self.known, self.parts = known, parts

    def described(self, value: Any, depth: int = 0) -> Any:
        """A value, and at most so many tuples, lists and dicts within each other."""
        kind = type(value)
        if kind in (bool, float, str, type(None)) or (kind is int and abs(value) < 2**63):
            return value
        if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in NUMBERS:
            return self.array(value)
        if kind in (tuple, list) and depth < DEEPEST:
            return {"is": kind.__name__, "items": [self.described(item, depth + 1) for item in value]}
        if kind is dict and depth < DEEPEST and all(type(key) is str for key in value):
            items = {key: self.described(item, depth + 1) for key, item in value.items()}
            return {"is": "dict", "items": items}
        dtype = f" of {value.dtype}" if isinstance(value, np.ndarray) else ""
        return {"is": "other", "type": f"{kind.__name__}{dtype}"}

    def array(self, value: Any) -> dict[str, Any]:
        """An array as where it lies in a known one, or whole."""
        array = np.asarray(value)
        about = {"dtype": array.dtype.str, "shape": array.shape}
        for number, home in enumerate(self.known):
            if value is home:
                return {"is": "known", "number": number}
            if array is value and lies_within(array, home):
                offset = address(array) - address(home)
                return {"is": "view", "number": number, "offset": offset, "strides": array.strides, **about}
        self.parts.append(array.tobytes())
        if isinstance(value, np.generic):
            return {"is": "scalar", **about}
        self.known.append(value)
        return {"is": "array", **about}


def address(array: np.ndarray) -> int:
    """Where the first entry of an array lies in memory."""
    return int(array.__array_interface__["data"][0])


def lies_within(array: np.ndarray, home: np.ndarray) -> bool:
    """Whether all of an array lies in the memory of another one that has no gaps."""
    if not array.size or not home.flags.c_contiguous:
        return False
    (first, last), (start, end) = byte_bounds(array), byte_bounds(home)
    return start <= first and last <= end


class _Receiver:
    """Makes values from their description, and arrays from the numbers that come with it."""

    def __init__(self, known: list[np.ndarray], numbers: bytes) -> None:
        self.known, self.numbers, self.taken = known, numbers, 0

    def restored(self, about: Any) -> Any:
        """The value that was described."""
        if not isinstance(about, dict):
            return about
        kind = about["is"]
        if kind in ("tuple", "list"):
            return {"tuple": tuple, "list": list}[kind](map(self.restored, about["items"]))
        if kind == "dict":
            return {key: self.restored(item) for key, item in about["items"].items()}
        if kind == "other":
            return type(str(about["type"]), (), {})()
        if kind == "known":
            return self.known[about["number"]]
        return self.array(kind, about)

    def array(self, kind: str, about: Any) -> Any:
        """An array of its own, a number with a dtype, or a view of a known array."""
        dtype, shape = np.dtype(about["dtype"]), tuple(map(int, about["shape"]))
        if dtype.kind not in NUMBERS:
            raise ValueError(f"an array of {dtype}")
        if kind == "view":
            home = self.known[about["number"]]
            return np.ndarray(shape, dtype, home.data, int(about["offset"]), tuple(about["strides"]))
        size = int(np.prod(shape, dtype=object)) * dtype.itemsize
        numbers = self.numbers[self.taken : self.taken + size]
        self.taken += size
        array = np.frombuffer(numbers, dtype).reshape(shape).copy()
        if kind == "scalar":
            return array[()]
        self.known.append(array)
        return array
