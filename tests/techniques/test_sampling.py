"""Which words are kept and which are drawn: the distributions, and that samples follow them."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from derivations.ledger import Entry, entries_of
from derivations.oracle.verdicts import verify
from derivations.techniques import sampling
from tests.support import title, with_hand

ENTRIES = sorted(entries_of(sampling, {}), key=lambda entry: entry.item)
COUNTS = np.array([60_000, 9_000, 900, 90, 10])
FALSE_ALARM = 1e-9
"""How often a right distribution may fail a test of its samples; the seeds are fixed besides."""


@pytest.mark.parametrize("entry", ENTRIES, ids=title)
def test_holds_on_random_instances(entry: Entry) -> None:
    (verdict,) = verify([entry], 200, seed=5)
    assert verdict.holds, verdict.reason


# --- samples follow the distribution ----------------------------------------------------------------


def p_value(counts: Any, distribution: Any) -> float:
    """Pearson's chi-square: how often samples of this distribution would be as far off as these."""
    expected = np.asarray(distribution) * np.sum(counts)
    assert expected.min() > 20, "too few to tell"
    return float(stats.chisquare(counts, expected).pvalue)


def drawn(counts: Any, power: float, draws: int = 1_000_000) -> Any:
    """How often each word comes when ``choice`` draws by the noise distribution of this power."""
    rng = np.random.default_rng(17)
    words = rng.choice(len(counts), size=draws, p=sampling.noise_distribution(counts, power))
    return np.bincount(words, minlength=len(counts))


def test_samples_of_the_noise_distribution_match_its_expectation() -> None:
    assert p_value(drawn(COUNTS, 0.75), three_quarters(COUNTS)) > FALSE_ALARM


@pytest.mark.parametrize("power", [1.0, 0.0, 0.74, 0.77])
def test_samples_of_another_power_are_told_apart(power: float) -> None:
    assert p_value(drawn(COUNTS, power), three_quarters(COUNTS)) < FALSE_ALARM


def three_quarters(counts: Any) -> Any:
    """The expectation, stated again in long double."""
    weights = np.asarray(counts, dtype=np.longdouble) ** np.longdouble("0.75")
    return (weights / weights.sum()).astype(float)


def kept_share(keep: Any, draws: int = 200_000) -> tuple[Any, int]:
    """The share of each word that stays when every occurrence is kept with its probability."""
    rng = np.random.default_rng(18)
    return np.array([(rng.random(draws) < probability).mean() for probability in keep]), draws


def deviation_allowed(probability: Any, draws: int) -> Any:
    """Bernstein: a mean of draws is farther off than this less than once in 1 / FALSE_ALARM."""
    log = np.log(2 / FALSE_ALARM)
    return np.sqrt(2 * probability * (1 - probability) * log / draws) + 2 * log / (3 * draws)


@pytest.mark.parametrize("s", [1e-2, 1e-3, 1e-4])
def test_a_subsampled_text_has_the_expected_share_of_each_word(s: float) -> None:
    f = COUNTS / COUNTS.sum()
    expected = np.array([min(1.0, (s / f_i) ** 0.5 + s / f_i) for f_i in f])
    share, draws = kept_share(sampling.keep_probability(f, s))
    assert np.all(np.abs(share - expected) <= deviation_allowed(expected, draws))


def test_the_print_in_the_place_of_word2vec_c_is_told_apart() -> None:
    f, s = COUNTS / COUNTS.sum(), 1e-3
    expected = np.minimum(1.0, np.sqrt(s / f) + s / f)
    share, draws = kept_share(sampling.printed_keep_probability(f, s))
    off = np.abs(share - expected) > deviation_allowed(expected, draws)
    assert off.tolist() == [False, True, True, True, False], "rare words are kept by both"


# --- negatives that are shared ----------------------------------------------------------------------


