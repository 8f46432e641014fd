"""§2, p. 2: backpropagation on one unit.

The unit computes the weighted sum u of its inputs, applies an activation function f to it and outputs
y = f(u). The error E compares y with a target t. The paper does not specify f and E; here f = tanh and
E = (t - y)² / 2. Another choice would change only ``df_u_du`` and ``dE_dy``, the derivatives of f and E.

The functions follow the paper's order: the forward pass, then the factors of the chain rule, then their
product. ``d<a>_d<b>`` computes the partial derivative ∂a/∂b.
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
    w       w_i     K       real    weights, one per input
    t       t       ()      real    target
    u       u       ()      -       weighted sum of the inputs
    f_u     f(u)    ()      -       activation, f(u)
    y       y       ()      -       prediction
    E       E       ()      -       error, a scalar
""")


def example() -> tuple[Array, Array, float]:
    """Return x (5,), w (5,) and t for a unit with five inputs, all float64."""
    return np.array([0.5, -1.0, 2.0, 0.3, 0.7]), np.array([0.2, 0.4, -0.1, 0.6, -0.5]), 0.25


# --- forward pass ---------------------------------------------------------------------------------


def forward(x: Float[Array, "K"], w: Float[Array, "K"], t: float) -> tuple[Any, ...]:
    """Compute the figure of p. 2 from left to right; return u, f(u), y and E, four floats.

    >>> x, w, t = example()
    >>> [round(float(q), 4) for q in forward(x, w, t)]
    [-0.67, -0.585, -0.585, 0.3486]
    """
    u = x @ w
    f_u = np.tanh(u)
    y = f_u
    E = (t - y) ** 2 / 2
    return u, f_u, y, E


@definition(2, 1, r"u = \sum_{i=1}^{K} x_i w_i", note="The paper draws this sum as arrows.")
def u(x: Float[Array, "K"], w: Float[Array, "K"]) -> Any:
    """u = Σ_i x_i w_i: the weighted sum of the inputs (p. 2, figure, left half of the unit)."""
    return sum(x[i] * w[i] for i in range(len(x)))


@definition(2, 2, r"y = f(u)", note="Drawn in the figure; here f = tanh.")
def y(u: float) -> Any:
    """y = f(u) with f = tanh: the prediction (p. 2, figure, right half of the unit)."""
    return np.tanh(u)


@definition(2, 2.1, r"E = \frac{1}{2} (t - y)^2", ours=True, note="The paper does not specify E.")
def E(y: float, t: float) -> Any:
    """E = (t - y)² / 2: the squared error."""
    return (t - y) * (t - y) / 2


# --- factors of the chain rule --------------------------------------------------------------------


@equation(2, 3, r"x_i \to w_i \to u \to f(u) \to y \to E \quad (\partial u / \partial w_i = x_i)",
          label="path",
          note="The arrow into w_i names the input that w_i multiplies; the check is ∂u/∂w_i.")
@equation(2, 4, r"x_i \to w_i \to \partial u \to \partial f(u) \to \partial y \to \partial E",
          label="path_of_partials",
          note="The same path with numerators; the line below prints the denominators ∂w_i, ∂u, ∂f(u), ∂y.")
def du_dw(i: Any, x: Float[Array, "K"]) -> Any:
    """∂u/∂w_i = x_i: w_i occurs only in the term x_i w_i of the sum u.

    Erratum (p. 2): both printed paths start at x_k. The input that w_i multiplies is x_i.
    """
    return x[i]


@equation(2, 4.1, r"\frac{\partial f(u)}{\partial u} = 1 - f(u)^2", ours=True)
def df_u_du(f_u: float) -> float:
    """∂f(u)/∂u = 1 - f(u)²: the derivative of tanh, expressed by its value f(u)."""
    return 1 - f_u**2


@equation(2, 4.2, r"\frac{\partial y}{\partial f(u)} = 1", ours=True)
def dy_df_u() -> float:
    """∂y/∂f(u) = 1, because y = f(u)."""
    return 1.0


@equation(2, 4.3, r"\frac{\partial E}{\partial y} = y - t", ours=True)
def dE_dy(y: float, t: float) -> float:
    """∂E/∂y = y - t: the factor 1/2 in E cancels the 2 from the square."""
    return y - t


# --- gradient -------------------------------------------------------------------------------------


@equation(2, 5, r"\frac{\partial E}{\partial w_i} = \frac{\partial E}{\partial y} \cdot"
          r" \frac{\partial y}{\partial f(u)} \cdot \frac{\partial f(u)}{\partial u} \cdot"
          r" \frac{\partial u}{\partial w_i}",
          note="The paper prints an arrow, labelled backpropagation, instead of the equals sign.")
def dE_dw(i: Any, x: Float[Array, "K"], f_u: float, y: float, t: float) -> Any:
    """∂E/∂w_i by the chain rule along the path w_i → u → f(u) → y → E."""
    return dE_dy(y, t) * dy_df_u() * df_u_du(f_u) * du_dw(i, x)


@equation(2, 5.1, r"\frac{\partial E}{\partial w} = (y - t) (1 - f(u)^2) \, x", lhs="dE_dw", ours=True)
def gradient(x: Float[Array, "K"], w: Float[Array, "K"], t: float) -> Float[Array, "K"]:
    """Return ∂E/∂w for all weights at once, shape (K,).

    Raises ``TypeError`` or ``ValueError`` if an array does not match the notation table.

    >>> x, w, t = example()
    >>> gradient(x, w, t).round(4)
    array([-0.2746,  0.5492, -1.0985, -0.1648, -0.3845])
    """
    check_arrays(NOTATION, x=x, w=w)
    u, f_u, y, E = forward(x, w, t)
    delta = (y - t) * (1 - f_u**2)
    return delta * x


def error_after_a_step(x: Float[Array, "K"], w: Float[Array, "K"], t: float) -> Any:
    """Return E after one gradient descent step w - η ∂E/∂w.

    The second derivative of E along x is less than ``2 (1 + |t|) |x|²``; η is half of its inverse, so
    the step does not increase E.

    >>> x, w, t = example()
    >>> error_after_a_step(x, w, t) < forward(x, w, t)[-1]
    np.True_
    """
    eta = 0.25 / (1 + abs(t)) / max(x @ x, 1e-300)
    return forward(x, w - eta * gradient(x, w, t), t)[-1]


@equation(2, 6, r"E(w - \eta \, \partial E / \partial w) \le E(w)", lhs=error_after_a_step,
          note="The sentence after the equation: a small step against the gradient reduces the loss.")
def step_reduces_loss(x: Float[Array, "K"], w: Float[Array, "K"], t: float, E: float) -> Any:
    """min(E after the step, E), which equals E after the step if the step does not increase E."""
    return np.minimum(error_after_a_step(x, w, t), E)


# --- reference: the forward pass in JAX -----------------------------------------------------------


def reference(x: Any, w: Any, t: Any) -> Any:
    """Compute the forward pass in JAX; ``jax.grad`` differentiates this function."""
    import jax.numpy as jnp

    u = jnp.sum(x * w)
    f_u = jnp.tanh(u)
    y = f_u
    E = jnp.square(y - t) / 2
    return E
