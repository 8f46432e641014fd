"""The classroom: check a gradient that was derived by hand, and learn *what* is wrong with it.

    >>> from derivations.classroom import check_gradient

Reading order: ``checker`` (the two functions), ``findings`` (what they report), ``shapes`` (the language
of descriptions), ``losses`` (the judges), ``calls`` (the gradient), ``shrink`` (the smallest failing case).
"""

from derivations.classroom.checker import assert_gradient, check_gradient
from derivations.classroom.findings import ArgumentResult, Explanation, Finding, Report, Smallest

__all__ = [
    "ArgumentResult",
    "Explanation",
    "Finding",
    "Report",
    "Smallest",
    "assert_gradient",
    "check_gradient",
]
