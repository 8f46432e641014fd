"""Exhibits: small networks."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy import ndarray as Array

from derivations.paper.mlp import sigmoid
from derivations.zoo.specimen import Exhibit

# --- one unit (§2), one line --------------------------------------------------------------------------


def unit_loss(x: Any, t: Any, w: Any) -> Any:
    """One sigmoid unit with a squared error."""
    u = x @ w
    y = jax.nn.sigmoid(u)
    E = (t - y) ** 2 / 2
    return E


def unit_gradient(x: Array, t: float, w: Array) -> Array:
    """∂E/∂w (K,)."""
    y = sigmoid(x @ w)
    dE_dy = y - t
    dE_du = dE_dy * y * (1 - y)
    dE_dw = dE_du * x
    return dE_dw


def line_loss(X: Any, t: Any, w: Any, b: Any) -> Any:
    """Linear regression: the mean squared error over a batch."""
    y = X @ w + b
    E = jnp.mean((y - t) ** 2)
    return E


def line_gradient(X: Array, t: Array, w: Array, b: float) -> tuple[Array, Any]:
    """∂E/∂w (K,) and ∂E/∂b ()."""
    B = len(X)
    y = X @ w + b
    e = 2 * (y - t) / B
    dE_dw = X.T @ e
    dE_db = e.sum()
    return dE_dw, dE_db


# --- §3: a hidden layer of sigmoids -------------------------------------------------------------------


def mlp_loss(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
    """§3: one hidden layer of sigmoids, sigmoid outputs, squared error."""
    u = x @ W
    h = jax.nn.sigmoid(u)
    u_prime = h @ W_prime
    y = jax.nn.sigmoid(u_prime)
    E = jnp.sum((t - y) ** 2) / 2
    return E


def mlp_gradient(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """∂E/∂W (K, N) and ∂E/∂W' (N, M)."""
    u = x @ W
    h = sigmoid(u)
    y = sigmoid(h @ W_prime)
    dE_dy = y - t
    EI_prime = dE_dy * y * (1 - y)
    dE_dW_prime = np.outer(h, EI_prime)
    dE_dh = W_prime @ EI_prime
    EI = dE_dh * h * (1 - h)
    dE_dW = np.outer(x, EI)
    return dE_dW, dE_dW_prime


def mlp_gradient_by_loops(x: Array, t: Array, W: Array, W_prime: Array) -> tuple[Array, Array]:
    """The same gradient with loops over the units."""
    h = sigmoid(x @ W)
    y = sigmoid(h @ W_prime)
    EI_prime = (y - t) * y * (1 - y)
    dE_dW, dE_dW_prime = np.zeros_like(W), np.zeros_like(W_prime)
    dE_dh = np.zeros_like(h)
    for j in range(len(y)):
        dE_dW_prime[:, j] = h * EI_prime[j]
        dE_dh += W_prime[:, j] * EI_prime[j]
    EI = dE_dh * h * (1 - h)
    for k in range(len(x)):
        dE_dW[k] = x[k] * EI
    return dE_dW, dE_dW_prime


# --- ReLU, with biases and a batch --------------------------------------------------------------------


def relu_loss(X: Any, T: Any, W: Any, b: Any, W_prime: Any, b_prime: Any) -> Any:
    """A hidden layer of ReLUs, a linear output, and the squared error summed over the batch."""
    U = X @ W + b
    H = jax.nn.relu(U)
    Y = H @ W_prime + b_prime
    E = jnp.sum((Y - T) ** 2) / 2
    return E


def relu_gradient(
    X: Array, T: Array, W: Array, b: Array, W_prime: Array, b_prime: Array
) -> tuple[Array, Array, Array, Array]:
    """∂E/∂W (K, N), ∂E/∂b (N,), ∂E/∂W' (N, M), ∂E/∂b' (M,)."""
    U = X @ W + b
    H = np.maximum(U, 0)
    Y = H @ W_prime + b_prime
    e = Y - T
    dE_db_prime = e.sum(axis=0)
    dE_dW_prime = H.T @ e
    dE_dH = e @ W_prime.T
    dE_dU = np.where(U > 0, dE_dH, 0)
    dE_db = np.zeros_like(b)
    dE_db[:] = dE_dU.sum(axis=0)
    dE_dW = X.T @ dE_dU
    return dE_dW, dE_db, dE_dW_prime, dE_db_prime


