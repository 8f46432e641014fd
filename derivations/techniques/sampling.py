"""§8, p. 11: which words are read, and which are drawn as noise (Mikolov et al. 2013b, arXiv 1310.4546).

    counts n  --/ Σ n-->  f  --threshold s-->  discard, or keep       subsampling of frequent words
    counts n  --^3/4, / Σ-->  P_n                                     negatives are drawn from it

Both work on counts alone, before any vector exists. The paper prints when a word is discarded (eq. 5);
its program, word2vec.c, keeps by another formula, which is here beside it, with the difference.

Where a block of words shares its K negatives, each weighted n / K, the expectation is that of n of one's
own: the last equations.

i, j and k count V words. The threshold, the paper's t, is ``s``, word2vec's ``sample``, because t is the
target elsewhere. ``check_counts`` and ``check_subsampling`` refuse what the formulas do not speak of.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray as Array

from derivations.ledger import definition, equation
from derivations.notation import notation
from derivations.paper.mlp import sigmoid
from derivations.techniques.negative_sampling import log_sigmoid

SECTION = "8"

NOTATION = notation("""
    name    paper   shape   drawn      meaning
    f       f_i     V       positive   relative frequencies of the words
    s       s       ()      fraction   threshold: sample in word2vec, t in the paper
    counts  n_i     V       positive   how often each word occurs, in any unit
    P       P_i     V       -          discard, as printed; negative for a word that is kept
    r       r_i     V       -          √(s / f_i): the paper keeps with it, if it is below 1
    Q       Q_i     V       -          keep, as the print is meant: never more than 1
    K       K_i     V       -          keep, as word2vec.c does
    power   α       ()      fraction   the power of the counts, 3/4 in the paper
    P_n     Pn_k    V       -          the noise distribution
    q       q_j     V       positive   what negatives are drawn from, such as P_n
    u       u_j     V       real       the score of each word, asked for as a negative
    n       n       ()      real       how many negatives the loss counts
    E       E       ()      -          what those negatives cost on average, one number
