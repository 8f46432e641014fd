# %% [markdown]
# # 6. Numbers that make a check blind
#
# **Claim.** Six ways to choose the numbers, six wrong gradients, and a good check of every single entry
# passes all 6 of them. With other numbers it passes none.
#
# The check on this page has nothing wrong with it: two-sided differences, every entry, relative to the
# entry. What it is given is wrong. A check is a question to a function at one point, and there are points
# at which a wrong function gives the right answer.

# %%
import matplotlib.pyplot as plt
import numpy as np

from derivations import check_gradient, mlp, skipgram
from derivations.paper.skipgram import one_hot
from derivations.paper.softmax_cross_entropy import softmax


def differences(E, arguments, number):
    """∂E/∂(argument of this number) by moving one entry at a time."""
    slope = np.empty_like(arguments[number])
    for entry in np.ndindex(slope.shape):
        above, below = ([a.copy() for a in arguments] for _ in range(2))
        above[number][entry] += 1e-5
        below[number][entry] -= 1e-5
        slope[entry] = (E(*above) - E(*below)) / 2e-5
    return slope


def passes(E, gradient, arguments, number):
    """The check: every entry, to 1e-6 of its size; 1e-9 for what a difference cannot know."""
    hand, moved = gradient(*arguments), differences(E, arguments, number)
    return bool(np.all(np.abs(hand - moved) <= 1e-6 * np.abs(moved) + 1e-9))


def ours(loss, gradient, shapes, wrt):
    """Whether `check_gradient` accepts it, on ten random shapes and values."""
    right = check_gradient(loss, gradient, shapes, wrt=wrt, examples=10).right
    print(f"check_gradient, {gradient.__name__}: {'right' if right else 'wrong'}")
    return right


def E_of_mlp(x, t, W, W_prime):
    return mlp.forward(x, t, W, W_prime)[-1]


def E_of_skipgram(x, t, W, W_prime):
    return skipgram.forward(x, t, W, W_prime)[-1]


rng = np.random.default_rng(0)
verdicts = {}  # what the check says: on the blind numbers, on others
pictures = {}  # the difference of the wrong gradient from the right one: on the blind numbers, on others


def compare(name, E, wrong, number, blind, other):
    """Ask the check twice, and keep what it says and what it could have seen."""
    verdicts[name] = [passes(E, wrong, arguments, number) for arguments in (blind, other)]
    pictures[name] = [wrong(*a) - differences(E, a, number) for a in (blind, other)]
    print(f"{name}: passes on the blind numbers: {verdicts[name][0]}, on others: {verdicts[name][1]}")
    assert verdicts[name] == [True, False], f"{name}: the check says {verdicts[name]}"


# %% [markdown]
# ## 1. Weights of zero
#
# The mistake of lesson 1, h(1 - h) left out of ∂E/∂W. The factors of ∂E/∂w_ki are x_k, h_i(1 - h_i), and
# Σ_j EI'_j w'_ij. Start W' at zero, as many do with a last layer, and the sum is zero. Zero times
# anything is zero: the check compares 0 with 0 and learns nothing about the other factors.


# %%
def slope_left_out(x, t, W, W_prime):
    u, h, u_prime, y, E = mlp.forward(x, t, W, W_prime)
    EI_prime = (y - t) * y * (1 - y)
    return np.outer(x, W_prime @ EI_prime)


x, t, W, W_prime = mlp.example()
zeros = x, t, W, np.zeros_like(W_prime)
compare("W' = 0", E_of_mlp, slope_left_out, 2, zeros, (x, t, W, W_prime))
shapes = "K, M, K N, N M"
assert not ours(mlp.reference, slope_left_out, shapes, "W")

# %% [markdown]
# ## 2. All ones
#
# An input of ones, "so that I can follow the numbers". On p. 4 the paper prints u_i = Σ x_i w_ki, with
# the wrong index at x. Derive from the misprint and ∂E/∂w_ki comes out as EI_i x_i. Where all x are
# equal, any index is as good as any other, and a factor of 1 may just as well be missing. (K = N here, or
# x_i would not even exist.)


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
assert not ours(mlp.reference, index_of_the_misprint, shapes, "W")

# %% [markdown]
# ## 3. An upstream gradient of ones
#
# To test one layer alone, there must be something above it. Its backward pass receives g, the gradient of
# E with respect to its output, and multiplies. Many tests take E = Σ y_j, so that g is all ones.
#
# For the softmax ∂E/∂u_j = y_j (g_j - Σ_k g_k y_k). Here is a version with a plain mean in the place of
# the weighted one. If all g are 1, both brackets are 1 - 1. (The outputs of a softmax add up to one, so E
# = Σ y_j never moves, and a backward pass that returns zeros is right as well.)


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
assert not ours(upstream_in_jax, plain_mean, "M, M", "u")