# --- two steps of a recurrent network -----------------------------------------------------------------


def recurrent_loss(x_1: Any, x_2: Any, t: Any, W: Any, R: Any) -> Any:
    """Two steps of a recurrent layer of tanh units; R connects the first step to the second."""
    u_1 = x_1 @ W
    h_1 = jnp.tanh(u_1)
    u_2 = x_2 @ W + h_1 @ R
    h_2 = jnp.tanh(u_2)
    E = jnp.sum((h_2 - t) ** 2) / 2
    return E


def recurrent_gradient(x_1: Array, x_2: Array, t: Array, W: Array, R: Array) -> tuple[Array, Array]:
    """∂E/∂W (K, N), summed over both steps, and ∂E/∂R (N, N)."""
    u_1 = x_1 @ W
    h_1 = np.tanh(u_1)
    u_2 = x_2 @ W + h_1 @ R
    h_2 = np.tanh(u_2)
    dE_du_2 = (h_2 - t) * (1 - h_2**2)
    dE_dR = np.outer(h_1, dE_du_2)
    dE_dh_1 = R @ dE_du_2
    dE_du_1 = dE_dh_1 * (1 - h_1**2)
    dE_dW = np.outer(x_2, dE_du_2)
    dE_dW += np.outer(x_1, dE_du_1)
    return dE_dW, dE_dR


# --- layers with several paths -----------------------------------------------------------------


def residual_loss(X: Any, T: Any, W: Any) -> Any:
    """A layer with a shortcut: its input is added to its output."""
    H = jnp.tanh(X @ W)
    Y = X + H
    E = jnp.sum((Y - T) ** 2) / 2
    return E


def residual_gradient(X: Array, T: Array, W: Array) -> tuple[Array, Array]:
    """∂E/∂X (B, N), through the layer and the shortcut, and ∂E/∂W (N, N)."""
    H = np.tanh(X @ W)
    dE_dY = X + H - T
    dE_dX = dE_dY.copy()
    dE_dX += (dE_dY * (1 - H**2)) @ W.T
    dE_dW = X.T @ (dE_dY * (1 - H**2))
    return dE_dX, dE_dW


def centred_loss(X: Any, t: Any, w: Any) -> Any:
    """A linear unit on a centred batch; the mean depends on X, so it has a derivative as well."""
    X_centred = X - jnp.mean(X, axis=0)
    y = X_centred @ w
    E = jnp.sum((y - t) ** 2) / 2
    return E


def centred_gradient(X: Array, t: Array, w: Array) -> tuple[Array, Array]:
    """∂E/∂X (B, K) and ∂E/∂w (K,)."""
    X_centred = X - X.mean(axis=0)
    e = X_centred @ w - t
    dE_dw = X_centred.T @ e
    dE_dX_centred = np.outer(e, w)
    dE_dX = dE_dX_centred - dE_dX_centred.mean(axis=0)
    return dE_dX, dE_dw


def running_sum_loss(X: Any, T: Any) -> Any:
    """The running sum of a sequence, with an error after each step."""
    H = jnp.tri(X.shape[0]) @ X
    E = jnp.sum((H - T) ** 2) / 2
    return E


def running_sum_gradient(X: Array, T: Array) -> Array:
    """∂E/∂X (L, N), computed from the last step back to the first."""
    e = np.cumsum(X, axis=0) - T
    steps = []
    carried = np.zeros(X.shape[1])
    for e_l in e[::-1]:
        carried = carried + e_l
        steps.append(carried)
    dE_dX = np.stack(steps[::-1])
    return dE_dX


