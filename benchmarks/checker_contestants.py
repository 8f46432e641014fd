"""The checkers that checker_table.py puts beside each other, each called as its documentation says.

All get the same thing: a loss, a gradient by hand, an instance. Each says whether it objects; an error that
it raises is an objection too, for its user sees that something is wrong.
"""

from __future__ import annotations

import logging
import random
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import jax
import numpy as np
import torch
from jax.test_util import check_grads
from scipy.optimize import check_grad

from derivations import check_gradient
from derivations.zoo import Exhibit, Specimen
from derivations.zoo.checking import recognised

logging.getLogger("jax").setLevel(logging.CRITICAL)  # it logs what a gradient raises
CS224N_STEP, CS224N_PERMITTED = 1e-4, 1e-5
SCIPY_PERMITTED = 1e-6


@dataclass(frozen=True)
class Question:
    """Is this gradient that of the exhibit's loss? ``inputs`` is the instance, by argument."""

    exhibit: Exhibit
    gradient: Callable[..., Any]
    inputs: Mapping[str, Any]
    specimen: Specimen | None = None

    @property
    def wrt(self) -> list[str]:
        """The arguments to differentiate with respect to."""
        return self.exhibit.wrt.split()

    @property
    def start(self) -> list[Any]:
        """Fresh copies of them, as arrays of float64."""
        return [np.array(self.inputs[name], dtype=float) for name in self.wrt]

    def arguments(self, values: Sequence[Any]) -> list[Any]:
        """All arguments of the loss, with these values for those to differentiate by."""
        given = {**self.inputs, **dict(zip(self.wrt, values, strict=True))}
        return [as_given(value) for value in given.values()]

    def loss(self, values: Sequence[Any]) -> float:
        """The loss as a number, in float64."""
        with jax.enable_x64(True):
            return float(compiled(self.exhibit.loss)(*self.arguments(values)))

    def by_hand(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """The gradient in question, one array for each of ``wrt``."""
        with np.errstate(all="ignore"):
            found_by_hand = self.gradient(*self.arguments(values))
        listed = found_by_hand if isinstance(found_by_hand, (tuple, list)) else (found_by_hand,)
        return tuple(listed)


@cache
def compiled(loss: Callable[..., Any]) -> Callable[..., Any]:
    """A loss compiled by JAX, for those who call it once or twice for every entry."""
    return jax.jit(loss)


def as_given(value: Any) -> Any:
    """An argument as a student's function expects it: a number is a number; an array may be written to."""
    array = np.asarray(value)
    if array.ndim:
        return array if array.flags.writeable else array.copy()
    return array.item()


@dataclass(frozen=True)
class Answer:
    """What a checker says: whether it objects, calls the mistake by its name, and raised an error."""

    objects: bool
    names: bool = False
    raised: bool = False


# --- ours -------------------------------------------------------------------------------------------


def ours(question: Question) -> Answer:
    """``check_gradient`` with a description of the shapes, as its documentation has it."""
    return _ours(question, question.exhibit.shapes)


def ours_on_one(question: Question) -> Answer:
    """``check_gradient`` with nothing but the instance that the others get."""
    return _ours(question, dict(question.inputs))


def _ours(question: Question, at: Any) -> Answer:
    exhibit = question.exhibit
    try:
        report = check_gradient(exhibit.loss, question.gradient, at, wrt=exhibit.wrt)
    except Exception:  # held against ours: it promises a report
        return Answer(objects=question.specimen is None, raised=True)
    named = question.specimen is not None and recognised(question.specimen, report)
    return Answer(not report.right, named)


# --- PyTorch ----------------------------------------------------------------------------------------


def torch_full(question: Question) -> Answer:
    """``torch.autograd.gradcheck`` as it comes: every entry, step 1e-6, rtol 1e-3, atol 1e-5."""
    return _torch(question, fast_mode=False)


def torch_fast(question: Question) -> Answer:
    """The same with ``fast_mode=True``: one random projection."""
    return _torch(question, fast_mode=True)


def _torch(question: Question, *, fast_mode: bool) -> Answer:
    class Loss(torch.autograd.Function):
        """The loss as a number; its backward is the gradient by hand."""

        @staticmethod
        def forward(ctx: Any, *values: Any) -> Any:
            ctx.save_for_backward(*values)
            numbers = [value.detach().numpy() for value in values]
            return torch.tensor(question.loss(numbers), dtype=torch.float64)

        @staticmethod
        def backward(ctx: Any, *upstream: Any) -> Any:
            arrays = [value.detach().numpy() for value in ctx.saved_tensors]
            by_hand = question.by_hand(arrays)
            return tuple(upstream[0] * torch.as_tensor(np.asarray(one)) for one in by_hand)

    torch.manual_seed(0)
    values = [torch.from_numpy(value).requires_grad_() for value in question.start]
    return objected(lambda: torch.autograd.gradcheck(Loss.apply, values, fast_mode=fast_mode))


# --- JAX --------------------------------------------------------------------------------------------


def jax_32(question: Question) -> Answer:
    """``jax.test_util.check_grads`` in JAX's default float32, order 1, reverse mode."""
    return _jax(question, x64=False)


def jax_64(question: Question) -> Answer:
    """The same where float64 is enabled."""
    return _jax(question, x64=True)


def _jax(question: Question, *, x64: bool) -> Answer:
    @jax.custom_vjp
    def loss(*values: Any) -> Any:
        given = dict(zip(question.wrt, values, strict=True))
        return question.exhibit.loss(*({**question.inputs, **given}).values())

    def backward(values: Any, upstream: Any) -> Any:
        return tuple(upstream * one for one in jax.pure_callback(call, values, *values))

    def call(*values: Any) -> Any:
        by_hand = question.by_hand([np.array(value) for value in values])
        return tuple(np.asarray(one, value.dtype) for one, value in zip(by_hand, values, strict=True))

    loss.defvjp(lambda *values: (loss(*values), values), backward)
    with jax.enable_x64(x64):
        values = [jax.numpy.asarray(value) for value in question.start]
        return objected(lambda: check_grads(loss, values, order=1, modes=["rev"]))


# --- CS224n, SciPy ----------------------------------------------------------------------------------


def cs224n(question: Question) -> Answer:
    """The rule of CS224n's ``gradcheck_naive``, parameter by parameter, entry by entry.

    Central differences with a step of 1e-4; the first entry whose |a - n| / max(1, |a|, |n|) is above
    1e-5 ends it. The function is called for the loss and the gradient together, as in the course.
    """
    return objected(lambda: all(_cs224n(question, number) for number in range(len(question.wrt))))


def _cs224n(question: Question, number: int) -> bool:
    values = question.start
    x = values[number]
    state = random.getstate()

    def loss_and_gradient() -> tuple[float, Any]:
        random.setstate(state)
        return question.loss(values), question.by_hand(values)[number]

    _, gradient = loss_and_gradient()
    for entry in np.ndindex(x.shape):
        there = x[entry]
        x[entry] = there + CS224N_STEP
        above, _ = loss_and_gradient()
        x[entry] = there - CS224N_STEP
        below, _ = loss_and_gradient()
        x[entry] = there
        numeric, analytic = (above - below) / (2 * CS224N_STEP), np.asarray(gradient)[entry]
        if abs(numeric - analytic) / max(1, abs(numeric), abs(analytic)) > CS224N_PERMITTED:
            return False
    return True


def scipy_one_number(question: Question) -> Answer:
    """``scipy.optimize.check_grad``: one number, the norm of the difference, held against 1e-6."""
    shapes = [value.shape for value in question.start]
    ends = np.cumsum([value.size for value in question.start])

    def parted(flat: Any) -> list[Any]:
        pieces = np.split(flat, ends[:-1])
        return [piece.reshape(shape).copy() for piece, shape in zip(pieces, shapes, strict=True)]

    def gradient(flat: Any) -> Any:
        return np.concatenate([np.ravel(one) for one in question.by_hand(parted(flat))])

    start = np.concatenate([np.ravel(value) for value in question.start])
    within = lambda: check_grad(lambda flat: question.loss(parted(flat)), gradient, start) < SCIPY_PERMITTED  # noqa: E731
    return objected(within)


# --- all of them ------------------------------------------------------------------------------------


def objected(check: Callable[[], Any]) -> Answer:
    """Whether a check fails: it raises, or returns what is not true (``check_grads`` returns None)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            verdict = check()
        except Exception:  # in whatever way a checker objects
            return Answer(objects=True, raised=True)
    return Answer(objects=not (verdict is None or bool(verdict)))


OURS = "check_gradient, shapes"
CHECKERS: dict[str, Callable[[Question], Answer]] = {
    OURS: ours,
    "check_gradient, one instance": ours_on_one,
    "torch gradcheck, full": torch_full,
    "torch gradcheck, fast": torch_fast,
    "JAX check_grads, float32": jax_32,
    "JAX check_grads, float64": jax_64,
    "CS224n's rule": cs224n,
    "SciPy check_grad < 1e-6": scipy_one_number,
}
