"""The check of a step against JAX's gradient, and the verification results of its equations.

JAX is given only the loss, as the section's ``reference`` states it. Differences are compared entry by
entry with the bound on rounding errors of ``derivations.oracle.tolerance``.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterable
from functools import cache
from types import ModuleType

import numpy as np
from numpy import ndarray as Array

from derivations.ledger import find, model_of
from derivations.notation import check_arrays
from derivations.oracle.forward_pass import lines_of
from derivations.oracle.tolerance import permitted
from w2v.stepper.instrument import Quantities

EXAMPLES = 100
"""The number of random test cases that an equation is verified on."""

GRADIENTS = {"dE_dW": "W", "dE_dW_prime": "W_prime"}

Record = dict[str, object]


@cache
def compiled_gradient(module: ModuleType) -> Callable[[Quantities, Quantities], Quantities]:
    """Return JAX's gradient of a module's loss by W and W', compiled once for each shape."""
    import jax

    reference = model_of(module).reference
    assert reference is not None
    names = list(inspect.signature(reference).parameters)
    lines = lines_of(reference)

    def loss(matrices: Quantities, given: Quantities) -> Array:
        arguments = {**given, **matrices}
        E: Array = lines(lambda name, value: value, *(arguments[name] for name in names))["E"]
        return E

    return jax.jit(jax.grad(loss))


def jax_gradients(module: ModuleType, inputs: Quantities) -> Quantities:
    """Return ∂E/∂W and ∂E/∂W' by JAX, in float64, for the inputs of one step."""
    import jax

    matrices = {name: inputs[name] for name in GRADIENTS.values()}
    given = {name: array for name, array in inputs.items() if name not in matrices}
    with jax.enable_x64(True):
        found = compiled_gradient(module)(matrices, given)
    return {name: np.asarray(found[wrt]) for name, wrt in GRADIENTS.items()}


def bounds(module: ModuleType, inputs: Quantities) -> Quantities:
    """Return the largest difference between two correct gradients that rounding explains, by entry."""
    from derivations.oracle.program.programs import derivative_program

    model = model_of(module)
    sizes = check_arrays(model.notation, **inputs)
    programs = {name: derivative_program(model, "E", wrt, "reverse") for name, wrt in GRADIENTS.items()}
    return {name: permitted(run.run_with_bound(inputs, sizes)[1]) for name, run in programs.items()}


def badge(module: ModuleType, found: Quantities) -> Record:
    """Return the largest difference of a step's gradients to JAX's, and whether rounding explains it."""
    inputs = {name: np.asarray(found[name]) for name in model_of(module).inputs}
    theirs, bound = jax_gradients(module, inputs), bounds(module, inputs)
    differences = {name: np.abs(found[name] - theirs[name]) for name in GRADIENTS}
    excess = {name: differences[name] / bound[name] for name in GRADIENTS}
    worst = max(GRADIENTS, key=lambda name: float(excess[name].max()))
    at = tuple(int(n) for n in np.unravel_index(np.argmax(excess[worst]), excess[worst].shape))
    largest = max(float(difference.max()) for difference in differences.values())
    agrees = all(bool(np.all(ratio <= 1.0)) for ratio in excess.values())  # False for NaN
    entries = sum(difference.size for difference in differences.values())
    text = f"largest difference to JAX's gradient in {entries:,} entries: {largest:.1e}"
    return {
        "agrees": agrees,
        "largest": number(largest),
        "permitted": number(np.broadcast_to(bound[worst], excess[worst].shape)[at]),
        "entries": entries,
        "of": list(GRADIENTS),
        "worst": {
            "quantity": worst,
            "at": list(at),
            "ours": number(found[worst][at]),
            "jax": number(theirs[worst][at]),
        },
        "text": text if agrees else f"{text}, more than rounding explains",
    }


def number(value: float) -> float | None:
    """Return a number, or None for infinity and NaN, which JSON does not have."""
    return float(value) if np.isfinite(value) else None


class Verdicts:
    """The verification results of some labels, computed in a thread of their own."""

    def __init__(self, labels: Iterable[str], examples: int = EXAMPLES) -> None:
        self.labels = tuple(dict.fromkeys(labels))
        self.examples = examples
        self.found: dict[str, Record] = {}
        self.done = threading.Event()
        self._thread = threading.Thread(target=self._verify, name="verdicts", daemon=True)
        self._starting = threading.Lock()

    def start(self) -> None:
        """Start the thread, the first time that this is called."""
        with self._starting:
            if self._thread.ident is None:
                self._thread.start()

    def _verify(self) -> None:
        try:
            for label in self.labels:
                self.found[label] = verdict_of(label, self.examples)
        finally:
            self.done.set()

    def record(self) -> Record:
        """Return the results so far."""
        return {"done": self.done.is_set(), "labels": dict(self.found)}


@cache
def verdict_of(label: str, examples: int = EXAMPLES) -> Record:
    """Verify one entry of the ledger on some random test cases."""
    from derivations.oracle.verdicts import verify

    (verdict,) = verify([find(label)], examples, seed=1)
    entry, cases = verdict.entry, f"{verdict.instances} test cases"
    if not verdict.holds:
        text = f"does not hold: {verdict.reason}"
    elif entry.misprint:
        text = f"erratum: this form holds on {cases}, the printed one fails on {verdict.misprint_failures}"
    else:
        text = f"{'verified' if entry.status == 'verified' else 'definition, checked'} on {cases}"
    return {"status": entry.status, "holds": verdict.holds, "instances": verdict.instances, "text": text}
