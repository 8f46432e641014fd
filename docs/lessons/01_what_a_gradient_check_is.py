# %% [markdown]
# # 1. What a gradient check is
#
# **Claim.** A gradient can be wrong by a factor of 46 and still train: in 100 steps it reduces the loss
# from 0.4459 to 0.0001, as the right one does. A falling loss proves nothing. A comparison of the 30
# entries of the gradient shows that 15 of them are wrong.
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
print(f"E = {E:.4f}, and {W.size} + {W_prime.size} = {W.size + W_prime.size} weights")
assert W.size + W_prime.size == 30

# %% [markdown]
# ## Two gradients
#
# Here are two versions of ∂E/∂W and ∂E/∂W'. They differ in one line, the error signal of the hidden
# units: one of them lacks h(1 - h), the derivative of the hidden sigmoid. It is easily forgotten, because
# y(1 - y) is already there.


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
# Gradient descent with learning rate 1, from the same weights. Both losses go to zero, so the loss alone
# does not tell the two gradients apart.


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
plt.title("The loss does not show which gradient is wrong")
plt.show()

# %% [markdown]
# Why does it train? The missing h(1 - h) is a positive number for each hidden unit. Without it every step
# in W is too long, by a different factor for each unit, but its sign is right. So the loss decreases on
# this problem. On a harder one it decreases more slowly or stops early, which looks like a bad learning
# rate.
#
# ## The check
#
# The definition of a derivative needs no chain rule: it is the rate at which E changes with one weight. So
# change the weight. Evaluate E a little above and a little below, and divide by the distance:
#
# $$\frac{\partial E}{\partial w_{ki}} \approx \frac{E(w_{ki} + s) - E(w_{ki} - s)}{2 s}$$
#
# (In the paper h is the hidden layer, so the step is s here.) Thirty weights cost sixty evaluations of E.
# This is slow, but it is independent of your derivation.


# %%
def differences(E, W, step=1e-5):
    """∂E/∂W by changing one weight at a time."""
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
# Compare every entry of each gradient with it. An entry counts as wrong if it is off by more than one
# part in ten thousand; lesson 5 asks what that number should be.

# %%
for gradients in (with_slope, without_slope):
    for name, manual, moved in zip(("W", "W'"), gradients(x, t, W, W_prime), by_difference, strict=True):
        bad = np.abs(manual - moved) > 1e-4 * np.abs(moved)
        print(f"{gradients.__name__:13}  ∂E/∂{name:2}  {bad.sum():2} of {bad.size} entries are wrong")
        expected = 15 if gradients is without_slope and name == "W" else 0
        assert bad.sum() == expected, f"{gradients.__name__}, ∂E/∂{name}: {bad.sum()} entries are wrong"

ratio = without_slope(x, t, W, W_prime)[0] / by_difference[0]
print("\nwithout / with, row by row of W:\n", ratio.round(1))
print(f"the largest factor is {ratio.max():.0f}")
assert np.allclose(ratio, 1 / (h * (1 - h)), rtol=1e-4)

# %% [markdown]
# The ratios are already a diagnosis. All rows are equal and every column has its own number, so the
# missing factor belongs to the hidden unit: 1/(h(1 - h)), as the last line confirms. ∂E/∂W' is right, so
# the mistake is between the output and the hidden layer. In lesson 9 a program reads such tables.
#
# ## With `check_gradient`
#
# `check_gradient` takes the loss, the gradient and the shapes. It draws many test cases itself.

# %%
loss, shapes = mlp.reference, "K, M, K N, N M"  # x, t, W, W'; the loss once more, written for JAX
assert check_gradient(loss, with_slope, shapes, wrt="W W_prime", examples=20).right
report = check_gradient(loss, without_slope, shapes, wrt="W W_prime", examples=20)
print(report)
assert not report.right, "check_gradient accepts the wrong gradient"

# %% [markdown]
# ## The five parts of a check
#
# 1. **The loss**, which you trust. A check shows that the gradient belongs to this loss, not that it is the
#    loss you wanted (lesson 4).
# 2. **A reference derivative**: differences (2), the complex step (3), automatic differentiation (4).
# 3. **A tolerance**, because two floating-point computations rarely agree to the last digit (5).
# 4. **Test values**. Badly chosen ones let wrong gradients pass (6, 8).
# 5. **What is compared**: every entry, or a summary that can miss one (7).
#
# A bad choice of any part lets wrong gradients pass, and most checks in use have at least one.
#
# ## Break it
#
# On p. 4 the paper prints the derivative of the output sigmoid as y(y - t). Use the misprint: in
# `with_slope`, change
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