@given(size=st.integers(1, 5), draws=st.integers(1, 5), n=st.integers(1, 20), seed=st.integers(0, 2**32))
def test_shared_negatives_have_the_expected_loss_and_gradient_for_any_number_of_draws(
    size: int, draws: int, n: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    q = sampling.noise_distribution(rng.integers(1, 1000, size))
    u = 3 * rng.standard_normal(size)
    loss, slope = np.log1p(np.exp(u)), 1 / (1 + np.exp(-u))
    mean_loss, mean_slope = 0.0, np.zeros(size)
    for words in itertools.product(range(size), repeat=draws):
        weight = np.prod(q[list(words)]) * n / draws
        mean_loss += weight * loss[list(words)].sum()
        np.add.at(mean_slope, list(words), weight * slope[list(words)])
    assert mean_loss == pytest.approx(n * (q @ loss), rel=1e-12)
    np.testing.assert_allclose(mean_slope, n * q * slope, rtol=1e-12)
    np.testing.assert_allclose(sampling.expected_count(q, draws), draws * q, rtol=1e-12)


def test_negatives_drawn_by_a_seeded_generator_have_that_mean() -> None:
    """2,000 blocks of 64 draws, each draw weighted 5/64: Hoeffding, at one false alarm in 1e9."""
    q, u = sampling.noise_distribution(COUNTS), np.array([2.0, 1.0, 0.0, -1.0, -2.0])
    loss = np.log1p(np.exp(u))
    words = np.random.default_rng(19).choice(5, size=(2000, 64), p=q)
    found = (5 / 64 * loss[words].sum(axis=1)).mean()
    allowed = 5 * np.ptp(loss) * np.sqrt(np.log(2 / FALSE_ALARM) / (2 * words.size))
    assert abs(found - 5 * (q @ loss)) <= allowed
    unigram = sampling.noise_distribution(COUNTS, power=1.0)
    assert abs(found - 5 * (unigram @ loss)) > allowed, "another distribution must be told apart"


# --- the two formulas, by numbers that can be looked up ----------------------------------------------


def test_the_print_and_word2vec_c_at_sample_1e_3() -> None:
    """A word of 1 % is discarded in 68.4 % by the print, and kept in 41.6 % by word2vec.c."""
    f = np.array([0.01])
    assert sampling.discard_probability(f, 1e-3)[0] == pytest.approx(1 - 0.1**0.5)
    assert sampling.keep_probability(f, 1e-3)[0] == pytest.approx(0.1**0.5 + 0.1)


def test_gensims_keep_probability_is_ours() -> None:
    from gensim import models as gensim

    text = [["the"] * 600 + ["cat"] * 90 + ["sat"] * 9 + ["on"] * 1]
    model = gensim.Word2Vec(vector_size=1, min_count=1, sample=1e-3)
    model.build_vocab(text)
    counts = np.array([model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key])
    stored = [model.wv.get_vecattr(word, "sample_int") for word in model.wv.index_to_key]
    ours = sampling.keep_probability(counts / counts.sum(), 1e-3)
    np.testing.assert_allclose(np.array(stored, float) / (2**32 - 1), ours, atol=1e-9)


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=40), st.floats(1e-7, 10))
def test_kept_is_a_probability_and_grows_as_words_get_rarer(counts: list[int], s: float) -> None:
    f = np.sort(np.array(counts) / sum(counts))[::-1]
    for keep in (sampling.keep_probability, sampling.printed_keep_probability):
        kept = keep(f, s)
        assert np.all((kept > 0) & (kept <= 1))
        assert np.all(np.diff(kept) >= 0)
        assert np.all(np.diff(f * kept) <= 1e-15), "the order of the words survives"


@given(st.lists(st.integers(1, 10**18), min_size=1, max_size=40), st.floats(0, 2))
def test_the_noise_distribution_is_one_for_any_counts(counts: list[int], power: float) -> None:
    P_n = sampling.noise_distribution(np.array(counts), power)
    assert P_n.dtype == np.float64
    assert P_n.sum() == pytest.approx(1, abs=1e-14)
    assert np.all(P_n > 0)


