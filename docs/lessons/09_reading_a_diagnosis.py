# %% [markdown]
# # 9. Reading a diagnosis
#
# **Claim.** The difference between two gradients can be explained. For one shape, 3 explanations fit the
# same wrong gradient; for 20 shapes only 1 does, and that is what `check_gradient` reports, with its
# evidence. For an arbitrary function it finds 0 explanations, and says so.
#
# The skip-gram of §6: a word x, its C context words t, EI_j = Σ_c (y_cj - t_cj). This gradient has a mean
# over the context words where the loss has a sum.

# %%
import numpy as np

from derivations import assert_gradient, check_gradient, mlp, skipgram

of_section_3 = "K, M, K N, N M"
of_section_6 = "V input, C V target, V N, N V"


def mean_of_errors(x, t, W, W_prime):
    h, u, y, E = skipgram.forward(x, t, W, W_prime)
    EI = (y - t).mean(axis=0)
    return np.outer(h, EI)


# %% [markdown]
# ## By hand first
#
# On the paper's example, divide the wrong gradient by the right one.

# %%
arguments = skipgram.example()
ratio = mean_of_errors(*arguments) / skipgram.gradients(*arguments)[1]
print(ratio.round(12))
assert np.allclose(ratio, 0.5)

# %% [markdown]
# The ratio is one half everywhere. That could be a factor ½. But C = 2 here, so 1/C is one half too, and so
# is (N - 1)/4 with N = 3. A single test case cannot distinguish them, and each needs another correction.
#
# An explanation is a prediction for *all* test cases. So draw others, of other shapes, and discard every
# explanation that fails on one of them:


# %%
def ratio_of(seed):
    """The sizes of a random test case, and the ratio of the two gradients."""
    rng = np.random.default_rng(seed)
    V, N, C = rng.integers(2, 9, 3)
    x, W, W_prime = np.eye(V)[rng.integers(V)], rng.normal(size=(V, N)), rng.normal(size=(N, V))
    t = np.eye(V)[rng.integers(V, size=C)]
    manual, right = mean_of_errors(x, t, W, W_prime), skipgram.gradients(x, t, W, W_prime)[1]
    return {"V": V, "N": N, "C": C}, np.median(manual / right)


explanations = {
    "1/2": lambda V, N, C: 1 / 2,
    "1/C": lambda V, N, C: 1 / C,
    "(N - 1)/4": lambda V, N, C: (N - 1) / 4,
    "1/V": lambda V, N, C: 1 / V,
}
standing = [name for name, factor in explanations.items() if np.isclose(factor(V=5, N=3, C=2), 0.5)]
print("after the paper's example:", ", ".join(standing))
assert len(standing) == 3
for seed in range(20):
    sizes, found = ratio_of(seed)
    standing = [name for name in standing if np.isclose(explanations[name](**sizes), found)]
print("after 20 shapes:          ", ", ".join(standing))
assert standing == ["1/C"]
assert len(standing) == 1

# %% [markdown]
# This is the principle of a diagnosis. A program tries many explanations, the simplest first, on shapes
# whose sizes differ, so that V, N and C cannot be confused (lesson 6).
#
# ## With `check_gradient`
#
# `print` shows a report as in the terminal. In a notebook, a report as the last line of a cell shows the
# two gradients and their difference as three heat maps on one scale.

# %%
report = check_gradient(skipgram.reference, mean_of_errors, of_section_6, wrt="W_prime", examples=12)
print(report)
report

# %% [markdown]
# Read it from the top:
#
# 1. **The verdict**, and under it the diagnosis: *what* is wrong, in which argument, and on how many test
#    cases this explains every entry.
# 2. **The table**: on how many test cases each argument failed. If one argument is right and another wrong,
#    the mistake is between them in the backward pass (lesson 1).
# 3. **The smallest failing case**: the sizes and values are as small as possible. Often the sizes are
#    enough to find the mistake: this case needs C = 2, so with one context word the gradient is right.
# 4. **A line to paste**, which repeats this case alone while you look for the mistake.

# %%
(explanation, *_) = report.diagnosis
assert explanation.kind == "constant-factor"
assert explanation.detail == "1/C"
assert report.smallest.sizes["C"] == 2

# %% [markdown]
# ## From the diagnosis to the correction
#
# In lesson 1 a table of ratios had equal rows. Here is the diagnosis of the program.


# %%
def first_try(x, t, W, W_prime):
    u, h, u_prime, y, E = mlp.forward(x, t, W, W_prime)
    EI_prime = (y - t) * y * (1 - y)
    EI = W_prime @ EI_prime
    return np.outer(x, EI), np.outer(h, EI_prime)


report = check_gradient(mlp.reference, first_try, of_section_3, wrt="W W_prime")
for explanation in report.diagnosis:
    print(explanation.says)
    print("evidence:", explanation.evidence)
(explanation,) = report.diagnosis
assert explanation.kind == "missing-factor", "not the mistake of lesson 1"
assert explanation.detail == "h * (1 - h)", "not the mistake of lesson 1 alone"
assert explanation.argument == "W"

# %% [markdown]
# It names the missing factor. The correction is one line; then check again, because the first mistake may
# have hidden a second one.


# %%
def second_try(x, t, W, W_prime):
    u, h, u_prime, y, E = mlp.forward(x, t, W, W_prime)
    EI_prime = (y - t) * y * (1 - y)
    EI = (W_prime @ EI_prime) * h * (1 - h)
    return np.outer(x, EI), np.outer(h, EI_prime)


report = check_gradient(mlp.reference, second_try, of_section_3, wrt="W W_prime")
print(report)
assert report.right

# %% [markdown]
# ## When no explanation fits
#
# A gradient can be wrong in a way that `check_gradient` does not know. Then no explanation fits all test
# cases. The report says so, and still shows the worst entry and the smallest case. An explanation that
# fits only some of the test cases is not reported.


# %%
def arbitrary(x, t, W, W_prime):
    dE_dW, dE_dW_prime = mlp.gradients(x, t, W, W_prime)
    return dE_dW, np.sin(40 * dE_dW_prime) + np.cos(W_prime)


report = check_gradient(mlp.reference, arbitrary, of_section_3, wrt="W W_prime", examples=20)
print(report)
assert len(report.diagnosis) == 0
assert report.unexplained == ("W_prime",)

# %% [markdown]
# ## In a test
#
# `assert_gradient` takes the same arguments and raises an `AssertionError` with the report as its message.

# %%
assert_gradient(mlp.reference, second_try, of_section_3, wrt="W W_prime", examples=20)
message = ""
try:
    assert_gradient(mlp.reference, first_try, of_section_3, wrt="W W_prime", examples=20)
except AssertionError as failure:
    message = str(failure)
print(message)
assert "h * (1 - h)" in message

# %% [markdown]
# These are the five parts of lesson 1: a loss, three reference methods, a derived tolerance, test values
# that hide no mistake, and a comparison of every entry. `derivations zoo` shows more mistakes and how each
# is found; `derivations exercise list` has gradients for you to write.
#
# ## Break it
#
# Other mistakes between the output and the hidden layer. Before each run, write down the diagnosis that you
# expect; the page prints it and then stops, because it is not h(1 - h).
#
# **The derivative at the input.** In `first_try`, change
#
#     EI = W_prime @ EI_prime
#
# to
#
#     EI = (W_prime @ EI_prime) * u * (1 - u)
#
# **Two at once.** In `first_try`, change
#
#     EI = W_prime @ EI_prime
#
# to
#
#     EI = -2 * W_prime @ EI_prime
