"""§2, p. 2: backpropagation on one unit.

A unit weighs its inputs, adds them up, bends the sum by an activation f and predicts y. The error E
compares y with a target. The paper leaves f and E open; here f = tanh and E = (t - y)² / 2, and
nothing below depends on the choice except ``df_u_du`` and ``dE_dy``, which are their slopes.

Read downwards for the forward pass, and upwards for the gradient: each ``d<a>_d<b>`` is one factor
of the chain rule, ∂a/∂b.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array

from derivations.ledger import definition, equation
from derivations.notation import check_arrays, notation

SECTION = "2"

NOTATION = notation("""
    name    paper   shape   drawn   meaning
    x       x_i     K       real    inputs
    w       w_i     K       real    weights, one for each input
    t       t       ()      real    target
    u       u       ()      -       transfer: the weighted sum
    f_u     f(u)    ()      -       activation
    y       y       ()      -       prediction
    E       E       ()      -       error
""")


def example() -> tuple[Array, Array, float]:
    """A unit with five inputs: x (5,), w (5,), t, all float64."""
    return np.array([0.5, -1.0, 2.0, 0.3, 0.7]), np.array([0.2, 0.4, -0.1, 0.6, -0.5]), 0.25


# --- forward --------------------------------------------------------------------------------------


def forward(x: Float[Array, "K"], w: Float[Array, "K"], t: float) -> tuple[Any, ...]:
    """The figure of p. 2 from left to right; returns u, f(u), y, E, four floats.

    >>> x, w, t = example()
    >>> [round(float(q), 4) for q in forward(x, w, t)]
    [-0.67, -0.585, -0.585, 0.3486]
    """
    u = x @ w
    f_u = np.tanh(u)
    y = f_u
    E = (t - y) ** 2 / 2
    return u, f_u, y, E


@definition(2, 1, r"u = \sum_{i=1}^{K} x_i w_i", note="The arrows of the figure, written as a sum.")
def u(x: Float[Array, "K"], w: Float[Array, "K"]) -> Any:
    """The transfer, left half of the unit (p. 2, figure): what the weights let in."""
    return sum(x[i] * w[i] for i in range(len(x)))


@definition(2, 2, r"y = f(u)", note="The figure; f is tanh here.")
def y(u: float) -> Any:
    """The prediction, right half of the unit (p. 2, figure), with f = tanh."""
    return np.tanh(u)


@definition(2, 2.1, r"E = \frac{1}{2} (t - y)^2", ours=True, note="Our choice; the paper leaves E open.")
def E(y: float, t: float) -> Any:
    """The error, the square of the difference by two."""
    return (t - y) * (t - y) / 2


# --- the factors of the chain rule ----------------------------------------------------------------


@equation(2, 3, r"x_i \to w_i \to u \to f(u) \to y \to E \quad (\partial u / \partial w_i = x_i)",
          label="path",
          note="An arrow into a weight says which input it weighs: that is ∂u/∂w_i.")
@equation(2, 4, r"x_i \to w_i \to \partial u \to \partial f(u) \to \partial y \to \partial E",
          label="path_of_partials",
          note="The same path; each ∂ stands over what it is divided by, ∂w_i, ∂u, ∂f(u), ∂y.")
def du_dw(i: Any, x: Float[Array, "K"]) -> Any:
    """∂u/∂w_i = x_i: a weight counts as much as its own input.

    Erratum (p. 2): both paths start at x_k, the last input, which only the last weight sees.
    """
    return x[i]


@equation(2, 4.1, r"\frac{\partial f(u)}{\partial u} = 1 - f(u)^2", ours=True)
def df_u_du(f_u: float) -> float:
    """∂f(u)/∂u = 1 - f(u)²: the slope of tanh, from its value."""
    return 1 - f_u**2


@equation(2, 4.2, r"\frac{\partial y}{\partial f(u)} = 1", ours=True)
def dy_df_u() -> float:
    """∂y/∂f(u) = 1: the prediction is the activation."""
    return 1.0


@equation(2, 4.3, r"\frac{\partial E}{\partial y} = y - t", ours=True)
def dE_dy(y: float, t: float) -> float:
    """∂E/∂y = y - t: the slope of half a square."""
    return y - t


# --- the gradient ---------------------------------------------------------------------------------


@equation(2, 5, r"\frac{\partial E}{\partial w_i} = \frac{\partial E}{\partial y} \cdot"
          r" \frac{\partial y}{\partial f(u)} \cdot \frac{\partial f(u)}{\partial u} \cdot"
          r" \frac{\partial u}{\partial w_i}",
          note="Printed with an arrow, labelled backpropagation, for the equals sign.")
def dE_dw(i: Any, x: Float[Array, "K"], f_u: float, y: float, t: float) -> Any:
    """The chain rule: the product of the four factors, read against the arrows."""
    return dE_dy(y, t) * dy_df_u() * df_u_du(f_u) * du_dw(i, x)


@equation(2, 5.1, r"\frac{\partial E}{\partial w} = (y - t) (1 - f(u)^2) \, x", lhs="dE_dw", ours=True)
def gradient(x: Float[Array, "K"], w: Float[Array, "K"], t: float) -> Float[Array, "K"]:
    """∂E/∂w as one vector of shape (K,): all weights at once.

    Raises ``TypeError`` or ``ValueError``, in one line, for arrays that do not fit the notation.

    >>> x, w, t = example()
    >>> gradient(x, w, t).round(4)
    array([-0.2746,  0.5492, -1.0985, -0.1648, -0.3845])
    """
    check_arrays(NOTATION, x=x, w=w)
    u, f_u, y, E = forward(x, w, t)
    delta = (y - t) * (1 - f_u**2)
    return delta * x


def error_after_a_step(x: Float[Array, "K"], w: Float[Array, "K"], t: float) -> Any:
    """E after a step against the gradient, short enough not to overshoot.

    Along its input E curves by less than ``2 (1 + |t|) |x|²``, so half of the inverse is safe.

    >>> x, w, t = example()
    >>> error_after_a_step(x, w, t) < forward(x, w, t)[-1]
    np.True_
    """
    eta = 0.25 / (1 + abs(t)) / max(x @ x, 1e-300)
    return forward(x, w - eta * gradient(x, w, t), t)[-1]


@equation(2, 6, r"E(w - \eta \, \partial E / \partial w) \le E(w)", lhs=error_after_a_step,
          note="The sentence below the figure: a small step against the slope reduces the loss.")
def step_reduces_loss(x: Float[Array, "K"], w: Float[Array, "K"], t: float, E: float) -> Any:
    """The error after the step is the smaller of the two."""
    return np.minimum(error_after_a_step(x, w, t), E)


# --- for JAX: the forward pass again, and nothing else ----------------------------------------------


def reference(x: Any, w: Any, t: Any) -> Any:
    """The forward pass, stated once more in JAX; differentiating it is JAX's job."""
    import jax.numpy as jnp

    u = jnp.sum(x * w)
    f_u = jnp.tanh(u)
    y = f_u
    E = jnp.square(y - t) / 2
    return E