# --- wrong input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        ("noise_distribution", ([],), r"counts has shape \(0,\): give one number for each word"),
        ("noise_distribution", ([3, 0],), r"counts\[1\] is 0, which is not above 0: drop the words"),
        ("noise_distribution", ([3.0, -1.0],), r"counts\[1\] is -1.0"),
        ("noise_distribution", ([np.nan],), r"counts\[0\] is nan"),
        ("noise_distribution", ([np.inf, 1.0],), r"counts\[0\] is inf"),
        ("noise_distribution", ([[1, 2]],), r"counts has shape \(1, 2\)"),
        ("noise_distribution", (["the"],), r"counts has dtype <U3: give an array of numbers"),
        ("noise_distribution", ([1, 2], np.nan), "power is nan: give a finite number"),
        ("keep_probability", ([0.5, 0.0], 1e-3), r"f\[1\] is 0.0, which is not above 0"),
        ("keep_probability", ([], 0.0), r"f has shape \(0,\)"),
        ("keep_probability", ([0.5], -1e-3), "s is -0.001: give one number from 0 up"),
        ("keep_probability", ([0.5], np.nan), "s is nan: give one number from 0 up"),
        ("keep_probability", ([0.5], None), "s is None: give one number from 0 up"),
        ("discard_probability", ([0.5], np.inf), "s is inf: give one number from 0 up"),
    ],
)  # fmt: skip
def test_wrong_input_gets_one_clear_line(function: str, arguments: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message) as refusal:
        getattr(sampling, function)(*arguments)
    assert "\n" not in str(refusal.value)


# --- planted faults -----------------------------------------------------------------------------------

FAULTS: list[tuple[str, str, str]] = [
    ("discard_probability", "s / np.asarray(f)", "np.asarray(f) / s"),
    ("discard_probability", "1 - np.sqrt", "np.sqrt"),
    ("discard_probability", "np.sqrt(s / np.asarray(f))", "s / np.asarray(f)"),
    ("printed_keep_probability", "np.minimum(1, np.sqrt(s / np.asarray(f)))", "np.sqrt(s / np.asarray(f))"),
    ("keep_probability", "+ 1", "+ 0"),
    ("keep_probability", "np.sqrt(f / s)", "np.sqrt(s / f)"),
    ("keep_probability", "np.minimum(1, ", "("),
    ("keep_beside_the_print", "r * r", "r"),
    ("always_kept", "PHI**2", "1"),
    ("difference_is_bounded", "2 - PHI", "0.38"),
    ("noise_distribution", "** power", "** 1.0"),
    ("noise_distribution", "** power", "** (power + 1e-9)"),
    ("three_quarters", "noise_distribution(counts)", "noise_distribution(counts, 1.0)"),
    ("noise_distribution", "weights / np.sum(weights)", "weights / np.max(weights)"),
    ("rare_words_gain", "0.25", "0.75"),
    ("expected_share", "expected_count(q, K) / K", "expected_count(q, K)"),
    ("expected_loss", "n / 3", "n"),
    ("expected_loss", "log_sigmoid(-u)", "log_sigmoid(u)"),
    ("expected_gradient", "n / 3", "n"),
    ("expected_gradient", "expected_count(q, 3)", "expected_count(q**0.99, 3)"),
]


@pytest.mark.parametrize(("name", "right", "wrong"), FAULTS, ids=lambda text: text)
def test_a_planted_fault_turns_the_run_red(name: str, right: str, wrong: str) -> None:
    entry = next(entry for entry in ENTRIES if entry.name == name)
    (verdict,) = verify([with_hand(entry, faulty(entry.rhs, right, wrong))], 200, seed=3)
    assert not verdict.holds
    assert verdict.failure is not None
    assert verdict.failure.judge != "referee"


def faulty(function: Callable[..., Any], right: str, wrong: str) -> Callable[..., Any]:
    """The function compiled from changed source, in its own module's namespace."""
    source = inspect.getsource(function)
    head, quotes, tail = source[source.index("def ") :].rpartition('"""')
    assert right in tail, f"{right!r} does not stand in {function.__name__}"
    scope: dict[str, Any] = {}
    exec(head + quotes + tail.replace(right, wrong, 1), function.__globals__, scope)
    changed: Callable[..., Any] = scope[function.__name__]
    return changed