""")

PRINT = "Mikolov et al. 2013b"
PHI = (1 + 5**0.5) / 2
"""The golden ratio: 1/φ + 1/φ² = 1, so word2vec.c begins to discard at f = φ² s = 2.618 s."""


def example() -> tuple[Array, float]:
    """The counts of five words (5,), the first a “the”, and a threshold s = 1e-3."""
    return np.array([60_000.0, 9_000.0, 900.0, 90.0, 10.0]), 1e-3


# --- subsampling of frequent words ------------------------------------------------------------------


@definition(11, 1, r"P(w_i) = 1 - \sqrt{\frac{s}{f(w_i)}}", source=f"{PRINT}, eq. 5", lhs="P",
            model="subsampling")
def discard_probability(f: Float[Array, "V"], s: float) -> Float[Array, "V"]:
    """The share of a word's occurrences to discard, as printed: below 0 for f < s.

    A negative probability is meant as 0: a word below the threshold is always kept. With s = 0 this is
    1, all is discarded; word2vec means “keep everything” by it, see :func:`keep_probability`.

    >>> counts, s = example()
    >>> discard_probability(counts / counts.sum(), s).round(3)
    array([ 0.966,  0.912,  0.721,  0.118, -1.646])
    """
    check_subsampling(f, s)
    return 1 - np.sqrt(s / np.asarray(f))


@equation(11, 1.1, r"\min \left( 1, \sqrt{\frac{s}{f_i}} \right) = 1 - \max(0, P(w_i))", lhs="Q",
          model="subsampling", ours=True)
def printed_keep_probability(f: Float[Array, "V"], s: float) -> Float[Array, "V"]:
    """What eq. 5 keeps, read as it is meant.

    >>> counts, s = example()
    >>> printed_keep_probability(counts / counts.sum(), s).round(3)
    array([0.034, 0.088, 0.279, 0.882, 1.   ])
    """
    check_subsampling(f, s)
    return np.minimum(1, np.sqrt(s / np.asarray(f)))


@definition(11, 2, r"K_i = \min \left( 1, \left( \sqrt{\frac{f_i}{s}} + 1 \right) \cdot"
            r" \frac{s}{f_i} \right)", source="word2vec.c, ran", lhs="K", model="subsampling")
def keep_probability(f: Float[Array, "V"], s: float) -> Float[Array, "V"]:
    """The share of a word's occurrences that word2vec.c keeps (and gensim); s = 0 keeps everything.

    >>> counts, s = example()
    >>> keep_probability(counts / counts.sum(), s).round(3), keep_probability(counts, 0.0)
    (array([0.035, 0.096, 0.357, 1.   , 1.   ]), array([1., 1., 1., 1., 1.]))
    """
    check_subsampling(f, s)
    if s == 0:
        return np.ones(np.shape(f))
    f = np.asarray(f)
    return np.minimum(1, (np.sqrt(f / s) + 1) * s / f)


@equation(11, 2.1, r"\left( \sqrt{\frac{f_i}{s}} + 1 \right) \cdot \frac{s}{f_i} = (1 - P(w_i)) +"
          r" \frac{s}{f_i} = r_i + r_i^2", model="subsampling", ours=True,
          lhs=lambda f, s: (np.sqrt(f / s) + 1) * s / f,
          note="Before either is cut at 1. The two are different functions: word2vec.c keeps more.")
def keep_beside_the_print(f: Float[Array, "V"], s: float) -> Float[Array, "V"]:
    """word2vec.c keeps r² = s/f more than the print, which keeps r = 1 - P."""
    r = np.sqrt(s / f)
    return r + r * r


@equation(11, 2.2, r"K_i = 1 \iff f_i \le \varphi^2 s, \quad \varphi = \frac{1 + \sqrt{5}}{2}",
          model="subsampling", lhs=lambda f, s: keep_probability(f, s) == 1, ours=True,
          note="The print discards from f > s on. gensim computes a count threshold with 3 + √5.")
def always_kept(f: Float[Array, "V"], s: float) -> Bool[Array, "V"]:
    """word2vec.c keeps every word up to 2.618 s: there r = 1/φ, and r + r² = 1."""
    return f <= PHI**2 * s


@equation(11, 2.3, r"0 \le K_i - (1 - \max(0, P(w_i))) \le 2 - \varphi = 0.382", ours=True,
          model="subsampling", lhs=lambda V: np.ones(V, dtype=bool),
          note="The two differ most at f = φ² s: word2vec.c keeps all, the print 61.8 %.")
def difference_is_bounded(f: Float[Array, "V"], s: float) -> Bool[Array, "V"]:
    """By how much the two differ: min(1, r + r²) - min(1, r) is never more than 1 - 1/φ."""
    difference = keep_probability(f, s) - printed_keep_probability(f, s)
    return (difference >= 0) & (difference <= 2 - PHI + 1e-15)


# --- the noise distribution -------------------------------------------------------------------------


@definition(11, 3, r"P_n(w_i) = \frac{n_i^{3/4}}{\sum_{k=1}^{V} n_k^{3/4}}",
            source=f"{PRINT}, §2.2: the unigram distribution to the 3/4 power, over Z",
            lhs=lambda counts: counts**0.75 / np.sum(counts**0.75))
def three_quarters(counts: Float[Array, "V"]) -> Float[Array, "V"]:
    """The paper's choice, and word2vec.c's: between as often as in the text and all alike."""
    return noise_distribution(counts)


@definition(11, 3.01, r"P_n(w_i) = \frac{n_i^{\alpha}}{\sum_{k=1}^{V} n_k^{\alpha}}", lhs="P_n",
            ours=True, model="noise")
def noise_distribution(counts: Float[Array, "V"], power: float = 0.75) -> Float[Array, "V"]:
    """The chance of each word to be drawn as a negative: (V,) float64, from counts of any dtype.

    Raises ``ValueError``, in one line, for counts that are not above 0 and a power that is not finite.

    >>> counts, s = example()
    >>> noise_distribution(counts).round(4)
    array([0.7734, 0.1864, 0.0331, 0.0059, 0.0011])
    """
    check_counts(counts)
    if not np.isfinite(power):
        raise ValueError(f"power is {power}: give a finite number, 0.75 in the paper")
    largest = np.max(counts)  # cancels in the fraction, and nothing overflows
    weights = (np.asarray(counts, dtype=float) / largest) ** power
    return weights / np.sum(weights)


@equation(11, 3.1, r"\sum_{i=1}^{V} P_n(w_i) = 1", model="noise", lhs=lambda: 1.0, ours=True)
def sums_to_one(counts: Float[Array, "V"]) -> Any:
    """It is a distribution."""
    return np.sum(noise_distribution(counts))


@equation(11, 3.2, r"n_i < n_k \iff P_n(w_i) < P_n(w_k)", ours=True, model="noise",
          lhs=lambda counts: counts[:, None] < counts)
def order_is_kept(counts: Float[Array, "V"]) -> Bool[Array, "V V"]:
    """A word that is more frequent is drawn more often."""
    P_n = noise_distribution(counts)
    return P_n[:, None] < P_n


@equation(11, 3.3, r"\frac{P_n(w_i)}{P_n(w_k)} = \frac{f_i}{f_k} \cdot"
          r" \left( \frac{f_k}{f_i} \right)^{1/4}", ours=True, model="noise",
          lhs=lambda counts: np.divide.outer(noise_distribution(counts), noise_distribution(counts)))
def rare_words_gain(i: Any, k: Any, counts: Float[Array, "V"]) -> Any:
    """Beside the unigram distribution, word i gains on word k by the fourth root of f_k / f_i."""
    return counts[i] / counts[k] * (counts[k] / counts[i]) ** 0.25


@equation(11, 3.4, r"P_n(a \cdot n) = P_n(n)", ours=True, model="noise",
          lhs=lambda counts: noise_distribution(1000 * counts))
def any_unit(counts: Float[Array, "V"]) -> Float[Array, "V"]:
    """Counts, frequencies, counts per million: the unit cancels."""
    return noise_distribution(counts)


@equation(11, 4, r"P_n = U(w_i) = \frac{n_i}{\sum_{k=1}^{V} n_k} \text{ for the power } 1", model="noise",
          source=f"{PRINT}, §2.2: the unigram distribution", lhs=lambda counts: counts / np.sum(counts))
def unigram(counts: Float[Array, "V"]) -> Float[Array, "V"]:
    """The paper's first rival: draw words as often as they occur."""
    return noise_distribution(counts, power=1.0)


