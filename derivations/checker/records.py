"""A report as plain data, for ``json.dumps``: what an autograder reads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from derivations.checker.findings import ArgumentResult, Report
from derivations.checker.reading import contradictions, is_right


def as_record(report: Report) -> dict[str, Any]:
    """The report as dicts with text for keys, lists, text, numbers, true, false and null.

    ========================== =====================================================================
    ``right``                  the verdict
    ``name``                   of the function
    ``diagnosis``              a list of ``kind``, ``argument``, ``says``, ``evidence``, ``detail``
    ``unexplained``            the arguments that no explanation fits
    ``findings``               a list of ``kind``, ``argument``, ``message``, ``fatal``
    ``arguments``              a list of ``name``, ``shape``, ``holds``, ``failed``, ``tried``,
                               ``error``, ``worst``: null or ``index``, ``hand``, ``automatic``
    ``smallest``               null or ``sizes``, and ``inputs``, ``hand``, ``automatic`` by argument:
                               arrays as nested lists
    ``again``                  a line of Python to see it again
    ``judges``, ``precision``, ``instances``, ``shapes``, ``seconds``, ``notes``: how it was found
    ``contradictions``         empty, unless the report does not go together with its verdict
    ========================== =====================================================================

    A number that JSON does not have is text: ``"nan"``, ``"inf"``, ``"-inf"``.
    """
    names = [field.name for field in fields(report) if field.name not in {"right", "name"}]
    record = {
        "right": is_right(report),
        "name": report.name,
        **{name: getattr(report, name) for name in names},
        "arguments": [_argument(result) for result in report.arguments],
        "contradictions": contradictions(report),
    }
    plain_record: dict[str, Any] = plain(record)
    return plain_record


def _argument(result: ArgumentResult) -> dict[str, Any]:
    worst = result.worst and dict(zip(("index", "hand", "automatic"), result.worst, strict=True))
    return {**vars(result), "worst": worst}


def plain(value: Any) -> Any:
    """A value of a report, at any depth, as what JSON knows; what it does not know, as text.

    >>> plain({"W": np.array([[1.0, np.nan]]), "n": np.int64(3)})
    {'W': [[1.0, 'nan']], 'n': 3}
    """
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, float) and math.isfinite(value):
        return value
    return value if value is None or isinstance(value, (int, str)) else str(value)
