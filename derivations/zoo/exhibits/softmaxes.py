"""Exhibits: softmax, cross-entropy, and regression on a batch."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy import ndarray as Array

from derivations.paper.mlp import sigmoid
from derivations.paper.softmax_cross_entropy import softmax
from derivations.zoo.specimen import Exhibit


def cross_entropy_loss(t: Any, y: Any) -> Any:
    """§4: the cross-entropy of a prediction."""
    E = -jnp.sum(t * jnp.log(y))
    return E


def cross_entropy_gradient(t: Array, y: Array) -> Array:
    """∂E/∂y (M,)."""
    dE_dy = -t / y
    return dE_dy


def likelihood_loss(t: Any, u: Any) -> Any:
    """§4: the cross-entropy of the softmax of scores."""
    y = jax.nn.softmax(u)
    E = -jnp.sum(t * jnp.log(y))
    return E


def likelihood_gradient(t: Array, u: Array) -> Array:
    """∂E/∂u (M,) step by step, without the closed form y - t."""
    y = softmax(u)
    dE_dy = -t / y
    J = np.diag(y) - np.outer(y, y)
    dE_du = J @ dE_dy
    return dE_du


def distance_loss(t: Any, u: Any) -> Any:
    """The squared distance between a softmax and its target."""
    y = jax.nn.softmax(u)
    E = jnp.sum((y - t) ** 2) / 2
    return E


def distance_gradient(t: Array, u: Array) -> Array:
    """∂E/∂u (M,)."""
    y = softmax(u)
    dE_dy = y - t
    dE_du = y * (dE_dy - y @ dE_dy)
    return dE_du


def temperature_loss(t: Any, u: Any, tau: Any) -> Any:
    """The cross-entropy of a softmax with a temperature."""
    log_y = jax.nn.log_softmax(u / tau)
    E = -jnp.sum(t * log_y)
    return E


def temperature_gradient(t: Array, u: Array, tau: float) -> Array:
    """∂E/∂u (M,)."""
    v = u / tau
    exp_v = np.exp(v - v.max())
    y = exp_v / exp_v.sum()
    dE_du = (y - t) / tau
    return dE_du


def logistic_loss(X: Any, t: Any, w: Any) -> Any:
    """Logistic regression: the binary cross-entropy summed over the batch."""
    u = X @ w
    E = jnp.sum(jax.nn.softplus(u) - t * u)
    return E


def logistic_gradient(X: Array, t: Array, w: Array) -> Array:
    """∂E/∂w (K,)."""
    y = sigmoid(X @ w)
    e = y - t
    dE_dw = X.T @ e
    return dE_dw


def regression_loss(X: Any, T: Any, W: Any, b: Any, decay: Any) -> Any:
    """Softmax regression: the mean cross-entropy of a batch plus a penalty on the weights."""
    U = X @ W + b
    log_Y = jax.nn.log_softmax(U)
    data = -jnp.mean(jnp.sum(T * log_Y, axis=1))
    penalty = decay * jnp.sum(W**2) / 2
    E = data + penalty
    return E


def regression_gradient(X: Array, T: Array, W: Array, b: Array, decay: float) -> tuple[Array, Array]:
    """∂E/∂W (K, M) and ∂E/∂b (M,)."""
    B = len(X)
    U = X @ W + b
    Y = softmax(U)
    e = (Y - T) / B
    dE_dW = X.T @ e + decay * W
    dE_db = e.sum(axis=0)
    return dE_dW, dE_db


CROSS_ENTROPY = Exhibit(
    "cross-entropy", cross_entropy_loss, cross_entropy_gradient, "t: M target, y: M positive", "y"
)
LIKELIHOOD = Exhibit("likelihood", likelihood_loss, likelihood_gradient, "t: M target, u: M fraction", "u")
DISTANCE = Exhibit("distance", distance_loss, distance_gradient, "t: M target, u: M fraction", "u")
TEMPERATURE = Exhibit(
    "temperature", temperature_loss, temperature_gradient, "t: M target, u: M, tau: () fraction", "u"
)
LOGISTIC = Exhibit("logistic", logistic_loss, logistic_gradient, "X: B K, t: B answers, w: K", "w")
REGRESSION = Exhibit(
    "regression", regression_loss, regression_gradient,
    "X: B K, T: B M target, W: K M, b: M, decay: () fraction", "W b",
)  # fmt: skip
