"""§3, p. 3: the figure of the network with its arrays, K = 5, N = 3, M = 5.

The figure prints a size above each array, a size below it and a label in each cell; each of these is
checked. ``w21`` is the weight from input 2 to hidden unit 1. The figure draws vectors as columns, (K, 1);
in NumPy they are (K,), see ``numpy_shapes``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray as Array

from derivations.ledger import definition, equation
from derivations.notation import read_cells
from derivations.paper.mlp import NOTATION, forward, reference

__all__ = ["NOTATION", "forward", "reference"]

SECTION = "3"

DRAWN = {"K": 5, "N": 3, "M": 5}


def as_column(array: Array) -> tuple[int, ...]:
    """Return the size as the paper prints it: a vector is a column, (K, 1)."""
    return array.shape if array.ndim == 2 else (array.size, 1)


@definition(3, 1, r"x_k (K, 1), \; w_{ki} (K, N), \; u_i (N, 1), \; h_i (N, 1), \; w'_{ij} (N, M), \;"
            r" u'_j (M, 1), \; y_j (M, 1), \; t_j (M, 1), \; e_j (M, 1)",
            lhs=lambda x, W, u, h, W_prime, u_prime, y, t: [
                as_column(a) for a in (x, W, u, h, W_prime, u_prime, y, t, y - t)],
            note="The sizes printed above the arrays.")
def sizes_above(K: int, N: int, M: int) -> list[tuple[int, int]]:
    """The nine sizes printed above the arrays, from left to right."""
    return [(K, 1), (K, N), (N, 1), (N, 1), (N, M), (M, 1), (M, 1), (M, 1), (M, 1)]


@definition(3, 2, r"(x_1, \dots, x_5)^T, \; (u_1, u_2, u_3)^T, \; (h_1, h_2, h_3)^T, \;"
            r" (u'_1, \dots, u'_5)^T, \; (y_1, \dots, y_5)^T, \; (t_1, \dots, t_5)^T, \;"
            r" (e_1, \dots, e_5)^T",
            lhs=lambda x, u, h, u_prime, y, t: np.concatenate([x, u, h, u_prime, y, t, y - t]),
            sizes=DRAWN, note="The cells of the columns; e_j is defined in §6: y_j - t_j.")
def columns(x: Array, u: Array, h: Array, u_prime: Array, y: Array, t: Array) -> Array:
    """The entries of all columns, read by the printed cell labels."""
    cells = "x1 x2 x3 x4 x5 u1 u2 u3 h1 h2 h3 u'1 u'2 u'3 u'4 u'5 y1 y2 y3 y4 y5"
    cells += " t1 t2 t3 t4 t5 e1 e2 e3 e4 e5"
    return read_cells(cells, {"x": x, "u": u, "h": h, "u'": u_prime, "y": y, "t": t, "e": y - t})[0]


@definition(3, 3, r"W = \begin{bmatrix} w_{11} & w_{12} & w_{13} \\ w_{21} & w_{22} & w_{23} \\"
            r" w_{31} & w_{32} & w_{33} \\ w_{41} & w_{42} & w_{43} \\ w_{51} & w_{52} & w_{53}"
            r" \end{bmatrix}", lhs="W", sizes=DRAWN)
def W_cells(W: Array) -> Array:
    """The entries of W, read by the printed cell labels.

    Erratum (p. 3): the first cell of the second row is printed w22; it is w21.
    """
    return read_cells("w11 w12 w13; w21 w22 w23; w31 w32 w33; w41 w42 w43; w51 w52 w53", {"w": W})


@definition(3, 4, r"W' = \begin{bmatrix} w'_{11} & w'_{12} & w'_{13} & w'_{14} & w'_{15} \\"
            r" w'_{21} & w'_{22} & w'_{23} & w'_{24} & w'_{25} \\"
            r" w'_{31} & w'_{32} & w'_{33} & w'_{34} & w'_{35} \end{bmatrix}",
            lhs="W_prime", sizes=DRAWN)
def W_prime_cells(W_prime: Array) -> Array:
    """The entries of W', read by the printed cell labels."""
    rows = "w'11 w'12 w'13 w'14 w'15; w'21 w'22 w'23 w'24 w'25; w'31 w'32 w'33 w'34 w'35"
    return read_cells(rows, {"w'": W_prime})


@definition(3, 5, r"\text{Input layer } (K \times 1), \; W: \text{Weight 1 } (K \times N), \;"
            r" \text{Hidden layer } (N \times 1), \; W': \text{Weight 2 } (N \times M), \;"
            r" \text{Output layer } (M \times 1)",
            lhs=lambda x, W, h, W_prime, y: [as_column(a) for a in (x, W, h, W_prime, y)],
            note="The sizes printed below the arrays.")
def sizes_below(K: int, N: int, M: int) -> list[tuple[int, int]]:
    """The five sizes printed below the arrays.

    Erratum (p. 3): they are printed with V, which §3 does not define. V stands for both K and M, which
    need not be equal.
    """
    return [(K, 1), (K, N), (N, 1), (N, M), (M, 1)]


@definition(3, 6, r"e: \text{Error } (M \times 1), \quad e_j = y_j - t_j", lhs="dE_dy",
            note="The label below the last column. §3 does not define e_j; the definition of §6 is used.")
def error_column(j: Any, y: Array, t: Array) -> Any:
    """e_j = y_j - t_j: the last column.

    Erratum (p. 3): it is labelled E: Error (V×1). E is the scalar error of p. 4; the column is e (M×1).
    """
    return y[j] - t[j]


@equation(3, 7, r"K = 5, \; N = 3, \; M = 5", sizes=DRAWN,
          lhs=lambda x, W, W_prime, t: (*W.shape, *W_prime.shape[1:], x.size, t.size),
          note="The caption.")
def caption() -> tuple[int, ...]:
    """The sizes K, N, M in the caption are the sizes of the drawn arrays W, W', x and t."""
    return (5, 3, 5, 5, 5)
