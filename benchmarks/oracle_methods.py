"""The gradient checkers that are compared, on two equations ∂E/∂W of the paper.

Each is a function of a test case that returns whether the manual gradient passes. A second argument changes
the gradient first, to measure which errors the checker finds.
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
from oracle_faults import is_seen
from oracle_tables import ORACLE

from derivations.ledger import Entry, find
from derivations.oracle.cases import Instance
from derivations.oracle.judges import Bench
from derivations.paper import mlp, skipgram

try:
    import torch
except ModuleNotFoundError:
    sys.exit(
        "this benchmark needs PyTorch: pip install torch, or in the repository pip install -e '.[bench]'"
    )

JIT = "jax.jit for each shape"

Change = Callable[[Any], Any]
Check = Callable[..., bool]
"""``check(case, change)``: whether the gradient, changed, passes."""


def unchanged(gradient: Any) -> Any:
    """Return the gradient."""
    return gradient


@dataclass(frozen=True)
class Subject:
    """An equation ∂E/∂wrt: the manual gradient, and its loss for PyTorch."""

    label: str
    title: str
    wrt: str
    gradient: Callable[..., Any]
    loss: Callable[..., Any]

    @property
    def entry(self) -> Entry:
        """Its entry in the ledger."""
        return find(self.label)

    @property
    def position(self) -> int:
        """The position of ``wrt`` among the inputs."""
        return self.entry.model.inputs.index(self.wrt)

    @property
    def reference(self) -> Callable[..., Any]:
        """The forward pass in JAX."""
        assert self.entry.model.reference is not None
        return self.entry.model.reference

    def with_wrt(self, inputs: list[Any], value: Any) -> list[Any]:
        """Return the inputs with another value of ``wrt``."""
        return [*inputs[: self.position], value, *inputs[self.position + 1 :]]


def squared_error(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    """Compute the loss of §3 in PyTorch."""
    return ((t - torch.sigmoid(torch.sigmoid(x @ W) @ W_prime)) ** 2).sum() / 2


def cross_entropy(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    """Compute the loss of §6 in PyTorch, over all context words."""
    u = ((x @ W) @ W_prime).expand(t.shape)
    return -(t * torch.log_softmax(u, dim=-1)).sum()


def mlp_gradient(*inputs: Any) -> Any:
    """Compute ∂E/∂W of §3."""
    return mlp.gradients(*inputs)[0]


def skipgram_gradient(*inputs: Any) -> Any:
    """Compute ∂E/∂W' of §6."""
    return skipgram.gradients(*inputs)[1]


SUBJECTS = (
    Subject("mlp.flow.dE_dW", "§3, ∂E/∂W", "W", mlp_gradient, squared_error),
    Subject("skipgram.flow.dE_dW_prime", "§6, ∂E/∂W'", "W_prime", skipgram_gradient, cross_entropy),
)


def oracle_on(subject: Subject) -> Check:
    """Check with all three reference methods, as in a run of the ledger."""
    entry = subject.entry

    def check(case: Instance, change: Change = unchanged) -> bool:
        bench = Bench(entry.model, case)
        manual = change(bench.right_side(entry.rhs, ("E", subject.wrt), ""))
        return not bench.disagreement(("E", subject.wrt)) and not is_seen(entry, bench, 0, manual)

    return check


def close(manual: Any, found: Any) -> bool:
    """Return whether two arrays have the same shape and agree by NumPy's ``allclose``."""
    return np.shape(manual) == np.shape(found) and bool(np.allclose(manual, found))


def jit_on(subject: Subject, *, new_shapes: bool = False) -> Check:
    """Check with ``jax.jit(jax.grad(E))``; with ``new_shapes``, assert that it compiles each time."""
    entry = subject.entry
    gradient = jax.jit(jax.grad(subject.reference, argnums=subject.position))

    def check(case: Instance, change: Change = unchanged) -> bool:
        compiled = gradient._cache_size()
        manual = change(Bench(entry.model, case).right_side(entry.rhs, ("E", subject.wrt), ""))
        agrees = close(manual, gradient(*case.inputs.values()))
        assert not new_shapes or gradient._cache_size() > compiled, f"{case} has no new shape"
        return agrees

    return check


def gradcheck_on(subject: Subject, *, fast: bool = False) -> Check:
    """Check with PyTorch's ``gradcheck`` in float64, with its default step and tolerances."""

    def check(case: Instance, change: Change = unchanged) -> bool:
        tensors = [
            torch.tensor(value, dtype=torch.float64, requires_grad=name == subject.wrt)
            for name, value in case.inputs.items()
        ]
        function = torch_function(subject, change)
        return bool(torch.autograd.gradcheck(function, tensors, fast_mode=fast, raise_exception=False))

    return check


def torch_function(subject: Subject, change: Change) -> Callable[..., Any]:
    """Return the loss in PyTorch with the manual gradient as its backward."""

    class Loss(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *inputs: Any) -> Any:
            ctx.save_for_backward(*inputs)
            return subject.loss(*inputs)

        @staticmethod
        def backward(ctx: Any, *upstream: Any) -> Any:
            inputs = [saved.detach().numpy() for saved in ctx.saved_tensors]
            gradient = upstream[0] * torch.from_numpy(change(subject.gradient(*inputs)))
            return tuple(subject.with_wrt([None] * len(inputs), gradient))

    return Loss.apply  # type: ignore[no-any-return]


def check_grads_on(subject: Subject) -> Check:
    """Check with ``jax.test_util.check_grads``: order 1, reverse mode, float64, its default tolerances."""

    def check(case: Instance, change: Change = unchanged) -> bool:
        inputs = list(case.inputs.values())

        @jax.custom_vjp
        def loss(moved: Any) -> Any:
            return subject.reference(*subject.with_wrt(inputs, moved))

        def backward(moved: Any, upstream: Any) -> Any:
            return (upstream * jax.pure_callback(manual, moved, moved),)

        def manual(moved: Any) -> Any:
            return change(subject.gradient(*subject.with_wrt(inputs, np.array(moved))))

        loss.defvjp(lambda moved: (loss(moved), moved), backward)
        try:
            check_grads(loss, [jnp.asarray(inputs[subject.position])], order=1, modes=["rev"])
        except AssertionError:
            return False
        return True

    return check


CHECKERS: dict[str, Callable[[Subject], Check]] = {
    ORACLE: oracle_on,
    JIT: jit_on,
    "torch gradcheck, full mode": gradcheck_on,
    "torch gradcheck, fast mode": lambda subject: gradcheck_on(subject, fast=True),
    "JAX check_grads": check_grads_on,
}
