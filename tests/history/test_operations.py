"""Counting: numbers that remember compute what floats compute, and the formulas are what they count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derivations.history import counting, nnlm, operations, rnnlm
from derivations.history.counting import Number, Work, number, numbers, work
from derivations.history.operations import values, words_of
from derivations.ledger import entries_of
from derivations.oracle.forward_pass import lines_of
from derivations.oracle.verdicts import verify
from derivations.paper import skipgram
from derivations.techniques import cbow, hierarchical_softmax, negative_sampling
from derivations.techniques.huffman import huffman_tree
from tests.support import with_hand
from tests.techniques.test_sampling import faulty

ENTRIES = sorted(entries_of(operations, {}), key=lambda entry: entry.item)
SIZE = st.integers(1, 5)


# --- the numbers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "module",
    [nnlm, rnnlm, cbow, skipgram, negative_sampling, hierarchical_softmax],
    ids=lambda module: module.__name__,
)
def test_numbers_that_remember_compute_what_floats_compute(module: Any) -> None:
    expected = module.forward(*module.example())
    found = module.forward(*[numbers(array) for array in module.example()])
    for one, other in zip(found, expected, strict=True):
        plain = np.array([number(entry).value for entry in np.ravel(one)])
        np.testing.assert_allclose(plain, np.ravel(other), rtol=1e-14)


def test_what_is_counted_and_what_only_looks_like_work() -> None:
    w = Number(0.5, "weight")
    x = Number(3.0)
    assert work(w * x) == work(x * w) == Work(1, 1, 0, 0)
    assert work(w * 1.0) == work(1 * w) == work(-w) == Work(1, 0, 0, 0)
    assert work(w * 0) == work(0.0 * w) == work(x * 2 + 1) == Work(0, 0, 0, 0)
    assert work(w + x) == work(w - x) == work(x - w) == Work(1, 0, 0, 0)
    assert work(w + 0) == Work(0, 0, 0, 0), "a weight that nothing was done to"
    assert work(w / x) == Work(1, 0, 1, 0)
    assert work(np.exp(w * x).exp().log().tanh().log1p()) == Work(1, 1, 0, 5)


def test_a_weight_is_accessed_each_time_and_shared_work_is_done_once() -> None:
    w, x = Number(0.5, "weight"), Number(3.0)
    product = w * x
    assert work(product * product) == Work(1, 2, 0, 0)
    assert work([product, product]) == Work(1, 1, 0, 0)
    assert work([w * x, w * x]) == Work(2, 2, 0, 0)


def test_a_zero_or_one_that_was_computed_is_not_free() -> None:
    w, x = Number(0.5, "weight"), Number(2.0)
    zero, one = w * x - 1, w * x
    assert (zero.value, one.value) == (0.0, 1.0)
    assert work(zero * Number(3.0)).multiplied == work(one * Number(3.0)).multiplied == 2


@given(rows=SIZE, inner=SIZE, columns=SIZE)
def test_a_matrix_product_is_rows_by_inner_by_columns(rows: int, inner: int, columns: int) -> None:
    a, b = numbers(values(rows, inner), "weight"), numbers(values(inner, columns))
    times = rows * inner * columns
    assert work(a @ b) == Work(times, times, 0, 0)
    assert work(numbers(words_of(3, inner)) @ b).multiplied == 0


# --- line by line -----------------------------------------------------------------------------------------


def lines_counted(module: Any, given: dict[str, Any], weights: dict[str, Any]) -> dict[str, Work]:
    """What each quantity of a forward pass takes from the quantities before it."""
    arrays = {name: numbers(array) for name, array in given.items()}
    arrays |= {name: numbers(array, "weight") for name, array in weights.items()}
    found: dict[str, Work] = {}

    def at(name: str, value: Any) -> Any:
        found[name] = work(value)
        fresh = [number(entry).value for entry in np.ravel(value)]  # forget how it was made
        return numbers(np.reshape(fresh, np.shape(value)), "before") if np.ndim(value) else value

    lines_of(module.forward)(at, **arrays)
    return found


def test_each_line_of_the_nnlm_costs_what_its_size_says() -> None:
    C, N, K, V = 2, 3, 4, 7
    weights = {"F": values(V, N), "H": values(K, C, N), "d": values(K), "U": values(V, K)}
    weights |= {"W": values(V, C, N), "b": values(V)}
    lines = lines_counted(nnlm, {"w": words_of(C, V), "t": np.eye(V)[0]}, weights)
    assert lines["x"] == Work(C * N, 0, 0, 0)
    assert lines["o"] == Work(K * C * N + K, K * C * N, 0, 0)
    assert lines["a"] == Work(0, 0, 0, K)
    assert lines["y"] == Work(V * C * N + V * K + V, V * C * N + V * K, 0, 0)
    assert lines["p"] == Work(0, 0, V, V)
    assert lines["E"] == Work(0, 0, 0, V + 1)


def test_each_line_of_the_skipgram_costs_what_its_size_says() -> None:
    C, N, V = 2, 3, 7
    weights = {"W": values(V, N), "W_prime": values(N, V)}
    lines = lines_counted(skipgram, {"x": np.eye(V)[0], "t": words_of(C, V)}, weights)
    assert lines["h"] == Work(N, 0, 0, 0), "the hidden layer is a row of W, nothing else"
    assert lines["u"] == Work(N * V, N * V, 0, 0)


# --- the gradients: two products for each ---------------------------------------------------------------


def products_of_gradients(module: Any, monkeypatch: pytest.MonkeyPatch, **arrays: Any) -> int:
    """The products that a hand's gradients take, its forward pass included."""
    for check in ("check_arrays", "check_target"):
        monkeypatch.setattr(module, check, lambda *a, **b: None)
    words = [name for name, array in arrays.items() if np.isin(array, (0, 1)).all()]
    given = {
        name: numbers(array, "given" if name in [*words, "s_0"] else "weight")
        for name, array in arrays.items()
    }
    return work(np.concatenate([np.ravel(one) for one in module.gradients(**given)])).multiplied


