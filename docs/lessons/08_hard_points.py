# %% [markdown]
# # 8. Points where a derivative is hard to check
#
# **Claim.** Near a kink a check by differences rejects a right gradient: the difference is 0.55 where the
# derivative is 1. In four more cases it accepts a wrong one: a mask that has no effect, saturated units, an
# ε in a logarithm, an intermediate result in float32. `check_gradient` rejects all 4.
#
# The check is that of lesson 6: every entry, two-sided, relative 1e-6.

# %%
from functools import partial

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np

from derivations import check_gradient, mlp
from derivations.paper.softmax_cross_entropy import softmax


def differences(E, w, step=1e-5):
    """∂E/∂w by changing one entry at a time."""
    slope = np.empty_like(w)
    for entry in np.ndindex(w.shape):
        above, below = w.copy(), w.copy()
        above[entry] += step
        below[entry] -= step
        slope[entry] = (E(above) - E(below)) / (2 * step)
    return slope


def passes(manual, other):
    """Every entry, to 1e-6 of its size; an absolute 1e-9 for the error of a difference."""
    return bool(np.all(np.abs(manual - other) <= 1e-6 * np.abs(other) + 1e-9))


def check_gradient_accepts(loss, gradient, shapes, wrt):
    """Whether `check_gradient` accepts it, on ten random shapes and values."""
    right = check_gradient(loss, gradient, shapes, wrt=wrt, examples=10).right
    print(f"check_gradient, {gradient.__name__}: {'right' if right else 'wrong'}")
    return right


rng = np.random.default_rng(0)
caught = 0

# %% [markdown]
# ## 1. Near a kink
#
# ReLU is max(u, 0): its derivative is 0 on the left and 1 on the right. A difference across the kink gives
# neither. At u = 1e-6 with a step of 1e-5, the value is u + s on the right and 0 on the left:
#
# $$\frac{(u + s) - 0}{2 s} = \frac{1.1 \cdot 10^{-5}}{2 \cdot 10^{-5}} = 0.55$$


# %% mystnb={"image": {"alt": "ReLU is flat, then rises; a line across its corner rises half as steeply"}}
def relu(u):
    return np.maximum(u, 0)


def slope_of_relu(u):
    return np.where(u > 0, 1.0, 0.0)


u = np.array(1e-6)
moved = float(differences(relu, u))
print(f"at u = {u} the derivative is {slope_of_relu(u)}; the difference with a step of 1e-5 is {moved:.2f}")
assert abs(moved - 0.55) < 1e-6
assert not passes(slope_of_relu(u), moved), "the right derivative is rejected"
assert passes(slope_of_relu(u), differences(relu, u, 1e-7)), "a step that does not cross the kink is right"

plt.figure()
line = np.linspace(-2e-5, 2e-5, 200)
plt.plot(line, relu(line), label="ReLU")
ends = u + np.array([-1e-5, 1e-5])
plt.plot(ends, relu(ends), "o--", label=f"the difference, {moved:.2f}")
plt.plot(line, u + (line - u), ":", label="the derivative at u = 1e-6")
plt.ylim(-1e-5, 2e-5)
plt.xlabel("u")
plt.legend()
plt.title("A difference across the kink")
plt.show()

# %% [markdown]
# Among thousands of units some are always that close to zero, so the check sometimes fails, and people
# ignore a few failures. Then a mistake in a few entries is ignored too. The solution is a derivative
# without a real step: automatic differentiation, or the complex step.
#
# At u = 0 there is no derivative. A difference gives 1/2, JAX's ReLU gives 0. Only a convention can be
# checked there.
#
# ## 2. A mask that has no effect
#
# The backward pass of ReLU passes the error on where u > 0. Omit this mask, and test with positive inputs
# and positive weights, as one published course did: the mask would be 1 everywhere.


# %%
def E_of_relu(x, t, W):
    return np.sum((t - relu(x @ W)) ** 2) / 2


def no_mask(x, t, W):
    return np.outer(x, relu(x @ W) - t)


def E_of_relu_in_jax(x, t, W):
    return jnp.sum((t - jax.nn.relu(x @ W)) ** 2) / 2


x, t, W = rng.normal(size=4), rng.normal(size=3), rng.normal(size=(4, 3))
for what, sign in (("positive numbers", np.abs), ("any numbers", np.array)):
    arguments = sign(x), t, sign(W)
    moved = differences(partial(E_of_relu, *arguments[:2]), arguments[2])
    accepted = passes(no_mask(*arguments), moved)
    print(f"without the mask, {what}: accepted: {accepted}")
    assert accepted == (sign is np.abs)
caught += not check_gradient_accepts(E_of_relu_in_jax, no_mask, "K, N, K N", "W")
assert caught == 1

# %% [markdown]
# ## 3. Saturated units
#
# The derivative of a sigmoid is h(1 - h). At u = 40 that is e⁻⁴⁰ = 4e-18. float64 cannot represent such an
# h: the spacing of the numbers below 1 is 1.1e-16, so h is exactly 1, 1 - h is 0, and E does not change.
#
# With unscaled data (pixels up to 255, word counts) all units are saturated. Then the differences for W are
# zero, and a gradient that returns zeros passes.


# %%
def unwritten(x, t, W, W_prime):
    return np.zeros_like(W)


