# %% [markdown]
# # 6. Test values that hide mistakes
#
# **Claim.** Here are six wrong gradients and six choices of test values, and a good check of every single
# entry accepts all 6 of them. With other values it accepts none.
#
# The check on this page is a good one: two-sided differences, every entry, relative to the entry. Its test
# values are not. A check compares functions at one point, and there are points where a wrong gradient has
# the right value.

# %%
import matplotlib.pyplot as plt
import numpy as np

from derivations import check_gradient, mlp, skipgram
from derivations.paper.skipgram import one_hot
from derivations.paper.softmax_cross_entropy import softmax


def differences(E, arguments, number):
    """∂E/∂(argument of this number) by changing one entry at a time."""
    slope = np.empty_like(arguments[number])
    for entry in np.ndindex(slope.shape):
        above, below = ([a.copy() for a in arguments] for _ in range(2))
        above[number][entry] += 1e-5
        below[number][entry] -= 1e-5
        slope[entry] = (E(*above) - E(*below)) / 2e-5
    return slope


def passes(E, gradient, arguments, number):
    """The check: every entry, to 1e-6 of its size; an absolute 1e-9 for the error of a difference."""
    manual, moved = gradient(*arguments), differences(E, arguments, number)
    return bool(np.all(np.abs(manual - moved) <= 1e-6 * np.abs(moved) + 1e-9))


def check_gradient_accepts(loss, gradient, shapes, wrt):
    """Whether `check_gradient` accepts it, on ten random shapes and values."""
    right = check_gradient(loss, gradient, shapes, wrt=wrt, examples=10).right
    print(f"check_gradient, {gradient.__name__}: {'right' if right else 'wrong'}")
    return right


def E_of_mlp(x, t, W, W_prime):
    return mlp.forward(x, t, W, W_prime)[-1]


def E_of_skipgram(x, t, W, W_prime):
    return skipgram.forward(x, t, W, W_prime)[-1]


rng = np.random.default_rng(0)
verdicts = {}  # whether the check accepts: with the values that hide the mistake, with others
pictures = {}  # the difference of the wrong gradient from the right one, with the same values


def compare(name, E, wrong, number, blind, other):
    """Check with both kinds of values, and keep the results and the differences."""
    verdicts[name] = [passes(E, wrong, arguments, number) for arguments in (blind, other)]
    pictures[name] = [wrong(*a) - differences(E, a, number) for a in (blind, other)]
    print(f"{name}: accepted: {verdicts[name][0]}, with other values: {verdicts[name][1]}")
    assert verdicts[name] == [True, False], f"{name}: accepted: {verdicts[name]}"


# %% [markdown]
# ## 1. Weights of zero
#
# The mistake of lesson 1: ∂E/∂W without h(1 - h). The factors of ∂E/∂w_ki are x_k, h_i(1 - h_i), and Σ_j
# EI'_j w'_ij. If W' is zero, a common initial value for a last layer, the sum is zero. Then the check
# compares 0 with 0, whatever the other factors are.


# %%
def slope_left_out(x, t, W, W_prime):
    u, h, u_prime, y, E = mlp.forward(x, t, W, W_prime)
    EI_prime = (y - t) * y * (1 - y)
    return np.outer(x, W_prime @ EI_prime)


x, t, W, W_prime = mlp.example()
zeros = x, t, W, np.zeros_like(W_prime)
compare("W' = 0", E_of_mlp, slope_left_out, 2, zeros, (x, t, W, W_prime))
shapes = "K, M, K N, N M"
assert not check_gradient_accepts(mlp.reference, slope_left_out, shapes, "W")

# %% [markdown]
# ## 2. All ones
#
# An input of ones is easy to follow. On p. 4 the paper prints u_i = Σ x_i w_ki, with a wrong index of x.
# Derived from the misprint, ∂E/∂w_ki is EI_i x_i. If all x are equal, a wrong index has no effect, and
# neither has a missing factor of 1. (K = N here; otherwise x_i would not exist.)


