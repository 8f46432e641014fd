"""§6, p. 7: the figure of the skip-gram with its arrays, V = 5, N = 3, window 1.

As in ``mlp_figure``, the sizes above the arrays and the labels in the cells are checked. The figure also
prints u_{c,j} = u_j and y_{c,j} = y_j: the scores are the same for every context word.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray as Array

from derivations.ledger import definition, equation
from derivations.notation import read_cells
from derivations.paper.mlp_figure import W_cells, W_prime_cells, as_column
from derivations.paper.skipgram import NOTATION, e, forward, reference
from derivations.paper.softmax_cross_entropy import softmax

__all__ = ["NOTATION", "e", "forward", "reference"]

SECTION = "6"

DRAWN = {"V": 5, "N": 3, "C": 2}


@definition(7, 5, r"x_k (V, 1), \; w_{ki} (V, N), \; h_i (N, 1), \; w'_{ij} (N, V)",
            lhs=lambda x, W, h, W_prime: [as_column(array) for array in (x, W, h, W_prime)],
            note="The sizes printed above the arrays.")
def sizes_above(V: int, N: int) -> list[tuple[int, int]]:
    """The four sizes printed above the arrays, from left to right."""
    return [(V, 1), (V, N), (N, 1), (N, V)]


@definition(7, 6, r"W = \begin{bmatrix} w_{11} & w_{12} & w_{13} \\ w_{21} & w_{22} & w_{23} \\"
            r" w_{31} & w_{32} & w_{33} \\ w_{41} & w_{42} & w_{43} \\ w_{51} & w_{52} & w_{53}"
            r" \end{bmatrix}", label="W_cells", lhs="W", sizes=DRAWN)
def cells_of_W(W: Array) -> Array:
    """The entries of W, read by the printed cell labels.

    Erratum (p. 7): the first cell of the second row is printed w22, as on p. 3; it is w21.
    """
    return W_cells(W)


@definition(7, 7, r"W' = \begin{bmatrix} w'_{11} & w'_{12} & w'_{13} & w'_{14} & w'_{15} \\"
            r" w'_{21} & w'_{22} & w'_{23} & w'_{24} & w'_{25} \\"
            r" w'_{31} & w'_{32} & w'_{33} & w'_{34} & w'_{35} \end{bmatrix}",
            label="W_prime_cells", lhs="W_prime", sizes=DRAWN,
            note="Drawn twice, once per context word; both copies are the same matrix.")
def cells_of_W_prime(W_prime: Array) -> Array:
    """The entries of W', read by the printed cell labels, which are the same in both copies."""
    return W_prime_cells(W_prime)


@equation(7, 8, r"u_{c,j} = u_j", lhs="u")
def u_is_shared(h: Array, W_prime: Array, C: int) -> Array:
    """u_cj = u_j: the right side has no index c, so all context words have the same scores."""
    return np.stack([h @ W_prime for _ in range(C)])


@equation(7, 9, r"y_{c,j} = y_j", lhs="y")
def y_is_shared(u: Array, C: int) -> Array:
    """y_cj = y_j: all context words have the same prediction."""
    return np.stack([softmax(u[0]) for _ in range(C)])


@definition(7, 10, r"x = (x_1, \dots, x_5)^T, \; h = (h_1, h_2, h_3)^T, \; u = (u_1, \dots, u_5)^T, \;"
            r" y = (y_1, \dots, y_5)^T", sizes=DRAWN,
            lhs=lambda x, h, u, y: np.concatenate([x, h, u[0], y[0], u[1], y[1]]),
            note="The cells of the columns; u and y are drawn once per context word.")
def columns(x: Array, h: Array, u: Array, y: Array) -> Array:
    """The entries of all columns, read by the printed cell labels: the same in both copies of u and y."""
    arrays = {"x": x, "h": h, "u": u[0], "y": y[0]}
    copy = " u1 u2 u3 u4 u5 y1 y2 y3 y4 y5"
    return read_cells("x1 x2 x3 x4 x5 h1 h2 h3" + copy + copy, arrays)[0]


@definition(7, 11, r"t_{c,j} = \begin{bmatrix} t_{11} & \dots & t_{15} \\ t_{21} & \dots & t_{25}"
            r" \end{bmatrix}", lhs="t", sizes=DRAWN,
            note="Drawn as two columns, one per context word.")
def t_cells(t: Array) -> Array:
    """The entries of the two targets, read by the printed cell labels, one row per context word."""
    return read_cells("t11 t12 t13 t14 t15; t21 t22 t23 t24 t25", {"t": t})


@definition(7, 12, r"e_{c,j} = \begin{bmatrix} e_{11} & \dots & e_{15} \\ e_{21} & \dots & e_{25}"
            r" \end{bmatrix}", lhs="dE_du", sizes=DRAWN,
            note="Drawn as two columns, one per context word.")
def e_cells(e: Array) -> Array:
    """The entries of the two errors, read by the printed cell labels, one row per context word."""
    return read_cells("e11 e12 e13 e14 e15; e21 e22 e23 e24 e25", {"e": e})


@equation(7, 13, r"h = v_w", lhs="h", model="of_a_word",
          note="v_w is Rong's symbol for the input vector of word w, a row of W.")
def input_vector(one_hot: Array, W: Array) -> Array:
    """h = v_w: for a one-hot input, h is the row of W that belongs to the word."""
    return W[np.argmax(one_hot)]


@equation(7, 14, r"u_j = {v'_{w_j}}^T h, \quad v'_{w_j} = (w'_{1j}, \dots, w'_{ij})^T", lhs="u",
          note="v'_w is Rong's symbol for the output vector of word w, a column of W'; the paper uses"
          " Rong's notation (p. 4).")
def scores_by_output_vectors(h: Array, W_prime: Array, C: int) -> Array:
    """u_j = v'_{w_j}·h: the score of a word is the dot product of its column of W' (N,) and h.

    Erratum (p. 7): the label v'_w, “output vector”, is printed below u. v'_w has N entries; u has V.
    """
    scores = np.array([output_vector @ h for output_vector in W_prime.T])
    return np.stack([scores for _ in range(C)])


def contexts_of(position: int, length: int, window: int) -> list[int]:
    """Return the positions at most ``window`` words from ``position`` in a sentence of ``length`` words.

    >>> contexts_of(0, 5, window=1), contexts_of(2, 5, window=1)
    ([1], [1, 3])
    """
    start, stop = max(0, position - window), min(length, position + window + 1)
    return [other for other in range(start, stop) if other != position]


@equation(7, 15, r"window\_size = 1", lhs=lambda: [1, 2, 2, 2, 1],
          note="The caption; a window of 1 gives at most C = 2 context words, as drawn.")
def window_of_one() -> list[int]:
    """The number of context words of each of five words; the first and the last word have one neighbour."""
    return [len(contexts_of(k, 5, window=1)) for k in range(5)]


# The left half of the figure, for a one-hot word.


def forward_of_a_word(one_hot: Array, W: Array) -> tuple[Any, ...]:
    """Compute the hidden layer of a one-hot word; return h (N,)."""
    h = one_hot @ W
    return (h,)


def reference_of_a_word(one_hot: Any, W: Any) -> Any:
    """Compute the hidden layer of a one-hot word in JAX."""
    import jax.numpy as jnp

    h = jnp.einsum("k,ki->i", one_hot, W)
    return h
