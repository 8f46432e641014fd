"""§4, p. 6: softmax and cross-entropy together, and the proof that the paper leaves out.

    u  --softmax-->  y  --cross-entropy-->  E  <--  t

The paper states ∂E/∂u_j = y_j - t_j and sends the reader elsewhere for the reason. Here it is, in
three steps: the Jacobian of the softmax, the slope of the cross-entropy, and their product, in which
every y_k cancels. The last step also shows the condition: the targets must sum to one. M counts the
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
    r       r_j     M       real       a target that need not sum to one
    y       y_j     M       positive   prediction: a distribution
    log_y   log y_j  M      -          its logarithm
    E       E       ()      -          the total loss, one number
""")


def example() -> tuple[Array, Array]:
    """Five scores and a one-hot target, both float64 (5,)."""
    return np.array([1.0, -0.5, 2.0, 0.3, 0.7]), np.array([0.0, 0.0, 1.0, 0.0, 0.0])


# --- forward --------------------------------------------------------------------------------------


def softmax(u: Any) -> Any:
    """e^{u_j} / Σ_k e^{u_k} along the last axis; finite for scores up to ±8e307.

    The largest score is taken off first. It cancels in the fraction, and no exponent is positive.
    """
    exp_u = np.exp(u - np.max(u, axis=-1, keepdims=True))
    return exp_u / np.sum(exp_u, axis=-1, keepdims=True)


def log_softmax(u: Any) -> Any:
    """log softmax(u) along the last axis, without taking the logarithm of a zero."""
    shifted = u - np.max(u, axis=-1, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))


def forward(u: Float[Array, "M"], t: Float[Array, "M"]) -> tuple[Any, ...]:
    """The figure of p. 6 from left to right; returns y (M,), log y (M,), E ().

    >>> y, log_y, E = forward(*example())
    >>> y.round(4), round(float(E), 4)
    (array([0.1931, 0.0431, 0.5249, 0.0959, 0.143 ]), 0.6446)
    """
    y = softmax(u)
    log_y = log_softmax(u)
    E = -np.sum(t * log_y)
    return y, log_y, E


@definition(6, 1, r"y_j = \frac{e^{u_j}}{\sum_{k=1}^{M} e^{u_k}}",
            note="The paper draws a box named softmax; the formula is ours.")
def y(j: Any, u: Float[Array, "M"]) -> Any:
    """The softmax, one output at a time: its share of the sum."""
    exp_u = np.exp(u - np.max(u))
    return exp_u[j] / sum(exp_u[k] for k in range(len(u)))


@definition(6, 2, r"E = -\sum_{j=1}^{M} t_j \log y_j",
            note="The paper draws a box named cross entropy loss; the formula is ours.")
def E(log_y: Float[Array, "M"], t: Float[Array, "M"]) -> Any:
    """The cross-entropy of a target and a prediction."""
    return -sum(t[j] * log_y[j] for j in range(len(t)))


@equation(6, 3, r"\sum_{j=1}^{M} y_j = 1", lhs=lambda: 1.0,
          note="The sentence: softmax makes the sum of the outputs 1.")
def sums_to_one(y: Float[Array, "M"]) -> Any:
    """Whatever the scores, the outputs sum to one."""
    return np.sum(y)


@equation(6, 4, r"E(y, t) = E(t, t) + \sum_{j=1}^{M} t_j \log \frac{t_j}{y_j} \ge E(t, t)", lhs="E",
          note="The sentence: the cross-entropy tells how far the prediction is from the target.")
def distance_from_target(log_y: Float[Array, "M"], t: Float[Array, "M"]) -> Any:
    """The error is least at the target itself; what it has more is a distance, which is not negative."""
    log_t = np.log(np.where(t > 0, t, 1))  # 0 log 0 is 0
    distance = np.sum(t * (log_t - log_y))
    return -np.sum(t * log_t) + np.maximum(distance, 0)


# --- the proof: Jacobian, slope, product ----------------------------------------------------------


@equation(6, 4.1, r"\frac{\partial y_k}{\partial u_j} = y_k (\delta_{kj} - y_j)", ours=True)
def dy_du(y: Float[Array, "M"]) -> Float[Array, "M M"]:
    """∂y_k/∂u_j, row k, column j: raising one score takes from all the other outputs."""
    return np.diag(y) - np.outer(y, y)


@equation(6, 4.2, r"\frac{\partial E}{\partial y_j} = -\frac{t_j}{y_j}", ours=True,
          model="of_the_prediction")