# %%
def index_of_the_misprint(x, t, W, W_prime):
    u, h, u_prime, y, E = mlp.forward(x, t, W, W_prime)
    EI = (W_prime @ ((y - t) * y * (1 - y))) * h * (1 - h)
    return np.tile(EI * x[np.arange(len(EI)) % len(x)], (len(x), 1))


square = rng.normal(size=(4, 4)), rng.normal(size=(4, 3))
compare(
    "x = 1",
    E_of_mlp,
    index_of_the_misprint,
    2,
    (np.ones(4), t[:3], *square),
    (rng.normal(size=4), t[:3], *square),
)
assert not check_gradient_accepts(mlp.reference, index_of_the_misprint, shapes, "W")

# %% [markdown]
# ## 3. An upstream gradient of ones
#
# A test of a single layer needs a loss. The backward pass of the layer receives g, the gradient of E with
# respect to its output. Many tests use E = Σ y_j, so that g is all ones.
#
# For the softmax ∂E/∂u_j = y_j (g_j - Σ_k g_k y_k). Here is a version with a plain mean in place of the
# weighted one. If all g are 1, both brackets are 1 - 1. (The outputs of a softmax sum to one, so E = Σ y_j
# is constant, and a backward pass that returns zeros passes as well.)


# %%
def upstream(u, g):
    return np.sum(g * softmax(u))


def plain_mean(u, g):
    return softmax(u) * (g - g.mean())


def upstream_in_jax(u, g):
    import jax

    return (g * jax.nn.softmax(u)).sum()


u, g = rng.normal(size=(2, 5))
compare("g = 1", upstream, plain_mean, 0, (u, np.ones(5)), (u, g))
assert not check_gradient_accepts(upstream_in_jax, plain_mean, "M, M", "u")

# %% [markdown]
# For a sigmoid layer a test with ones also accepts a gradient without g, y(1 - y) in place of g y(1 - y).
#
# ## 4. One context word
#
# In the skip-gram of §6 the errors of C context words are added: EI_j = Σ_c (y_cj - t_cj), so each t
# occurs once and y occurs C times. A well-known word2vec in JavaScript has y once. With C = 1 that is the
# same.


# %%
def y_once(x, t, W, W_prime):
    h, u, y, E = skipgram.forward(x, t, W, W_prime)
    EI = y[0] - t.sum(axis=0)
    return np.outer(h, EI)


x, t, W, W_prime = skipgram.example()
compare("C = 1", E_of_skipgram, y_once, 3, (x, t[:1], W, W_prime), (x, t, W, W_prime))
shapes = "V input, C V target, V N, N V"
assert not check_gradient_accepts(skipgram.reference, y_once, shapes, "W_prime")

# %% [markdown]
# ## 5. V = N
#
# Shapes are the cheapest check: NumPy does it for you. ∂E/∂W has the shape of W, (V, N); with a sum of W'
# over the wrong axis, or its transpose, NumPy raises an error or the result has another shape. Four such
# mistakes, with V ≠ N and with V = N:


# %%
def axis_mistakes(x, t, W, W_prime):
    """Four wrong ∂E/∂W, each as a function."""
    h, u, y, E = skipgram.forward(x, t, W, W_prime)
    EI = (y - t).sum(axis=0)
    return {
        "W'ᵀ in place of W'": lambda: np.outer(x, W_prime.T @ EI),
        "W in place of W'": lambda: np.outer(x, W @ EI),
        "the other axis": lambda: np.outer(x, (W_prime * EI).sum(axis=0)),
        "transposed": lambda: np.outer(W_prime @ EI, x),
    }


def fits(mistake, shape):
    """Whether it raises no error, and the result has the shape of W."""
    try:
        return mistake().shape == shape
    except ValueError:
        return False


for V, N in ((5, 3), (4, 4)):
    x, t = one_hot(1, V), np.stack([one_hot(0, V), one_hot(2, V)])
    W, W_prime = rng.normal(size=(V, N)), rng.normal(size=(N, V))
    unseen = sum(fits(mistake, W.shape) for mistake in axis_mistakes(x, t, W, W_prime).values())
    print(f"V = {V}, N = {N}: {unseen} of 4 mistakes have the right shape")
    assert unseen == (4 if V == N else 0)