@equation(11, 5, r"P_n = \frac{1}{V} \text{ for the power } 0", model="noise",
          source=f"{PRINT}, §2.2: the uniform distribution", lhs=lambda V: np.full(V, 1 / V))
def uniform(counts: Float[Array, "V"]) -> Float[Array, "V"]:
    """The second: draw all words alike."""
    return noise_distribution(counts, power=0.0)


# --- negatives that are shared ----------------------------------------------------------------------


@equation(11, 5.1, r"\mathbb{E} \left[ \frac{c_j}{K} \right] = q_j, \quad c_j = \text{how often } K"
          r" \text{ draws find word } j; \quad K = 1, 2, 3", model="shared", ours=True,
          lhs=lambda q: np.stack([q, q, q]))
def expected_share(q: Float[Array, "V"]) -> Float[Array, "3 V"]:
    """Over all possible draws, a word is its share of them, however many are drawn."""
    return np.stack([expected_count(q, K) / K for K in (1, 2, 3)])


@equation(11, 6, r"\mathbb{E} \left[ \sum_{k=1}^{K} -\frac{n}{K} \log \sigma(-u_{w_k}) \right] ="
          r" -n \; \mathbb{E}_{w \sim q} \left[ \log \sigma(-u_w) \right], \quad K = 3", lhs="E",
          model="shared", source=f"{PRINT}, eq. 4, its second term for n negatives",
          note="By the line above, for any K. Draws that meet the true word may be left out on both sides.")
def expected_loss(u: Float[Array, "V"], q: Float[Array, "V"], n: Any) -> Any:
    """K shared negatives with the weight n / K cost on average what n of one's own do."""
    return np.sum(n / 3 * expected_count(q, 3) * -log_sigmoid(-u))


