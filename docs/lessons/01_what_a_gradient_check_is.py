# %% [markdown]
# # 1. What a gradient check is
#
# **Claim.** A gradient can be wrong by a factor of 46 and still train: in 100 steps it takes the error
# from 0.4459 to 0.0001, as the right one does. The loss going down proves nothing. Comparing 30 numbers
# with 30 others does: 15 of them are wrong.
#
# The network is that of §3 of the paper (pp. 3-5): K inputs, N hidden units, M outputs, a sigmoid in
# every unit and half the squared error at the end.
#
#     x  --W-->  u  --σ-->  h  --W'-->  u'  --σ-->  y  -->  E  <--  t

# %%
import matplotlib.pyplot as plt
import numpy as np

from derivations import check_gradient, mlp

x, t, W, W_prime = mlp.example()  # the paper's sizes: K = 5, N = 3, M = 5
u, h, u_prime, y, E = mlp.forward(x, t, W, W_prime)
print(f"E = {E:.4f}, and {W.size} + {W_prime.size} = {W.size + W_prime.size} weights to move")
assert W.size + W_prime.size == 30

# %% [markdown]
# ## Two gradients
#
# Here are two versions of ∂E/∂W and ∂E/∂W'. They differ in one line, the error signal of the hidden
# units. One of them leaves out h(1 - h), the slope of the hidden sigmoid. That is easily done: you have
# just written y(1 - y), and it feels like the same thing twice.


# %%
def with_slope(x, t, W, W_prime):
    u, h, u_prime, y, E = mlp.forward(x, t, W, W_prime)
    EI_prime = (y - t) * y * (1 - y)
    EI = (W_prime @ EI_prime) * h * (1 - h)
    return np.outer(x, EI), np.outer(h, EI_prime)


def without_slope(x, t, W, W_prime):
    u, h, u_prime, y, E = mlp.forward(x, t, W, W_prime)
    EI_prime = (y - t) * y * (1 - y)
    EI = W_prime @ EI_prime
    return np.outer(x, EI), np.outer(h, EI_prime)


# %% [markdown]
# ## Train with both
#
# Plain descent, a step of 1, the same start. Both curves fall to the ground. Somebody who looks at the
# loss only would hand in either of them.


# %% mystnb={"image": {"alt": "Both curves fall from 0.4 below 0.0001; the wrong one is never far behind"}}
def train(gradients, steps=100):
    """E after each step of descent from the example's weights."""
    x, t, W, W_prime = mlp.example()
    errors = []
    for _ in range(steps + 1):
        errors.append(mlp.forward(x, t, W, W_prime)[-1])
        dE_dW, dE_dW_prime = gradients(x, t, W, W_prime)
        W, W_prime = W - dE_dW, W_prime - dE_dW_prime
    return errors


curves = {gradients.__name__: train(gradients) for gradients in (with_slope, without_slope)}
plt.figure()
for name, errors in curves.items():
    print(f"{name}: E = {errors[0]:.4f} at the start, {errors[-1]:.4f} after {len(errors) - 1} steps")
    plt.plot(errors, label=name)
    assert errors[-1] < 0.001 * errors[0]
plt.yscale("log")
plt.xlabel("step")
plt.ylabel("E")
plt.legend()
plt.title("Which of the two would you hand in?")
plt.show()

# %% [markdown]
# Why does it train? The missing h(1 - h) is a positive number for each hidden unit. Leaving it out makes
# every step in W too long, for each unit by another factor, but never turns it around. So the error goes
# down, on this problem. On a harder one it goes down more slowly or stops early, and you blame the
# learning rate.
#
# ## The check
#
# A derivative is defined without any chain rule: it says how E changes when one weight moves a little. So
# move it. For each weight, evaluate E a little above and a little below, and divide by the distance:
#
# $$\frac{\partial E}{\partial w_{ki}} \approx \frac{E(w_{ki} + s) - E(w_{ki} - s)}{2 s}$$
#
# (The paper needs h for the hidden layer, so the step is s here.) Thirty weights cost sixty evaluations
# of E. This is slow, which does not matter, and it knows nothing of your derivation, which does.


