"""The zoo: wrong gradients, each one line away from the right one, with what is known of them.

``ZOO`` holds all specimens in teaching order, ``EXHIBITS`` the losses with their right gradients;
``find(name)`` returns one specimen.
"""

from __future__ import annotations

import difflib
from importlib import import_module

from derivations.zoo.exhibits import EXHIBITS
from derivations.zoo.specimen import COLLECTED, Exhibit, Specimen

__all__ = ["EXHIBITS", "ZOO", "Exhibit", "Specimen", "find"]

_SPECIMEN_MODULES = (
    "signs_and_factors",
    "slopes",
    "shapes_and_sums",
    "cells",
    "words",
    "layers",
    "state",
    "precision",
)

for _module in _SPECIMEN_MODULES:
    import_module(f"{__name__}.{_module}")

ZOO: tuple[Specimen, ...] = tuple(COLLECTED)


def find(name: str) -> Specimen:
    """Return the specimen of this name; raise ``KeyError`` with similar names if there is none."""
    for specimen in ZOO:
        if specimen.name == name:
            return specimen
    names = [specimen.name for specimen in ZOO]
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
    like = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(names)}"
    raise KeyError(f"the zoo has no specimen {name!r}; {like}")