# %% [markdown]
# So with V = N only the values can show the mistake. And if W' is symmetric, such as an identity matrix,
# then W' = W'ᵀ and the values do not show it either:


# %%
def transposed_weights(x, t, W, W_prime):
    return axis_mistakes(x, t, W, W_prime)["W'ᵀ in place of W'"]()


compare("V = N", E_of_skipgram, transposed_weights, 2, (x, t, W, np.eye(4)), (x, t, W, W_prime))
assert not check_gradient_accepts(skipgram.reference, transposed_weights, shapes, "W")

# %% [markdown]
# ## 6. No word twice
#
# Real code does not multiply by one-hot rows; it adds to the rows of the words that occur. `dE_dW[words]
# += g` seems to do that, but for a word that occurs twice it adds only one of the rows: NumPy evaluates the
# right side, then assigns the rows, and the last one remains. A batch of different words does not show it.


# %%
def E_of_rows(words, G, W):
    """A loss of the rows W[words]."""
    return np.sum(np.tanh(W[words]) * G)


def overwritten(words, G, W):
    dE_dW = np.zeros_like(W)
    dE_dW[words] += G * (1 - np.tanh(W[words]) ** 2)
    return dE_dW


def E_of_rows_in_jax(words, G, W):
    import jax.numpy as jnp

    return jnp.sum(jnp.tanh(W[words]) * G)


G, W = rng.normal(size=(3, 2)), rng.normal(size=(5, 2))
different, repeated = np.array([4, 0, 2]), np.array([4, 0, 4])
compare("no repeats", E_of_rows, overwritten, 2, (different, G, W), (repeated, G, W))
shapes = "B words of V, B N, V N"
assert not check_gradient_accepts(E_of_rows_in_jax, overwritten, shapes, "W")

# %% [markdown]
# ## The differences
#
# The difference of each wrong gradient from the right one, entry by entry, with one color scale for each
# column: in the first row with the values that hide the mistake, in the second with others.

# %% mystnb={"image": {"alt": "Six pairs of maps: all blank in the first row, colored in the second"}}
assert len(verdicts) == 6
fig, axes = plt.subplots(2, 6, figsize=(11, 3.8), layout="constrained")
for column, (name, maps) in zip(axes.T, pictures.items(), strict=True):
    top = np.abs(maps[1]).max()
    for axis, difference in zip(column, maps, strict=True):
        axis.imshow(np.atleast_2d(difference), cmap="RdBu", vmin=-top, vmax=top)
        axis.set(xticks=[], yticks=[])
    column[0].set_title(name)
axes[0, 0].set_ylabel("hide the mistake")
axes[1, 0].set_ylabel("other values")
plt.show()

# %% [markdown]
# ## Rules for test values
#
# A mistake is hidden where a factor is 0 or 1, where two values or sizes are equal, or where a size is 1.
# So use random numbers, nonzero and distinct; sizes that are all different and larger than one; a random
# upstream gradient; more than one example, with repeats. And use more than one test case: `check_gradient`
# draws a hundred, of all kinds.
#
# ## Break it
#
# **Nearly zero.** Initial values are often small but not zero. Change
#
#     zeros = x, t, W, np.zeros_like(W_prime)
#
# to
#
#     zeros = x, t, W, 1e-3 * W_prime
#
# Predict: does the check detect the missing h(1 - h) now?
#
# **Two contexts, the same word.** In section 4, change
#
#     compare("C = 1", E_of_skipgram, y_once, 3, (x, t[:1], W, W_prime), (x, t, W, W_prime))
#
# to
#
#     compare("C = 1", E_of_skipgram, y_once, 3, (x, t[[0, 0]], W, W_prime), (x, t, W, W_prime))
#
# Predict whether it matters that the two context words are equal.
