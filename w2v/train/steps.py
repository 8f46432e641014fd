"""One step of training: the verified gradient of a block, and what is done with it.

The gradient comes from ``batches``, which the referee judges; nothing is differentiated
here. What training adds is the step itself: the learning rate, and a bound on how far one block may move
a row. NumPy and JAX run the same function; ``xp`` is the library that the arrays are of.
"""

from __future__ import annotations

from typing import Any

from jaxtyping import Float

from derivations.techniques.batches import dE_dH, dE_dU, dE_dV_prime, dE_dW

SMALLEST = 1e-30
"""Kept away from zero before a division or a logarithm; the square of 1e-15, far below any update."""


def sigmoid(u: Any, xp: Any) -> Any:
    """σ(u), as (1 + tanh(u / 2)) / 2: one pass over the scores, and no overflow."""
    return 0.5 * xp.tanh(0.5 * u) + 0.5


def softmax(u: Any, xp: Any) -> Any:
    """The softmax of each row; its largest entry is taken off first, so that it cannot overflow."""
    z = xp.exp(u - xp.max(u, axis=-1, keepdims=True))
    return z / xp.sum(z, axis=-1, keepdims=True)


def new_rows(
    X: Float[Any, "R N"],
    V_prime: Float[Any, "J N"],
    A: Float[Any, "B R"] | None,
    m: Float[Any, "B #J"],
    q: Float[Any, "B J"],
    alpha: Any,
    limit: float,
    *,
    exact: bool,
    xp: Any,
) -> tuple[Any, Any, Any]:
    """The input rows X and the output rows V' after one block, and the predictions it was made from.

    ``A``, ``m`` and ``q`` are a block's (:class:`w2v.train.blocks.Block`); ``exact`` asks for the softmax
    over all rows of V', otherwise each question has its own sigmoid. ``limit`` bounds each row's step
    (:func:`bounded`). Returns new arrays (R, N), (J, N) and y (B, J).
    """
    H = X if A is None else A @ X
    u = H @ V_prime.T
    y = softmax(u, xp) if exact else sigmoid(u, xp)
    e = dE_dU(m, y, q)
    of_H = dE_dH(e, V_prime.T)
    of_X = of_H if A is None else dE_dW(A, of_H)
    of_V_prime = dE_dV_prime(H, e)
    return X - bounded(alpha * of_X, limit, xp), V_prime - bounded(alpha * of_V_prime, limit, xp), y


def bounded(step: Float[Any, "R N"], limit: float, xp: Any) -> Any:
    """The step, where no row is longer than ``limit``: a longer one keeps its direction.

    One block adds up what word2vec.c does one pair after the other, each time with the vectors as they
    are by then. Where many pairs of a block share a row, a frequent word's or the root's of the tree,
    the sum overshoots: the loss grows, rows grow with it, and within some epochs all is lost, while
    every value is finite (measured in ``docs/training.md``, with the bound and without). The limit is
    in the units of the vectors, whose lengths are of the order of 1.

    >>> import numpy as np
    >>> bounded(np.array([[3.0, 4.0], [0.03, 0.04]]), 0.5, np)
    array([[0.3 , 0.4 ],
           [0.03, 0.04]])
    """
    if limit == float("inf"):
        return step
    length = xp.sqrt(xp.sum(step * step, axis=1) + SMALLEST)
    return step * xp.minimum(1.0, limit / length)[:, None]


def loss(y: Float[Any, "B J"], m: Any, q: Float[Any, "B J"], *, exact: bool, xp: Any) -> Any:
    """The loss of a block from its predictions, in nats: ``batches``'s E, for showing."""
    yes = xp.sum(q * xp.log(xp.maximum(y, SMALLEST)))
    if exact:
        return -yes
    return -(yes + xp.sum((m - q) * xp.log(xp.maximum(1.0 - y, SMALLEST))))
