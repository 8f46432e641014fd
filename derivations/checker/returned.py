"""What a student's gradient returned, as float64 arrays by argument, and what is odd about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from derivations.checker.calls import Called


def as_arrays(
    called: Called, result: Any, inputs: Mapping[str, Any], wrt: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arrays by argument, as they were returned and as fresh float64; findings go to ``called``."""
    if result is None:
        called.find("returns-none", "", "it returns None: end it with return and the gradient")
        return {}, {}
    raw = by_argument(called, result, inputs, wrt)
    values = {name: as_floats(called, name, value) for name, value in raw.items()}
    return raw, {name: value for name, value in values.items() if value is not None}


def by_argument(
    called: Called, result: Any, inputs: Mapping[str, Any], wrt: Sequence[str]
) -> dict[str, Any]:
    """What was returned for each argument; a finding and nothing if it is not one thing for each."""
    if isinstance(result, Mapping):
        if set(result) == set(wrt):
            return {name: result[name] for name in wrt}
        keys = ", ".join(map(str, result)) or "nothing"
        called.find(
            "wrong-count",
            "",
            f"it returns gradients for {keys}, asked for are those for {', '.join(wrt)}: give these, or say"
            " wrt=...",
        )
        return {}
    if len(wrt) == 1 and not _is_one_in_a_sequence(result, inputs[wrt[0]]):
        return {wrt[0]: result}
    if isinstance(result, (tuple, list)) and len(result) == len(wrt):
        return dict(zip(wrt, result, strict=True))
    called.find("wrong-count", "", _wrong_count(result, wrt))
    return {}


def _is_one_in_a_sequence(result: Any, value: Any) -> bool:
    """Whether the gradient for one argument comes as a tuple or a list of arrays."""
    if isinstance(result, tuple):
        return True
    return (
        isinstance(result, list)
        and any(isinstance(one, np.ndarray) and one.ndim for one in result)
        and (len(result) == 1 or np.ndim(value) < 2)
    )


def _wrong_count(result: Any, wrt: Sequence[str]) -> str:
    kind = type(result).__name__
    what = f"{len(result)} values" if isinstance(result, (tuple, list)) else f"one {kind}"
    if isinstance(result, np.ndarray):
        what = f"one array of shape {shape_text(result.shape)}"
    asked = f"{len(wrt)} ({', '.join(wrt)})" if len(wrt) > 1 else f"one, for {wrt[0]}"
    return (
        f"it returns {what}, gradients asked for are {asked}: return one array for each, in this"
        " order, or say with wrt='...' which arguments it is for"
    )


def as_floats(called: Called, name: str, value: Any) -> Any:
    """A fresh float64 array of what was returned for an argument; None if it holds no numbers."""
    kind = type(value).__name__
    if value is None:
        called.find("returns-none", name, f"the gradient for {name} is None: return an array")
        return None
    if type(value).__module__.split(".")[0] in ("jaxlib", "jax"):
        called.notes.append(f"the gradient for {name} is an array of JAX; it was taken as NumPy's")
    elif not isinstance(value, (np.ndarray, np.generic, float, int)):
        called.find(
            "returns-other", name, f"the gradient for {name} is a {kind}: return an array, np.array(...)"
        )
    try:
        array = np.asarray(value)
        floats = np.array(np.real(array), dtype=float)
    except (TypeError, ValueError, RuntimeError):
        if not any(f.kind == "returns-other" and f.argument == name for f in called.findings):
            message = (
                f"the gradient for {name} is a {kind} that holds no numbers: return an array of floats"
            )
            called.find("returns-other", name, message)
        return None
    _look_at_dtype(called, name, value, array)
    return floats


def _look_at_dtype(called: Called, name: str, value: Any, array: Any) -> None:
    """Precisions and kinds of numbers that are not float64."""
    if array.dtype == np.float32:
        called.narrow.add(name)
        called.find(
            "float32",
            name,
            f"the gradient for {name} is float32: it is judged as float32, to about seven digits; "
            "keep to float64 to have it judged closer",
            fatal=False,
        )
    elif array.dtype.kind in "iub" and not isinstance(value, (int, float)):
        called.find(
            "wrong-dtype",
            name,
            f"the gradient for {name} is {array.dtype}, whole numbers: a step of the learning rate times it"
            " is fine, but what is written into it loses its fraction; start from np.zeros(...), of floats",
            fatal=False,
        )
    elif array.dtype.kind == "c" or array.dtype == np.float16 or array.dtype.kind not in "fiub":
        called.find(
            "wrong-dtype",
            name,
            f"the gradient for {name} is {array.dtype}: return float64, .astype(float)",
        )


def shape_text(shape: Sequence[int]) -> str:
    """A shape as NumPy writes it; a number is called one."""
    return str(tuple(int(size) for size in shape)) if len(shape) else "() (a number)"