# %% [markdown]
# For a sigmoid layer the all-ones test is blind to more: forgetting g altogether, y(1 - y) in place of g
# y(1 - y).
#
# ## 4. One context word
#
# In the skip-gram of §6 the errors of C context words are added: EI_j = Σ_c (y_cj - t_cj), so each t
# counts once and y counts C times. A well-known word2vec that runs in the browser counts y once. With C =
# 1 that is the same.


# %%
def y_once(x, t, W, W_prime):
    h, u, y, E = skipgram.forward(x, t, W, W_prime)
    EI = y[0] - t.sum(axis=0)
    return np.outer(h, EI)


x, t, W, W_prime = skipgram.example()
compare("C = 1", E_of_skipgram, y_once, 3, (x, t[:1], W, W_prime), (x, t, W, W_prime))
shapes = "V input, C V target, V N, N V"
assert not ours(skipgram.reference, y_once, shapes, "W_prime")

# %% [markdown]
# ## 5. V = N
#
# Shapes are the cheapest check there is, and nobody has to write it. ∂E/∂W has the shape of W, (V, N);
# sum W' over the wrong axis, or take its transpose, and NumPy refuses, or the result does not fit. Four
# such mistakes, with V ≠ N and with V = N:


# %%
def axis_mistakes(x, t, W, W_prime):
    """Four wrong ∂E/∂W, each as a function to be called."""
    h, u, y, E = skipgram.forward(x, t, W, W_prime)
    EI = (y - t).sum(axis=0)
    return {
        "W'ᵀ in place of W'": lambda: np.outer(x, W_prime.T @ EI),
        "W in place of W'": lambda: np.outer(x, W @ EI),
        "the other axis": lambda: np.outer(x, (W_prime * EI).sum(axis=0)),
        "transposed": lambda: np.outer(W_prime @ EI, x),
    }


def fits(mistake, shape):
    """Whether NumPy computes it at all, and the shape is that of W."""
    try:
        return mistake().shape == shape
    except ValueError:
        return False


for V, N in ((5, 3), (4, 4)):
    x, t = one_hot(1, V), np.stack([one_hot(0, V), one_hot(2, V)])
    W, W_prime = rng.normal(size=(V, N)), rng.normal(size=(N, V))
    unseen = sum(fits(mistake, W.shape) for mistake in axis_mistakes(x, t, W, W_prime).values())
    print(f"V = {V}, N = {N}: {unseen} of 4 mistakes go through without an error")
    assert unseen == (4 if V == N else 0)

# %% [markdown]
# So V = N takes the free check away and leaves the numbers to do it. And if the numbers are symmetric
# too, W' an identity, say, or tied to W, then W' = W'ᵀ and they do not see it either:


# %%
def transposed_weights(x, t, W, W_prime):
    return axis_mistakes(x, t, W, W_prime)["W'ᵀ in place of W'"]()


compare("V = N", E_of_skipgram, transposed_weights, 2, (x, t, W, np.eye(4)), (x, t, W, W_prime))
assert not ours(skipgram.reference, transposed_weights, shapes, "W")

# %% [markdown]
# ## 6. No word twice
#
# Real code does not multiply by one-hot rows; it adds to the rows of the words that occur. `dE_dW[words]
# += g` looks as if it did that, and for a word that occurs twice it adds once: NumPy evaluates the right
# side, then writes each row, the last one wins. A test batch of different words does not show it.


# %%
def E_of_rows(words, G, W):
    """Any loss of the rows W[words]; here a random plane through each, bent a little."""
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
assert not ours(E_of_rows_in_jax, overwritten, shapes, "W")

# %% [markdown]
# ## What the check could have seen
#
# The difference of each wrong gradient from the right one, entry by entry, on one colour scale a column.
# Above with the blind numbers, below with others.

# %% mystnb={"image": {"alt": "Six pairs of maps: all blank on blind numbers, coloured on the others"}}
assert len(verdicts) == 6
fig, axes = plt.subplots(2, 6, figsize=(11, 3.8), layout="constrained")
for column, (name, maps) in zip(axes.T, pictures.items(), strict=True):
    top = np.abs(maps[1]).max()
    for axis, difference in zip(column, maps, strict=True):
        axis.imshow(np.atleast_2d(difference), cmap="RdBu", vmin=-top, vmax=top)
        axis.set(xticks=[], yticks=[])
    column[0].set_title(name)
axes[0, 0].set_ylabel("blind numbers")
axes[1, 0].set_ylabel("other numbers")
plt.show()

# %% [markdown]
# ## A rule to go by
#
# A mistake hides where a factor is 0 or 1, where two things are equal, or where there is only one of
# them. So: random numbers, none of them zero or equal; sizes that are all different, larger than one; a
# random upstream gradient; more than one example, with repeats. And more than one draw: `check_gradient`
# makes a hundred, of all kinds, so that no single unlucky one decides.
#
# ## Break it
#
# **Nearly zero.** Many initialise with small numbers and not with zeros. Change
#
#     zeros = x, t, W, np.zeros_like(W_prime)
#
# to
#
#     zeros = x, t, W, 1e-3 * W_prime
#
# Predict: does the check see the missing h(1 - h) now?
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
