"""``check_gradient``: is a gradient right, where is it wrong, what is wrong with it, and see it again.

The loss goes before the judges (``losses``), the gradient is called (``calls``) on instances that
Hypothesis draws from a description (``shapes``), every entry is compared (``trial``), the smallest failing
case is found (``shrink``), and the diagnosis says what accounts for it (``verdict``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from derivations.checker.calls import Hand
from derivations.checker.findings import Finding, Report
from derivations.checker.losses import Loss, default_wrt, names_of
from derivations.checker.shapes import (
    GIVEN,
    WORDS,
    Description,
    as_given,
    describe,
    from_arrays,
    parse,
    some_instances,
)
from derivations.checker.tracing import LossError
from derivations.checker.trial import Trial
from derivations.checker.verdict import report_on
from derivations.oracle.cases import Instance

Function = Callable[..., Any]

SECONDS = 5.0
"""After so much work, no more instances are judged, if there were enough."""


WHOLE = (WORDS, GIVEN)


def check_gradient(
    loss: Function,
    gradient: Function,
    at: str | Mapping[str, Any] | Sequence[Any],
    *,
    wrt: str | Sequence[str] | None = None,
    instance: str = "",
    examples: int = 100,
    seed: int = 0,
) -> Report:
    """Hold a gradient written by hand in NumPy against the automatic one of a loss.

    ``loss(*args)`` returns one number; it is written with ``jax.numpy`` or with NumPy. ``gradient(*args)``
    takes the same arguments and returns one array, a tuple in the order of ``wrt``, or a dict by argument.
    ``at`` describes the shapes (``"V N, N V"``: see ``shapes``) or gives arrays, by name or in order;
    ``wrt`` names the arguments to differentiate with respect to (all real ones, if not said), ``instance``
    one instance to judge alone, ``examples`` how many are drawn and ``seed`` which.

    Raises ``ValueError`` or ``TypeError`` for a description that cannot be read; whatever the two
    functions do is in the report.

    >>> import jax.numpy as jnp
    >>> def loss(w, x): return jnp.sum(w * x) ** 2
    >>> check_gradient(loss, lambda w, x: 2 * (w @ x) * x, "N, N", wrt="w").right
    True
    """
    start = time.perf_counter()
    for role, one in (("loss", loss), ("gradient", gradient)):
        if not callable(one):
            raise TypeError(f"the {role} is a {type(one).__name__}: give the function that computes it")
    name = getattr(gradient, "__name__", type(gradient).__name__)
    try:
        description = description_of(loss, at)
        wanted = wrt_of(wrt, description)
        check_size({name: description.given[name] for name in wanted if description.given})
        judged = Loss(loss, description, wanted)
    except LossError as problem:
        return Report(name, right=False, arguments=(), findings=(Finding("loss", "", str(problem)),))
    instances = chosen(judged, instance, examples, seed)
    trial = Trial(judged, Hand(gradient, description.names, wanted))
    trial.judge_all(instances, SECONDS)
    return replace(report_on(trial), seconds=time.perf_counter() - start)


def assert_gradient(loss: Function, gradient: Function, at: Any, **options: Any) -> None:
    """Raise ``AssertionError`` with the report if the gradient is not right; see ``check_gradient``."""
    __tracebackhide__ = True  # pytest shows the caller's line
    report = check_gradient(loss, gradient, at, **options)
    if not report.right:
        raise AssertionError(str(report))


def description_of(loss: Function, at: Any) -> Description:
    """What the arguments of a loss look like, from a text or from arrays; else ``TypeError``."""
    names, optional = names_of(loss)
    if isinstance(at, str):
        entries = at.count(",") + 1
        return describe(at, names[: max(entries, len(names) - len(optional))])
    if isinstance(at, Mapping):
        return from_arrays(at, [name for name in names if name in at or name not in optional])
    if isinstance(at, (tuple, list)):
        return from_arrays(at, names[: max(len(at), len(names) - len(optional))])
    raise TypeError(
        f"at is a {type(at).__name__}: describe the shapes, 'V N, N V', or give arrays, {{'W': W, ...}}"
    )


def wrt_of(wrt: str | Sequence[str] | None, description: Description) -> tuple[str, ...]:
    """The arguments to differentiate with respect to; ``ValueError`` for unknown ones and those without."""
    wanted = tuple(
        wrt.replace(",", " ").split() if isinstance(wrt, str) else wrt or default_wrt(description)
    )
    unknown = [name for name in wanted if name not in description.names]
    if unknown:
        raise ValueError(f"wrt names {unknown[0]}, but the loss takes {', '.join(description.names)}")
    if not wanted:
        raise ValueError(
            f"no argument of {description} is real: write 1.0 for 1, or say in wrt what the gradient is for"
        )
    whole = [n for n in wanted if n not in default_wrt(description) and description[n].drawn in WHOLE]
    if whole:
        raise ValueError(
            f"{whole[0]} holds whole numbers, which have no gradient: write 1.0, or take it out of wrt"
        )
    return wanted


def chosen(loss: Loss, instance: str, examples: int, seed: int) -> list[Instance]:
    """The instances to judge."""
    if loss.description.given:
        return [as_given(loss.description)]
    if instance:
        one = parse(loss.description, instance)
        check_size({name: one.inputs[name] for name in loss.wrt})
        return [one]
    return some_instances(loss.description, examples, seed, shapes=loss.few_shapes)


MOST = 3000
"""Entries of all gradients together: a judge without derivatives computes the loss once for each."""


def check_size(arrays: Mapping[str, Any]) -> None:
    """Refuse gradients with so many entries that it would take minutes to find each: ``ValueError``."""
    entries = {name: int(np.size(array)) for name, array in arrays.items()}
    if sum(entries.values()) > MOST:
        name = max(entries, key=entries.__getitem__)
        raise ValueError(
            f"{name} has shape {np.shape(arrays[name])}, and every entry is judged on its own: give smaller"
            f" arrays, of at most {MOST:,} entries in all, or describe the shapes, as in 'V N'"
        )