x, t, W, W_prime = mlp.example()
for scale in (1, 255):
    moved = differences(lambda W, x=scale * x: mlp.forward(x, t, W, W_prime)[-1], W)
    h = mlp.forward(scale * x, t, W, W_prime)[1]
    accepted = passes(unwritten(x, t, W, W_prime), moved)
    print(f"inputs up to {np.abs(scale * x).max():.0f}: 1 - h = {1 - h}, zeros accepted: {accepted}")
    assert accepted == (scale == 255)
caught += not check_gradient_accepts(mlp.reference, unwritten, "K, M, K N, N M", "W")
assert caught == 2

# %% [markdown]
# Check at points where no unit is saturated. Check saturated units separately, with a bound instead of an
# absolute tolerance: 4e-18 has digits too.
#
# ## 4. An ε in a logarithm
#
# log 0 is -∞, so people write E = -Σ t_j log(y_j + ε), and keep the gradient y - t. For a one-hot t with
# its one at word c the derivative is now
#
# $$\frac{\partial E}{\partial u_j} = \frac{y_c}{y_c + ε} (y_j - t_j)$$
#
# With ε = 1e-8 and y_c = 0.2 the new factor is 1 - 5e-8, and the check accepts 1e-6. Where the prediction
# is very wrong, y_c near ε, the factor is 1/2, and for smaller y_c the gradient tends to zero.

# %% mystnb={"image": {"alt": "An S: 1 down to 1e-6, one half where y_c is ε = 1e-8, 0 below 1e-11"}}
EPSILON = 1e-8


def E_with_epsilon(u, t):
    return -np.sum(t * np.log(softmax(u) + EPSILON))


def y_minus_t(u, t):
    return softmax(u) - t


def E_with_epsilon_in_jax(u, t):
    return -jnp.sum(t * jnp.log(jax.nn.softmax(u) + EPSILON))


u, t = np.array([1.0, -0.5, 2.0, 0.3, 0.7]), np.array([1.0, 0, 0, 0, 0])  # §4's example, y_c = 0.19
accepted = passes(y_minus_t(u, t), differences(lambda u: E_with_epsilon(u, t), u))
print(f"y_c = {softmax(u)[0]:.2f}: y - t accepted: {accepted}")
assert accepted

factors = []
for score in np.linspace(0, -40, 81):
    u[0] = score
    moved = differences(lambda u: E_with_epsilon(u, t), u, 1e-3)
    factors.append((softmax(u)[0], moved[0] / y_minus_t(u, t)[0]))
y_c, factor = np.transpose(factors)
assert np.allclose(factor, y_c / (y_c + EPSILON), rtol=1e-4, atol=1e-6)
plt.figure()
plt.semilogx(y_c, factor)
plt.axvline(EPSILON, color="gray", lw=0.5)
plt.annotate(" ε", (EPSILON, 0.05))
plt.xlabel("y_c, the predicted probability of the right word")
plt.ylabel("derivative, divided by y - t")
plt.title("What ε does to the gradient")
plt.show()

caught += not check_gradient_accepts(E_with_epsilon_in_jax, y_minus_t, "M, M one-hot", "u")
assert caught == 3

# %% [markdown]
# It is better to omit ε and never compute the logarithm of a softmax: `log_softmax` in
# `softmax_cross_entropy.py` subtracts instead, and is finite for every score.
#
# ## 5. An intermediate result in float32
#
# One array from a library with another default dtype, or one `astype`, leaves 24 bits: a relative error of
# 6e-8. The result is float64 again, so its dtype does not show it.


# %%
def through_float32(x, t, W, W_prime):
    h = mlp.sigmoid(x @ W).astype(np.float32)
    y = mlp.sigmoid(h @ W_prime)
    return np.outer(h, (y - t) * y * (1 - y))


x, t, W, W_prime = mlp.example()
manual, right = through_float32(x, t, W, W_prime), mlp.gradients(x, t, W, W_prime)[1]
moved = differences(lambda W_prime: mlp.forward(x, t, W, W_prime)[-1], W_prime)
off = np.abs(manual / right - 1).max()
print(f"it returns {manual.dtype}, off by {off:.0e}; accepted: {passes(manual, moved)}")
assert manual.dtype == np.float64
assert passes(manual, moved)
assert 1e-9 < off < 1e-6
caught += not check_gradient_accepts(mlp.reference, through_float32, "K, M, K N, N M", "W_prime")
assert caught == 4

# %% [markdown]
# Is that wrong? Not if it is intended. `check_gradient` checks a gradient that is float32 throughout with
# the tolerance of float32, and the report says so. A float64 result with float32 accuracy is usually a
# mistake. A check by differences cannot use float32 at all: two or three digits remain (lesson 2).
#
# ## Break it
#
# **A finer ε.** Keras uses 1e-7. Change
#
#     EPSILON = 1e-8
#
# to
#
#     EPSILON = 1e-6
#
# Predict the smallest ε that the check of this page detects. (It accepts a relative 1e-6, and y_c is 0.19.)
#
# **Half as much.** In section 3, change
#
#     for scale in (1, 255):
#
# to
#
#     for scale in (1, 20):
#
# Predict from h(1 - h) and the floor of 1e-9 whether zeros are accepted for inputs up to 40.
