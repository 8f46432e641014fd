"""§4, p. 6: softmax and cross-entropy together, and the proof that the paper leaves out.

    u  --softmax-->  y  --cross-entropy-->  E  <--  t

The paper states ∂E/∂u_j = y_j - t_j and refers to a web page for the derivation. It is given here in
three steps: the Jacobian of the softmax, the derivative of the cross-entropy, and their product, in which
every y_k cancels. The product also shows the condition: the targets must sum to 1. j and k index the M
outputs, as in §3.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray as Array

from derivations.ledger import definition, equation
from derivations.notation import check_arrays, notation

SECTION = "4"

NOTATION = notation("""
    name    paper   shape   drawn      meaning
    u       u_j     M       logits     scores
    t       t_j     M       target     target: a distribution, often one-hot
    r       r_j     M       real       target with any sum
    y       y_j     M       positive   prediction: a distribution
    log_y   log y_j  M      -          logarithm of the prediction
    E       E       ()      -          the total loss, a scalar
""")


def example() -> tuple[Array, Array]:
    """Return five scores and a one-hot target, both float64 (5,)."""
    return np.array([1.0, -0.5, 2.0, 0.3, 0.7]), np.array([0.0, 0.0, 1.0, 0.0, 0.0])


# --- forward pass ---------------------------------------------------------------------------------


def softmax(u: Any) -> Any:
    """e^{u_j} / Σ_k e^{u_k} along the last axis; finite for scores up to ±8e307.

    The maximum is subtracted first. It cancels in the fraction, and no exponent is positive.
    """
    exp_u = np.exp(u - np.max(u, axis=-1, keepdims=True))
    return exp_u / np.sum(exp_u, axis=-1, keepdims=True)


def log_softmax(u: Any) -> Any:
    """log softmax(u) along the last axis, computed without the logarithm of an underflowed 0."""
    shifted = u - np.max(u, axis=-1, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))


def forward(u: Float[Array, "M"], t: Float[Array, "M"]) -> tuple[Any, ...]:
    """Compute the figure of p. 6 from left to right; return y (M,), log y (M,), E ().

    >>> y, log_y, E = forward(*example())
    >>> y.round(4), round(float(E), 4)
    (array([0.1931, 0.0431, 0.5249, 0.0959, 0.143 ]), 0.6446)
    """
    y = softmax(u)
    log_y = log_softmax(u)
    E = -np.sum(t * log_y)
    return y, log_y, E


@definition(6, 1, r"y_j = \frac{e^{u_j}}{\sum_{k=1}^{M} e^{u_k}}",
            note="The paper draws a box labelled softmax and prints no formula.")
def y(j: Any, u: Float[Array, "M"]) -> Any:
    """y_j = e^{u_j} / Σ_k e^{u_k}: the softmax, one output at a time."""
    exp_u = np.exp(u - np.max(u))
    return exp_u[j] / sum(exp_u[k] for k in range(len(u)))


@definition(6, 2, r"E = -\sum_{j=1}^{M} t_j \log y_j",
            note="The paper draws a box labelled cross entropy loss and prints no formula.")
def E(log_y: Float[Array, "M"], t: Float[Array, "M"]) -> Any:
    """E = -Σ_j t_j log y_j: the cross-entropy of target and prediction."""
    return -sum(t[j] * log_y[j] for j in range(len(t)))


@equation(6, 3, r"\sum_{j=1}^{M} y_j = 1", lhs=lambda: 1.0,
          note="Stated in the text: softmax normalizes its outputs to sum 1.")
def sums_to_one(y: Float[Array, "M"]) -> Any:
    """Σ_j y_j = 1 for any scores."""
    return np.sum(y)


@equation(6, 4, r"E(y, t) = E(t, t) + \sum_{j=1}^{M} t_j \log \frac{t_j}{y_j} \ge E(t, t)", lhs="E",
          note="Stated in the text: cross-entropy measures how much prediction and target differ.")
def distance_from_target(log_y: Float[Array, "M"], t: Float[Array, "M"]) -> Any:
    """E(y, t) = E(t, t) + Σ_j t_j log(t_j / y_j), which is at least E(t, t).

    The sum is the Kullback-Leibler divergence, which is never negative; so E is smallest for y = t.
    """
    log_t = np.log(np.where(t > 0, t, 1))  # 0 log 0 is 0
    distance = np.sum(t * (log_t - log_y))
    return -np.sum(t * log_t) + np.maximum(distance, 0)


# --- proof: the Jacobian, the derivative of the loss, their product -------------------------------


@equation(6, 4.1, r"\frac{\partial y_k}{\partial u_j} = y_k (\delta_{kj} - y_j)", ours=True)
def dy_du(y: Float[Array, "M"]) -> Float[Array, "M M"]:
    """∂y_k/∂u_j = y_k (δ_kj - y_j), shape (M, M), row k, column j.

    Increasing u_j increases y_j and decreases all other outputs.
    """
    return np.diag(y) - np.outer(y, y)


@equation(6, 4.2, r"\frac{\partial E}{\partial y_j} = -\frac{t_j}{y_j}", ours=True,
          model="of_the_prediction")
def dE_dy(j: Any, t: Float[Array, "M"], y: Float[Array, "M"]) -> Any:
    """∂E/∂y_j = -t_j / y_j: the derivative of -t_j log y_j."""
    return -t[j] / y[j]


@equation(6, 4.3, r"\frac{\partial E}{\partial u_j} = \sum_{k=1}^{M} -\frac{t_k}{y_k} \cdot"
          r" y_k (\delta_{kj} - y_j) = y_j \sum_{k=1}^{M} t_k - t_j",
          lhs="dE_du", model="any_target", ours=True)
def dE_du_any_target(
    j: Any, y: Float[Array, "M"], r: Float[Array, "M"]
) -> Any:
    """∂E/∂u_j = y_j Σ_k r_k - r_j, for a target r with any sum.

    The product of the two derivatives above: in each term y_k cancels.
    """
    return sum(-r[k] * ((k == j) - y[j]) for k in range(len(r)))


@equation(6, 4.4, r"\sum_{j=1}^{M} \frac{\partial E}{\partial u_j} = 0, \quad \sum_{j=1}^{M} (y_j - t_j)"
          r" = 1 - \sum_{j=1}^{M} t_j", lhs="dE_du", model="any_target", view=np.sum, ours=True,
          note="So y - t can be the gradient only if the target sums to 1; then it is, by"
          " softmax_cross_entropy.dE_du_any_target.")
def condition() -> float:
    """Σ_j ∂E/∂u_j = 0 for any target, because adding a constant to all scores does not change y.

    The sum of y - t is 1 - Σ_j t_j, so y - t can be the gradient only if the targets sum to 1.
    """
    return 0.0


@equation(6, 5, r"\frac{\partial (total \; loss)}{\partial u_j} = \frac{\partial E}{\partial u_j}"
          r" = y_j - t_j",
          note="True for targets that sum to 1, one-hot or not, and for no others: see"
          " softmax_cross_entropy.condition.")
def dE_du(j: Any, y: Float[Array, "M"], t: Float[Array, "M"]) -> Any:
    """∂E/∂u_j = y_j - t_j, if Σ_k t_k = 1."""
    return y[j] - t[j]


@equation(6, 5.1, r"\frac{\partial E}{\partial u} = y - t", lhs="dE_du", ours=True)
def gradient(u: Float[Array, "M"], t: Float[Array, "M"]) -> Float[Array, "M"]:
    """Return ∂E/∂u = y - t, shape (M,).

    Raises ``TypeError`` or ``ValueError`` if an array does not match the notation table, and
    ``ValueError`` if the target does not sum to 1.

    >>> gradient(*example()).round(4)
    array([ 0.1931,  0.0431, -0.4751,  0.0959,  0.143 ])
    """
    check_arrays(NOTATION, u=u, t=t)
    check_target(t)
    y, log_y, E = forward(u, t)
    return y - t


def check_target(t: Float[Array, "... M"]) -> None:
    """Raise ``ValueError`` unless every row of t (..., M) sums to 1, the condition for y - t."""
    total = np.ravel(np.sum(t, axis=-1))
    wrong = np.flatnonzero(np.abs(total - 1) > 1e-9)
    if wrong.size:
        raise ValueError(
            f"t has shape {t.shape} and a row that sums to {total[wrong[0]]:.6g}: y - t is the"
            " gradient only for targets that sum to 1, divide t by its sum"
        )


# --- reference: the forward pass in JAX -----------------------------------------------------------


def reference(u: Any, t: Any) -> Any:
    """Compute the forward pass in JAX; ``jax.grad`` differentiates this function."""
    import jax

    y = jax.nn.softmax(u)
    log_y = jax.nn.log_softmax(u)
    E = -(t * log_y).sum()
    return E


# The model with a target that need not sum to 1.


def forward_any_target(u: Float[Array, "M"], r: Float[Array, "M"]) -> tuple[Any, ...]:
    """Compute :func:`forward` for a target r with any sum; return y (M,), log y (M,), E ()."""
    y = softmax(u)
    log_y = log_softmax(u)
    E = -np.sum(r * log_y)
    return y, log_y, E


def reference_any_target(u: Any, r: Any) -> Any:
    """Compute :func:`reference` for a target r with any sum."""
    import jax

    y = jax.nn.softmax(u)
    log_y = jax.nn.log_softmax(u)
    E = -(r * log_y).sum()
    return E


# The cross-entropy as a function of the prediction.


def forward_of_the_prediction(y: Float[Array, "M"], t: Float[Array, "M"]) -> tuple[Any, ...]:
    """Compute E () from the prediction y: the right half of the figure."""
    E = -np.sum(t * np.log(y))
    return (E,)


def reference_of_the_prediction(y: Any, t: Any) -> Any:
    """Compute E from the prediction in JAX: the right half of the figure."""
    import jax.numpy as jnp

    E = -(t * jnp.log(y)).sum()
    return E
