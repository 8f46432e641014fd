"""The badge of a step, JAX's gradient for these very numbers; and the ledger's verdicts on its equations.

JAX is given only the loss: the forward pass that the section restates in it. What a difference may be is
the referee's bound on rounding, entry by entry (``derivations.oracle.tolerance``).
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from numpy import ndarray as Array

from derivations.ledger import find, model_of
from derivations.notation import check_arrays
from derivations.oracle.forward_pass import lines_of
from derivations.oracle.tolerance import permitted

INSTANCES = 100
"""Random instances that a verdict is reached on when nobody asks for more."""

GRADIENTS = {"dE_dW": "W", "dE_dW_prime": "W_prime"}


@cache
def gradient_of(module: ModuleType) -> Callable[..., Any]:
    """JAX's gradient of a module's loss by W and W', compiled once for each shape."""
    import jax

    reference = model_of(module).reference
    assert reference is not None
    names = list(inspect.signature(reference).parameters)
    lines = lines_of(reference)

    def loss(tables: Any, given: Any) -> Any:
        arguments = {**given, **tables}
        return lines(lambda name, value: value, *(arguments[name] for name in names))["E"]

    return jax.jit(jax.grad(loss))


def jax_gradient(module: ModuleType, inputs: Mapping[str, Any]) -> dict[str, Array]:
    """∂E/∂W and ∂E/∂W' by JAX, in float64, for the inputs of one step."""
    import jax

    tables = {name: inputs[name] for name in GRADIENTS.values()}
    given = {name: array for name, array in inputs.items() if name not in tables}
    with jax.enable_x64(True):
        found = gradient_of(module)(tables, given)
    return {name: np.asarray(found[wrt]) for name, wrt in GRADIENTS.items()}


def badge(module: ModuleType, found: Mapping[str, Any]) -> dict[str, Any]:
    """The largest difference between a step's gradients and JAX's, and whether rounding explains it."""
    from derivations.oracle.program.programs import derivative_program

    model = model_of(module)
    inputs = {name: np.asarray(found[name]) for name in model.inputs}
    sizes = check_arrays(model.notation, **inputs)
    theirs = jax_gradient(module, inputs)
    differences = {name: np.abs(found[name] - theirs[name]) for name in GRADIENTS}
    allowed = {}
    for name, wrt in GRADIENTS.items():
        _, bound = derivative_program(model, "E", wrt, "reverse").run_with_bound(inputs, sizes)
        allowed[name] = np.broadcast_to(permitted(bound), theirs[name].shape)
    excesses = {name: differences[name] / allowed[name] for name in GRADIENTS}
    worst = max(GRADIENTS, key=lambda name: float(excesses[name].max()))
    at = tuple(int(n) for n in np.unravel_index(np.argmax(excesses[worst]), excesses[worst].shape))
    largest = max(float(difference.max()) for difference in differences.values())
    agrees = all(bool(np.all(excess <= 1.0)) for excess in excesses.values())  # which NaN is not
    entries = sum(difference.size for difference in differences.values())
    return {
        "agrees": agrees,
        "largest": number(largest),
        "permitted": number(allowed[worst][at]),
        "entries": entries,
        "of": list(GRADIENTS),
        "worst": {
            "quantity": worst,
            "at": list(at),
            "ours": number(found[worst][at]),
            "jax": number(theirs[worst][at]),
        },
        "text": f"largest difference to JAX's gradient in {entries:,} entries: {largest:.1e}"
        + ("" if agrees else ", which rounding does not explain"),
    }


def number(value: Any) -> float | None:
    """A number that JSON has, or None."""
    return float(value) if np.isfinite(value) else None


# --- verdicts ---------------------------------------------------------------------------------------


class Verdicts:
    """What the referee says of labels, reached in a thread of its own and kept."""

    def __init__(self, labels: Iterable[str], instances: int = INSTANCES) -> None:
        self.labels = tuple(dict.fromkeys(labels))
        self.instances = instances
        self.found: dict[str, dict[str, Any]] = {}
        self.done = threading.Event()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def start(self) -> None:
        """Begin, once; nothing happens the second time."""
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self.reach, name="verdicts", daemon=True)
                self._thread.start()

    def reach(self) -> None:
        """Judge every label; one that cannot be judged says why, and does not keep the others from it."""
        try:
            for label in self.labels:
                self.found[label] = verdict_of(label, self.instances)
        finally:
            self.done.set()

    def record(self) -> dict[str, Any]:
        """What is known by now."""
        return {"done": self.done.is_set(), "labels": dict(self.found)}


@cache
def verdict_of(label: str, instances: int = INSTANCES) -> dict[str, Any]:
    """The referee's verdict on one entry of the ledger, reached now, on so many random instances."""
    from derivations.oracle.verdicts import verify

    (verdict,) = verify([find(label)], instances, seed=1)
    entry = verdict.entry
    if not verdict.holds:
        text = f"does not hold: {verdict.reason}"
    elif entry.misprint:
        text = (
            f"erratum: this form is verified on {verdict.instances} instances, the printed one fails on"
            f" {verdict.misprint_failures}"
        )
    else:
        how = "verified" if entry.status == "verified" else "a definition, checked"
        text = f"{how} on {verdict.instances} instances"
    return {"status": entry.status, "holds": verdict.holds, "instances": verdict.instances, "text": text}