@equation(11, 6.1, r"\mathbb{E} \left[ \frac{n}{K} c_j \, \sigma(u_j) \right] ="
          r" \frac{\partial E}{\partial u_j} = n \, q_j \, \sigma(u_j), \quad K = 3", lhs="dE_du",
          model="shared", ours=True)
def expected_gradient(u: Float[Array, "V"], q: Float[Array, "V"], n: Any) -> Float[Array, "V"]:
    """And so is their gradient on average: the shared draws change its noise, not its mean."""
    return n / 3 * expected_count(q, 3) * sigmoid(u)


def expected_count(q: Float[Array, "V"], K: int) -> Float[Array, "V"]:
    """How often K draws find each word on average: all V^K draws, each with its probability.

    >>> expected_count(np.array([0.5, 0.25, 0.25]), 2)
    array([1. , 0.5, 0.5])
    """
    draws = np.indices((len(q),) * K).reshape(K, -1)
    probability = np.prod(q[draws], axis=0)
    return np.sum([np.bincount(words, probability, len(q)) for words in draws], axis=0)


# --- what the formulas do not speak of --------------------------------------------------------------


def check_counts(counts: Any) -> None:
    """Raise ``ValueError``, in one line, unless counts are numbers above 0, one a word, at least one."""
    _check_positive("counts", counts, "drop the words that do not occur")


def check_subsampling(f: Any, s: Any) -> None:
    """Raise ``ValueError``, in one line, for frequencies that are not above 0 and a threshold below 0."""
    _check_positive("f", f, "give counts / counts.sum()")
    if not (isinstance(s, int | float | np.number) and 0 <= s < np.inf):
        raise ValueError(f"s is {s}: give one number from 0 up, such as 1e-3; 0 keeps every word")


def _check_positive(name: str, numbers: Any, repair: str) -> None:
    array = np.asarray(numbers)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} has dtype {array.dtype}: give an array of numbers, one for each word")
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}: give one number for each word, at least one")
    wrong = np.flatnonzero(~((array > 0) & (array < np.inf)))
    if wrong.size:
        raise ValueError(f"{name}[{wrong[0]}] is {array[wrong[0]]}, which is not above 0: {repair}")


# --- the forward passes, and for JAX the same by way of logarithms ------------------------------------


def forward_subsampling(f: Float[Array, "V"], s: float) -> tuple[Any, ...]:
    """From frequencies to what is kept; returns P, r, Q, K, each (V,)."""
    P = 1 - np.sqrt(s / f)
    r = np.sqrt(s / f)
    Q = 1 - np.maximum(0, P)
    K = np.minimum(1, r + r * r)
    return P, r, Q, K


def reference_subsampling(f: Any, s: Any) -> Any:
    """The same, in JAX: the root is half a logarithm."""
    import jax.numpy as jnp

    r = jnp.exp((jnp.log(s) - jnp.log(f)) / 2)
    P = 1 - r
    Q = 1 - jnp.maximum(1 - r, 0)
    K = 1 - jnp.maximum(1 - r - r * r, 0)
    return K


def forward_shared(u: Float[Array, "V"], q: Float[Array, "V"], n: Any) -> tuple[Any, ...]:
    """What n negatives cost on average; returns E ()."""
    E = -n * np.sum(q * log_sigmoid(-u))
    return (E,)


def reference_shared(u: Any, q: Any, n: Any) -> Any:
    """The same, in JAX."""
    import jax
    import jax.numpy as jnp

    E = n * jnp.sum(q * jax.nn.softplus(u))
    return E


def forward_noise(counts: Float[Array, "V"], power: float) -> tuple[Any, ...]:
    """From counts to the noise distribution; returns P_n (V,)."""
    P_n = counts**power / np.sum(counts**power)
    return (P_n,)


def reference_noise(counts: Any, power: Any) -> Any:
    """The same, in JAX: a power over the sum of powers is a softmax of logarithms."""
    import jax
    import jax.numpy as jnp

    P_n = jax.nn.softmax(power * jnp.log(counts))
    return P_n
