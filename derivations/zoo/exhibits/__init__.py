"""All exhibits: losses for JAX with their gradients in NumPy.

The letters are the paper's: x or X is the input, t or T the target, u what enters a unit, h what leaves a
hidden one, y the prediction and E the loss; e is the derivative of E by what enters the last layer.
"""

from __future__ import annotations

from derivations.zoo.exhibits import networks, softmaxes, words
from derivations.zoo.specimen import Exhibit

EXHIBITS: tuple[Exhibit, ...] = tuple(
    one
    for module in (networks, softmaxes, words)
    for one in vars(module).values()
    if isinstance(one, Exhibit)
)
