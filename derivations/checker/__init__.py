"""The classroom: check a gradient that was derived by hand, and learn *what* is wrong with it.

    >>> from derivations.checker import check_gradient

Reading order: ``checker`` (the two functions), ``findings`` (what they report), ``shapes`` (the language
of descriptions), ``losses`` (the judges), ``calls`` (the gradient), ``shrink`` (the smallest failing
case), ``graph`` and ``diagnosis`` (what is wrong), ``zoo`` (mistakes that were made) and ``exercises``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from derivations.checker.findings import ArgumentResult, Explanation, Finding, Report, Smallest

if TYPE_CHECKING:
    from derivations.checker.checker import assert_gradient, check_gradient

__all__ = [
    "ArgumentResult",
    "Explanation",
    "Finding",
    "Report",
    "Smallest",
    "assert_gradient",
    "check_gradient",
]


def __getattr__(name: str) -> Any:
    """The checker, imported when it is first asked for: the command line starts without it."""
    if name not in ("assert_gradient", "check_gradient"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("derivations.checker.checker"), name)