def dE_dy(j: Any, t: Float[Array, "M"], y: Float[Array, "M"]) -> Any:
    """∂E/∂y_j = -t_j / y_j: the slope of the logarithm."""
    return -t[j] / y[j]


@equation(6, 4.3, r"\frac{\partial E}{\partial u_j} = \sum_{k=1}^{M} -\frac{t_k}{y_k} \cdot"
          r" y_k (\delta_{kj} - y_j) = y_j \sum_{k=1}^{M} t_k - t_j",
          lhs="dE_du", model="any_target", ours=True)
def dE_du_any_target(
    j: Any, y: Float[Array, "M"], r: Float[Array, "M"]
) -> Any:
    """The product of the two, for a target r that sums to anything: every y_k cancels."""
    return sum(-r[k] * ((k == j) - y[j]) for k in range(len(r)))


@equation(6, 4.4, r"\sum_{j=1}^{M} \frac{\partial E}{\partial u_j} = 0, \quad \sum_{j=1}^{M} (y_j - t_j)"
          r" = 1 - \sum_{j=1}^{M} t_j", lhs="dE_du", model="any_target", view=np.sum, ours=True,
          note="So y - t is the gradient only if the target sums to one; by the line above, it then is.")
def condition() -> float:
    """The gradient sums to 0 for any target, since all scores may rise together; y - t need not."""
    return 0.0


@equation(6, 5, r"\frac{\partial (total \; loss)}{\partial u_j} = \frac{\partial E}{\partial u_j}"
          r" = y_j - t_j",
          note="Holds for every target that sums to one, one-hot or not, and for no other: see"
          " softmax_cross_entropy.condition.")
def dE_du(j: Any, y: Float[Array, "M"], t: Float[Array, "M"]) -> Any:
    """∂E/∂u_j = y_j - t_j, where Σ_k t_k = 1."""
    return y[j] - t[j]


@equation(6, 5.1, r"\frac{\partial E}{\partial u} = y - t", lhs="dE_du", ours=True)
def gradient(u: Float[Array, "M"], t: Float[Array, "M"]) -> Float[Array, "M"]:
    """∂E/∂u as one vector of shape (M,).

    Raises ``TypeError`` or ``ValueError``, in one line, for arrays that do not fit the notation and
    for a target that does not sum to one.

    >>> gradient(*example()).round(4)
    array([ 0.1931,  0.0431, -0.4751,  0.0959,  0.143 ])
    """
    check_arrays(NOTATION, u=u, t=t)
    check_target(t)
    y, log_y, E = forward(u, t)
    return y - t


def check_target(t: Float[Array, "... M"]) -> None:
    """Raise ``ValueError`` unless every row of t sums to one, the condition of y - t."""
    total = np.ravel(np.sum(t, axis=-1))
    wrong = np.flatnonzero(np.abs(total - 1) > 1e-9)
    if wrong.size:
        raise ValueError(
            f"t has shape {t.shape} and a row that sums to {total[wrong[0]]:.6g}: y - t is the"
            " gradient only for targets that sum to 1, divide t by its sum"
        )


# --- for JAX: the forward pass again, and nothing else ----------------------------------------------


def reference(u: Any, t: Any) -> Any:
    """The forward pass, stated once more in JAX; differentiating it is JAX's job."""
    import jax

    y = jax.nn.softmax(u)
    log_y = jax.nn.log_softmax(u)
    E = -(t * log_y).sum()
    return E


# The same with a target that sums to anything.


def forward_any_target(u: Float[Array, "M"], r: Float[Array, "M"]) -> tuple[Any, ...]:
    """:func:`forward` for any target; returns y (M,), log y (M,), E ()."""
    y = softmax(u)
    log_y = log_softmax(u)
    E = -np.sum(r * log_y)
    return y, log_y, E


def reference_any_target(u: Any, r: Any) -> Any:
    """:func:`reference` for any target."""
    import jax

    y = jax.nn.softmax(u)
    log_y = jax.nn.log_softmax(u)
    E = -(r * log_y).sum()
    return E


# The cross-entropy alone, as a function of the prediction.


def forward_of_the_prediction(y: Float[Array, "M"], t: Float[Array, "M"]) -> tuple[Any, ...]:
    """The right half of the figure; returns E ()."""
    E = -np.sum(t * np.log(y))
    return (E,)


def reference_of_the_prediction(y: Any, t: Any) -> Any:
    """The right half of the figure, in JAX."""
    import jax.numpy as jnp

    E = -(t * jnp.log(y)).sum()
    return E
