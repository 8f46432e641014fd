"""A loss written for NumPy, as the same function for JAX.

Its twin has the same code and ``jax.numpy`` wherever the original finds ``numpy``: in its globals,
in what it closes over, in what it imports inside, and in the plain Python functions that it calls. Nothing
of the original is changed.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from types import CellType, FunctionType, ModuleType
from typing import Any

import numpy as np

Function = Callable[..., Any]
FOREIGN = ("numpy", "jax", "jaxlib", "scipy")


def twin(function: Function) -> Function | None:
    """The function with JAX in the place of NumPy; None for what is no plain Python function."""
    return _twin(function, {}) if isinstance(function, FunctionType) else None


def _twin(function: FunctionType, known: dict[int, Any]) -> Function:
    if id(function) in known:
        return known[id(function)]  # type: ignore[no-any-return]  # what was put there below
    scope: dict[str, Any] = {"__builtins__": {**vars(builtins), "__import__": _import}}
    cells = tuple(CellType() for _ in function.__closure__ or ())
    other = FunctionType(function.__code__, scope, function.__name__, function.__defaults__, cells)
    other.__kwdefaults__ = function.__kwdefaults__
    known[id(function)] = other
    named = names_in(function.__code__)
    for name, value in function.__globals__.items():
        if name != "__builtins__":
            scope[name] = _counterpart(value, known) if name in named else value
    for cell, original in zip(cells, function.__closure__ or (), strict=True):
        try:
            cell.cell_contents = _counterpart(original.cell_contents, known)
        except ValueError:  # a cell that is still empty
            continue
    return other


def names_in(code: Any) -> set[str]:
    """The names that a function's code, and that of functions inside it, looks up."""
    inner = [constant for constant in code.co_consts if hasattr(constant, "co_names")]
    return set(code.co_names).union(*map(names_in, inner))


def _counterpart(value: Any, known: dict[int, Any]) -> Any:
    """What stands for a value in the twin: itself, unless it is NumPy's or a function that may use it."""
    if isinstance(value, ModuleType):
        return _module(value)
    if isinstance(value, np.ufunc):
        return _named_in_jax(value)
    home = str(getattr(value, "__module__", "") or "").partition(".")[0]
    if isinstance(value, FunctionType) and home not in FOREIGN:
        return _twin(value, known)
    if callable(value) and home in ("numpy", "scipy", "math"):
        return _named_in_jax(value)
    return value


def _module(module: ModuleType) -> Any:
    import jax

    name = module.__name__
    if module is math:
        return jax.numpy
    if name == "numpy" or name.startswith("numpy."):
        return _inside(jax.numpy, name.split(".")[1:], module)
    if name == "scipy" or name.startswith("scipy."):
        import jax.scipy.special

        return _inside(jax.scipy, name.split(".")[1:], module)
    return module


def _inside(module: Any, path: list[str], otherwise: Any) -> Any:
    for name in path:
        module = getattr(module, name, None)
    return module if module is not None else otherwise


def _named_in_jax(value: Any) -> Any:
    """JAX's function of the same name: that of ``from numpy import exp`` or ``scipy.special.expit``."""
    import jax
    import jax.scipy.special

    name = getattr(value, "__name__", "")
    for module in (jax.numpy, jax.numpy.linalg, jax.scipy.special):
        if hasattr(module, name):
            return getattr(module, name)
    return value


def _import(name: str, scope: Any = None, local: Any = None, wanted: Any = (), level: int = 0) -> Any:
    """``import`` inside a twin: what is asked for, or JAX's counterpart of it."""
    return _module(builtins.__import__(name, scope, local, wanted, level))
