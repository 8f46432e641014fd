"""The one table of tolerances, and its reasons.

Two float64 computations of the same number differ by their roundings. How many there were, and how
large the terms were that they rounded, is not guessed here but carried along: beside every value of
JAX's derivative program runs a bound on its error, in roundings of one half unit in the last place
(``UNIT`` = 2^-53), by the first-order rules of ``primitives``. A sum of large terms that cancel has
a large bound, a product of two inputs a bound of one rounding of itself. So the scale of each
comparison is the size of the terms of that very entry, and no absolute floor hides a fault.

============  =======  ===========================================================================
name          value    why
============  =======  ===========================================================================
UNIT          2^-53    one rounding of float64, relative
ROUNDINGS     4        the hand function and a judge each make about as many roundings as JAX's
                       program has, in another order: twice its bound in the worst case, twice that
                       for the complex judge, whose multiplication is four
ELEMENTARY    3        roundings in one exp, log or tanh: NumPy promises 4 ulp at most and keeps to
                       about one
SPECIAL       12       roundings in one power or error function, which are several steps each
UNDERFLOW     2^-900   below this, products of saturated units underflow and have no relative
                       precision; the complex judge's step of 2^-100 leaves that much room
STEP          2^-100   the complex step: its error is the square, far below one rounding, and a power
                       of two is exact
OBSERVED      64       roundings of an entry that no judge differentiates but NumPy observes; sizes,
                       labels and truth values are compared exactly
OF_ONE        1        roundings of the number 1 besides, in an exp, σ, tanh or erfc of a student's loss:
                       one says σ' with e^-a, another with 1 - σ(a), which is rounded as 1 is
NARROW        2^-24    one rounding of float32: a float32 gradient gets as many roundings, of this size,
                       those of its narrowed inputs included
UNDERFLOW32   2^-100   below this float32 has no relative precision left
ESTIMATED     64       roundings of its largest entry for what JAX computes and no rule bounds, besides
                       what moving its inputs by a rounding changes
DIFFERENCES   16       times the change of the last extrapolation, for central differences
VALUE         16       roundings of the loss itself, which a difference divides by its step
EXPLAINED     1e-9     how near an explanation of a wrong gradient must come to it, of its largest entry,
                       and EXPLAINED_OF_RESIDUAL, 1e-4, of its largest error: it accounts for all of it
============  =======  ===========================================================================

A fault of relative size 1e-12 is 9007 roundings of the entry it is in. It is seen wherever the terms
of that entry are less than 2000 times its size, which is nearly everywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

UNIT = 2.0**-53
ROUNDINGS = 4.0
ELEMENTARY = 3.0
SPECIAL = 12.0
UNDERFLOW = 2.0**-900
STEP = 2.0**-100
OBSERVED = 64.0
NARROW = 2.0**-24
UNDERFLOW32 = 2.0**-100
ESTIMATED = 64.0
OF_ONE = 1.0
DIFFERENCES = 16.0
VALUE = 16.0
EXPLAINED = 1e-9
EXPLAINED_OF_RESIDUAL = 1e-4


def permitted(bound: Any) -> Any:
    """The largest difference that rounding explains, given the bound in roundings."""
    return bound * (ROUNDINGS * UNIT) + UNDERFLOW


def permitted_in_float32(bound: Any) -> Any:
    """The same for what was computed in float32; the bound must count the rounding of the inputs."""
    return bound * (ROUNDINGS * NARROW) + UNDERFLOW32


def observed_bound(value: Any) -> Any:
    """The bound for an observed array: integers, labels and truth values are exact."""
    array = np.asarray(value)
    if array.dtype.kind != "f" or not array.size:
        return np.zeros(array.shape)
    return OBSERVED / ROUNDINGS * np.abs(array)
