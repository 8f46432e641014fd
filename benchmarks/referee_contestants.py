"""The checkers that the benchmark puts beside each other, on two equations ∂E/∂W of the paper.

Each is a function of an instance that says whether the gradient by hand passes. A second argument spoils
that gradient first, which is how it is found out what each checker can see.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.test_util import check_grads
from referee_faults import is_seen

from derivations.ledger import Entry, find
from derivations.oracle.cases import Instance
from derivations.oracle.judges import Bench
from derivations.paper import mlp, skipgram

try:
    import torch
except ModuleNotFoundError:
    sys.exit(
        "this benchmark needs PyTorch to compare with: pip install torch,"
        " or, in the repository, pip install -e '.[bench]'"
    )

COMPILED = "/jax/core/compile/backend_compile_duration"
OURS, JIT = "the referee", "jax.jit for each shape"
GRADCHECK, FAST, CHECK_GRADS = "torch gradcheck, full mode", "torch gradcheck, fast mode", "JAX check_grads"

Spoil = Callable[[Any], Any]
Check = Callable[..., bool]
"""``check(instance, spoil)``: whether the gradient passes."""


def unspoilt(gradient: Any) -> Any:
    """The gradient as it is."""
    return gradient


@dataclass(frozen=True)
class Subject:
    """An equation ∂E/∂wrt: the gradient by hand, and its loss for PyTorch."""

    label: str
    title: str
    wrt: str
    gradient: Callable[..., Any]
    loss: Callable[..., Any]

    @property
    def entry(self) -> Entry:
        """Its line in the ledger."""
        return find(self.label)

    @property
    def position(self) -> int:
        """Which of the inputs it is that moves."""
        return self.entry.model.inputs.index(self.wrt)


def squared_error(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    """§3 for PyTorch."""
    return ((t - torch.sigmoid(torch.sigmoid(x @ W) @ W_prime)) ** 2).sum() / 2


def cross_entropy(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    """§6 for PyTorch: all context words."""
    u = ((x @ W) @ W_prime).expand(t.shape)
    return -(t * torch.log_softmax(u, dim=-1)).sum()


SUBJECTS = (
    Subject("mlp.flow.dE_dW", "§3, ∂E/∂W", "W", lambda *inputs: mlp.gradients(*inputs)[0], squared_error),
    Subject(
        "skipgram.flow.dE_dW_prime",
        "§6, ∂E/∂W'",
        "W_prime",
        lambda *inputs: skipgram.gradients(*inputs)[1],
        cross_entropy,
    ),
)


# --- ours, and JAX compiled -------------------------------------------------------------------------


def referee_on(subject: Subject) -> Check:
    """All three judges, as in a run of the ledger."""
    entry = subject.entry

    def check(instance: Instance, spoil: Spoil = unspoilt) -> bool:
        bench = Bench(entry.model, instance)
        hand = spoil(bench.right_side(entry.rhs, ("E", subject.wrt), ""))
        return not bench.disagreement(("E", subject.wrt)) and not is_seen(entry, bench, 0, hand)

    return check


class Compilations:
    """Counts what XLA compiles."""

    def __init__(self) -> None:
        self.total = 0
        jax.monitoring.register_event_duration_secs_listener(self._note)

    def _note(self, event: str, duration_secs: float, **kwargs: str | int) -> None:
        self.total += event == COMPILED


compilations = Compilations()


def close(hand: Any, found: Any) -> bool:
    """Whether two arrays agree in shape and, as one usually asks of float64, in every entry."""
    return np.shape(hand) == np.shape(found) and bool(np.allclose(hand, found))


def jit_on(subject: Subject) -> Check:
    """``jax.jit(jax.grad(E))`` in float64, by NumPy's ``allclose``."""
    entry, model = subject.entry, subject.entry.model
    assert model.reference is not None
    gradient = jax.jit(jax.grad(model.reference, argnums=subject.position))

    def check(instance: Instance, spoil: Spoil = unspoilt) -> bool:
        hand = spoil(Bench(model, instance).right_side(entry.rhs, ("E", subject.wrt), ""))
        return close(hand, gradient(*instance.inputs.values()))

    return check


def compiling(check: Check) -> Check:
    """The same check, where it is asserted that it had to compile for the instance."""

    def checked(instance: Instance) -> bool:
        before = compilations.total
        agrees = check(instance)
        assert compilations.total > before, f"{instance} was not compiled: not a new shape"
        return agrees

    return checked


# --- by differences ---------------------------------------------------------------------------------


def gradcheck_on(subject: Subject, *, fast: bool = False) -> Check:
    """``gradcheck`` of the hand gradient, as its documentation has it, in double."""

    def check(instance: Instance, spoil: Spoil = unspoilt) -> bool:
        tensors = [
            torch.tensor(value, dtype=torch.float64, requires_grad=name == subject.wrt)
            for name, value in instance.inputs.items()
        ]
        function = torch_function(subject, spoil)
        return bool(torch.autograd.gradcheck(function, tensors, fast_mode=fast, raise_exception=False))

    return check


def torch_function(subject: Subject, spoil: Spoil) -> Callable[..., Any]:
    """PyTorch's loss, with the gradient by hand as its backward."""

    class Loss(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *inputs: Any) -> Any:
            ctx.save_for_backward(*inputs)
            return subject.loss(*inputs)

        @staticmethod
        def backward(ctx: Any, *upstream: Any) -> Any:
            inputs = [saved.detach().numpy() for saved in ctx.saved_tensors]
            gradient = upstream[0] * torch.from_numpy(spoil(subject.gradient(*inputs)))
            return tuple(gradient if place == subject.position else None for place in range(len(inputs)))

    return Loss.apply  # type: ignore[no-any-return]


def check_grads_on(subject: Subject) -> Check:
    """``jax.test_util.check_grads``, order 1, reverse mode, float64, with JAX's step and tolerances."""
    reference = subject.entry.model.reference
    assert reference is not None

    def check(instance: Instance, spoil: Spoil = unspoilt) -> bool:
        inputs = list(instance.inputs.values())

        @jax.custom_vjp
        def loss(moved: Any) -> Any:
            return reference(*replaced(inputs, subject.position, moved))

        def backward(moved: Any, upstream: Any) -> Any:
            return (upstream * jax.pure_callback(by_hand, moved, moved),)

        def by_hand(moved: Any) -> Any:
            return spoil(subject.gradient(*replaced(inputs, subject.position, np.array(moved))))

        loss.defvjp(lambda moved: (loss(moved), moved), backward)
        try:
            check_grads(loss, [jnp.asarray(inputs[subject.position])], order=1, modes=["rev"])
        except AssertionError:
            return False
        return True

    return check


def replaced(inputs: list[Any], position: int, value: Any) -> list[Any]:
    """The inputs with one of them replaced."""
    return [*inputs[:position], value, *inputs[position + 1 :]]


CHECKERS: dict[str, Callable[[Subject], Check]] = {
    OURS: referee_on,
    JIT: jit_on,
    GRADCHECK: gradcheck_on,
    FAST: lambda subject: gradcheck_on(subject, fast=True),
    CHECK_GRADS: check_grads_on,
}
"""Who is asked about one equation."""