def test_gradients_of_the_skipgram_are_three_times_its_forward_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    C, N, V = 3, 4, 6
    found = products_of_gradients(
        skipgram, monkeypatch, x=np.eye(V)[0], t=words_of(C, V), W=values(V, N), W_prime=values(N, V)
    )
    assert found == 3 * operations.softmax_skipgram(N, V)[1]


def test_gradients_of_the_nnlm_are_three_times_its_forward_pass_and_the_slopes_of_tanh(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    C, N, K, V = 2, 3, 4, 6
    found = products_of_gradients(
        nnlm, monkeypatch, w=words_of(C, V), t=np.eye(V)[4], F=values(V, N), H=values(K, C, N),
        d=values(K), U=values(V, K), W=values(V, C, N), b=values(V),
    )  # fmt: skip
    assert found == 3 * (operations.multiplied_nnlm(C, N, K, V) + V * C * N) + 2 * K


@pytest.mark.parametrize("T", [1, 2, 5])
def test_backpropagation_through_time_costs_two_products_for_each_but_the_first_states(
    T: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    K, V = 3, 6
    found = products_of_gradients(
        rnnlm, monkeypatch, w=words_of(T, V), d=words_of(T + 1, V)[1:], s_0=values(K),
        U=values(K, V), W=values(K, K), W_prime=values(V, K),
    )  # fmt: skip
    assert found == 3 * T * operations.Q_rnnlm(K, V) - K * K + 2 * K * T


# --- log2 V ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("D", range(1, 8))
def test_a_balanced_tree_asks_log2_v_questions(D: int) -> None:
    paths, _ = huffman_tree(np.ones(2**D))
    assert {len(path) for path in paths} == {D}


@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=64))
def test_huffmans_tree_asks_no_more_on_average_than_a_balanced_one(counts: list[int]) -> None:
    paths, _ = huffman_tree(np.array(counts))
    mean = np.average([len(path) for path in paths], weights=counts)
    assert mean <= np.ceil(np.log2(len(counts))) + 1e-12


# --- planted faults -----------------------------------------------------------------------------------

FAULTS = [
    ("Q_nnlm", "C * N + ", "", "the lookups left out"),
    ("Q_nnlm", "C * N * K", "N * K", "one context word"),
    ("accessed_nnlm", "(K + V)", "K", "the biases of the scores left out"),
    ("accessed_nnlm", " + C * N * V", "", "the direct connections left out"),
    ("multiplied_nnlm", "C * N * K", "C * N + C * N * K", "the lookups multiplied"),
    ("Q_rnnlm", "K * K + ", "", "the state left out"),
    ("accessed_rnnlm", "K + ", "", "the word left out"),
    ("Q_cbow", "C * N", "N", "one context word"),
    ("multiplied_cbow", "(C > 1) * ", "", "a mean of one word"),
    ("Q_skipgram", "N + N * D", "N * D", "the word left out"),
    ("multiplied_skipgram", "C * N * D", "N * D", "one context word"),
    ("negatives", "N + N * D", "N + N * (D - 1)", "the true word left out"),
    ("softmax_skipgram", "N + N * V", "N * V", "the word left out"),
    ("hidden_functions", "0, 0", "0, K", "a hidden layer for the skip-gram"),
]


@pytest.mark.parametrize(
    ("name", "right", "wrong", "fault"), FAULTS, ids=[f"{f[0]}: {f[3]}" for f in FAULTS]
)
def test_a_formula_that_does_not_count_right_turns_the_run_red(
    name: str, right: str, wrong: str, fault: str
) -> None:
    entry = next(entry for entry in ENTRIES if entry.name == name)
    (verdict,) = verify([with_hand(entry, faulty(entry.rhs, right, wrong))], 25, seed=3)
    assert not verdict.holds, fault


@pytest.fixture
def counted_anew() -> Iterator[None]:
    """Counts are remembered by size; a test that changes what is counted forgets them."""
    cached = [value for name, value in vars(operations).items() if name.startswith("counted_")]
    for function in cached:
        getattr(function, "cache_clear", lambda: None)()
    yield
    for function in cached:
        getattr(function, "cache_clear", lambda: None)()


@pytest.mark.usefixtures("counted_anew")
def test_a_count_that_multiplies_by_one_turns_the_run_red(monkeypatch: pytest.MonkeyPatch) -> None:
    made = counting.made
    monkeypatch.setattr(
        counting,
        "made",
        lambda value, how, *parents: made(
            value, "multiplied" if how in ("looked up", "copied") else how, *parents
        ),
    )
    wrong = {verdict.entry.name for verdict in verify(ENTRIES, 10, seed=3) if not verdict.holds}
    assert wrong >= {"multiplied_nnlm", "Q_rnnlm", "multiplied_skipgram", "negatives", "softmax_skipgram"}


@pytest.mark.usefixtures("counted_anew")
def test_a_forward_pass_that_does_more_turns_the_run_red(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hidden layer of the skip-gram that is squashed, and the counts say so."""
    forward = hierarchical_softmax.forward

    def squashed(x: Any, S: Any, t: Any, W: Any, W_prime: Any) -> Any:
        return forward(x, S, t, np.tanh(1.5 * W), W_prime)

    monkeypatch.setattr(hierarchical_softmax, "forward", squashed)
    wrong = {verdict.entry.name for verdict in verify(ENTRIES, 5, seed=3) if not verdict.holds}
    assert wrong == {"multiplied_skipgram", "hidden_functions"}