# %%
def differences(E, W, step=1e-5):
    """∂E/∂W by moving one weight at a time."""
    slope = np.empty_like(W)
    for entry in np.ndindex(W.shape):
        above, below = W.copy(), W.copy()
        above[entry] += step
        below[entry] -= step
        slope[entry] = (E(above) - E(below)) / (2 * step)
    return slope


by_difference = (
    differences(lambda W: mlp.forward(x, t, W, W_prime)[-1], W),
    differences(lambda W_prime: mlp.forward(x, t, W, W_prime)[-1], W_prime),
)

# %% [markdown]
# Hold every entry of each gradient against it. We count an entry as wrong if it is off by more than one
# part in ten thousand; lesson 5 asks what that number should be.

# %%
for gradients in (with_slope, without_slope):
    for name, hand, moved in zip(("W", "W'"), gradients(x, t, W, W_prime), by_difference, strict=True):
        bad = np.abs(hand - moved) > 1e-4 * np.abs(moved)
        print(f"{gradients.__name__:13}  ∂E/∂{name:2}  {bad.sum():2} of {bad.size} entries are wrong")
        expected = 15 if gradients is without_slope and name == "W" else 0
        assert bad.sum() == expected, f"{gradients.__name__}, ∂E/∂{name}: {bad.sum()} entries are wrong"

ratio = without_slope(x, t, W, W_prime)[0] / by_difference[0]
print("\nwithout / with, row by row of W:\n", ratio.round(1))
print(f"the largest factor is {ratio.max():.0f}")
assert np.allclose(ratio, 1 / (h * (1 - h)), rtol=1e-4)

# %% [markdown]
# The table of ratios is already a diagnosis. Every row is the same and every column has its own number,
# so what is missing belongs to the hidden unit: 1/(h(1 - h)), as the last line confirms. ∂E/∂W' is right,
# so the mistake happened on the way from the output back to the hidden layer. Lesson 9 has a program read
# such tables.
#
# ## And ours
#
# `check_gradient` takes the loss, the gradient and the shapes. It draws the numbers itself, many times.

# %%
loss, shapes = mlp.reference, "K, M, K N, N M"  # x, t, W, W'; the loss once more, written for JAX
assert check_gradient(loss, with_slope, shapes, wrt="W W_prime", examples=20).right
report = check_gradient(loss, without_slope, shapes, wrt="W W_prime", examples=20)
print(report)
assert not report.right, "ours found nothing to object to"

# %% [markdown]
# ## The five parts of a check
#
# 1. **The loss**, which you trust. A check says that the gradient belongs to this loss, never that it is
#    the loss you wanted (lesson 4).
# 2. **Another way to the derivative**: differences (2), the complex step (3), automatic differentiation
#    (4).
# 3. **A rule for "equal"**, since two computations never agree to the last digit (5).
# 4. **Numbers to try it on**. The wrong ones make every gradient look right (6, 8).
# 5. **What is compared**: every entry, or something shorter that can miss one (7).
#
# Each part can be done in a way that makes the check blind, and most checks in use do at least one.
#
# ## Break it
#
# On p. 4 the paper prints the slope of the output sigmoid as y(y - t). Put the misprint in: in `right`,
# change
#
#     def with_slope(x, t, W, W_prime):
#         u, h, u_prime, y, E = mlp.forward(x, t, W, W_prime)
#         EI_prime = (y - t) * y * (1 - y)
#
# to
#
#     def with_slope(x, t, W, W_prime):
#         u, h, u_prime, y, E = mlp.forward(x, t, W, W_prime)
#         EI_prime = (y - t) * y * (y - t)
#
# Predict: does E still go down, and which of the two arrays will be wrong? Then run the page.
