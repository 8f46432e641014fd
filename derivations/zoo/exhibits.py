"""All exhibits: losses for JAX, with the right gradients in NumPy, that the specimens spoil by one line."""

from __future__ import annotations

from derivations.zoo import networks, softmaxes, texts
from derivations.zoo.specimen import Exhibit

EXHIBITS: tuple[Exhibit, ...] = tuple(
    one
    for module in (networks, softmaxes, texts)
    for one in vars(module).values()
    if isinstance(one, Exhibit)
)