def convolution_loss(x: Any, T: Any, w: Any) -> Any:
    """A signal convolved with N filters of width 3; a convolution reverses its filter."""
    windows = jnp.stack([x[2:7], x[1:6], x[0:5]])
    Y = w @ windows
    E = jnp.sum((Y - T) ** 2) / 2
    return E


def convolution_gradient(x: Array, T: Array, w: Array) -> Array:
    """∂E/∂w (N, 3)."""
    Y = np.stack([np.convolve(x, w_n, "valid") for w_n in w])
    e = Y - T
    dE_dw = np.stack([np.correlate(x, e_n, "valid")[::-1] for e_n in e])
    return dE_dw


# --- gradients that keep arrays between calls ----------------------------------------------------

KEPT: dict[tuple[int, ...], Array] = {}
"""The gradient array of each shape, kept between calls."""
BUFFER = np.zeros((1024, 2))
"""Room for the errors of the largest batch."""


def linear_loss(X: Any, T: Any, W: Any, b: Any) -> Any:
    """A linear layer with the squared error summed over the batch."""
    Y = X @ W + b
    E = jnp.sum((Y - T) ** 2) / 2
    return E


def kept_gradient(X: Array, T: Array, W: Array, b: Array) -> tuple[Array, Array]:
    """∂E/∂W (K, M), accumulated in an array that is kept between calls, and ∂E/∂b (M,)."""
    e = X @ W + b - T
    dE_dW = KEPT.setdefault(W.shape, np.zeros_like(W))
    dE_dW[:] = 0
    dE_dW += X.T @ e
    return dE_dW.copy(), e.sum(axis=0)


def room_gradient(X: Array, T: Array, W: Array, b: Array) -> tuple[Array, Array]:
    """The same gradients, with the errors in a buffer that has room for the largest batch."""
    B = len(X)
    BUFFER[:B] = X @ W + b - T
    dE_dW = X.T @ BUFFER[:B]
    dE_db = BUFFER[:B].sum(axis=0)
    return dE_dW, dE_db


UNIT = Exhibit("unit", unit_loss, unit_gradient, "x: K, t: (), w: K", "w")
LINE = Exhibit("line", line_loss, line_gradient, "X: B K, t: B, w: K, b: ()", "w b")
MLP = Exhibit("mlp", mlp_loss, mlp_gradient, "x: K, t: M, W: K N, W_prime: N M", "W W_prime")
MLP_LOOPS = Exhibit("mlp by loops", mlp_loss, mlp_gradient_by_loops, MLP.shapes, MLP.wrt)
MLP_FIGURE = Exhibit(
    "mlp of the figure", mlp_loss, mlp_gradient, "x: 5, t: 5, W: 5 3, W_prime: 3 5", MLP.wrt
)
RELU = Exhibit(
    "relu", relu_loss, relu_gradient,
    "X: B K, T: B M, W: K N, b: N, W_prime: N M, b_prime: M", "W b W_prime b_prime",
)  # fmt: skip
RECURRENT = Exhibit(
    "recurrent", recurrent_loss, recurrent_gradient, "x_1: K, x_2: K, t: N, W: K N, R: N N", "W R"
)
RESIDUAL = Exhibit("residual", residual_loss, residual_gradient, "X: B N, T: B N, W: N N", "X W")
CENTRED = Exhibit("centred", centred_loss, centred_gradient, "X: B K, t: B, w: K", "X w")
RUNNING_SUM = Exhibit("running sum", running_sum_loss, running_sum_gradient, "X: L N, T: L N", "X")
CONVOLUTION = Exhibit("convolution", convolution_loss, convolution_gradient, "x: 7, T: N 5, w: N 3", "w")
KEPT_LAYER = Exhibit("kept", linear_loss, kept_gradient, "X: B K, T: B M, W: K M, b: M", "W b")
ROOM_LAYER = Exhibit("room", linear_loss, room_gradient, "X: B K, T: B 2, W: K 2, b: 2", "W b")
