# %% [markdown]
# # 9. Reading a diagnosis
#
# **Claim.** A table of differences can be read. Where one shape leaves 3 explanations of the same wrong
# gradient standing, 20 shapes leave 1, and that is what `check_gradient` reports, with its evidence. To a
# gradient without rhyme or reason it finds 0 explanations, and says so.
#
# The skip-gram of §6: a word x, its C context words t, EI_j = Σ_c (y_cj - t_cj). Somebody took the mean
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
# On the paper's example, divide your gradient by the right one.

# %%
arguments = skipgram.example()
ratio = mean_of_errors(*arguments) / skipgram.gradients(*arguments)[1]
print(ratio.round(12))
assert np.allclose(ratio, 0.5)

# %% [markdown]
# One half, everywhere. So a factor ½ is too many? Perhaps. But C = 2 here, and 1/C is one half too. So is
# (N - 1)/4, with N = 3; nobody would propose that one, but the numbers do not know. A single instance
# cannot tell them apart, and the three ask for different repairs.
#
# An explanation is a prediction about *all* instances. So draw others, of other shapes, and drop every
# explanation that fails on one of them:


# %%
def right_over_wrong(seed):
    """The sizes of a random instance, and the one factor between the two gradients."""
    rng = np.random.default_rng(seed)
    V, N, C = rng.integers(2, 9, 3)
    x, W, W_prime = np.eye(V)[rng.integers(V)], rng.normal(size=(V, N)), rng.normal(size=(N, V))
    t = np.eye(V)[rng.integers(V, size=C)]
    hand, right = mean_of_errors(x, t, W, W_prime), skipgram.gradients(x, t, W, W_prime)[1]
    return {"V": V, "N": N, "C": C}, np.median(hand / right)


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
    sizes, found = right_over_wrong(seed)
    standing = [name for name in standing if np.isclose(explanations[name](**sizes), found)]
print("after 20 shapes:          ", ", ".join(standing))
assert standing == ["1/C"]
assert len(standing) == 1

# %% [markdown]
# That is all there is to a diagnosis. The rest is having many explanations to try, simplest first, and
# shapes that are unequal, so that V, N and C cannot stand for each other (lesson 6 again).
#
# ## The same by program
#
# `print` shows a report as the terminal does. In a notebook, the report as the last line of a cell shows
# the two gradients and their difference as three maps on one scale.

# %%
report = check_gradient(skipgram.reference, mean_of_errors, of_section_6, wrt="W_prime", examples=12)
print(report)
report

# %% [markdown]
# Read it from the top:
#
# 1. **The verdict**, and under it the diagnosis: *what* is wrong, in which argument, and on how many
#    instances that explained every entry. This is the sentence to act on.
# 2. **The table**: on how many instances each argument failed. One argument right and another wrong is a
#    strong hint: the mistake lies on the way between them (lesson 1).
# 3. **The smallest failing case**, with all sizes and numbers as small as they can be while it still
#    fails. Often the sizes say it all: this one needs C = 2, so with one context word there is nothing
#    wrong.
# 4. **A line to paste**, to see just that case again while you look for the mistake.

# %%
(explanation, *_) = report.diagnosis
assert explanation.kind == "constant-factor"
assert explanation.detail == "1/C"
assert report.smallest.sizes["C"] == 2

# %% [markdown]
# ## From the mistake to the repair
#
# Lesson 1 again. There a table of ratios had equal rows; here is what the program makes of it.


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
# It names the factor by the quantity it is. The repair is one line; then check again, because a second
# mistake may have been hiding behind the first.


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
# ## When nothing fits
#
# A gradient may be wrong in a way that nobody thought of. Then no explanation survives, and the report
# says that, and still shows where it is worst, and the smallest case. A guess that fits half of the
# instances is not an explanation and is not printed.


# %%
def nonsense(x, t, W, W_prime):
    dE_dW, dE_dW_prime = mlp.gradients(x, t, W, W_prime)
    return dE_dW, np.sin(40 * dE_dW_prime) + np.cos(W_prime)


report = check_gradient(mlp.reference, nonsense, of_section_3, wrt="W W_prime", examples=20)
print(report)
assert len(report.diagnosis) == 0
assert report.unexplained == ("W_prime",)

# %% [markdown]
# ## In a test
#
# `assert_gradient` takes the same arguments and fails with the report as its message: a line in your test
# file, next to the function that it guards.

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
# Now you have all five parts of lesson 1: a loss, three other ways to its derivative, a tolerance that
# was derived, numbers that hide nothing, every entry compared. `derivations zoo` shows more mistakes and
# how each is found; `derivations exercise list` has some gradients for you to write.
#
# ## Break it
#
# Other mistakes, on the way from the output back to the hidden layer. Before each run, write down what
# you expect the diagnosis to say; the page prints it and then stops, since it is not h(1 - h) any more.
#
# **The slope from what entered.** In `first_try`, change
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
