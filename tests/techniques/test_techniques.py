"""The techniques of §8 by themselves: element and matrix forms equal, repeated words, trees, batches."""

from __future__ import annotations

import ast
import heapq
import inspect
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derivations.ledger import Entry, Model
from derivations.oracle.cases import draw, letters_of, random_instance
from derivations.oracle.forward_pass import quantities
from derivations.oracle.judges import Bench
from derivations.oracle.tolerance import UNIT
from derivations.paper import skipgram
from derivations.paper.mlp import sigmoid
from derivations.techniques import batches, cbow, hierarchical_softmax, negative_sampling
from tests.support import LEDGER, model_named

SEEDS = st.integers(0, 2**32)
MODELS = sorted({entry.model for entry in LEDGER if entry.model.forward}, key=lambda model: model.name)
SIGMOIDS = (negative_sampling, hierarchical_softmax)


def arrays_of(name: str, sizes: dict[str, int], seed: int) -> list[Any]:
    return list(draw(model_named(name), sizes, "ordinary", seed).inputs.values())


def sizes_of(data: st.DataObject, name: str) -> dict[str, int]:
    return {letter: data.draw(st.integers(1, 6), label=letter) for letter in letters_of(model_named(name))}


def assert_same(found: Any, expected: Any, terms: Any) -> None:
    """Equal but for a few roundings of the terms that each entry is the sum of."""
    assert np.shape(found) == np.shape(expected)
    assert np.all(np.abs(np.subtract(found, expected)) <= 64 * UNIT * terms)


# --- one equation, two forms ----------------------------------------------------------------------


@pytest.mark.parametrize("variant", ["", "_sum"])
@given(data=st.data(), seed=SEEDS)
def test_cbow_element_forms_are_the_entries_of_the_matrices(
    variant: str, data: st.DataObject, seed: int
) -> None:
    sizes = sizes_of(data, "cbow")
    X, t, W, W_prime = arrays_of("cbow", sizes, seed)
    forward, gradients, dE_dW = {
        "": (cbow.forward, cbow.gradients, cbow.dE_dW),
        "_sum": (cbow.forward_sum, cbow.gradients_of_sum, cbow.dE_dW_of_sum),
    }[variant]
    x, h, u, y, E = forward(X, t, W, W_prime)
    e = np.array([cbow.e(j, y, t) for j in range(sizes["V"])])
    EH = np.array([cbow.EH(i, e, W_prime) for i in range(sizes["N"])])
    found_W, found_W_prime = gradients(X, t, W, W_prime)
    k, i, j = np.ogrid[: sizes["V"], : sizes["N"], : sizes["V"]]
    errors = np.abs(W_prime) @ (y + t)
    assert_same(dE_dW(k[..., 0], i[..., 0], X, EH), found_W, np.outer(np.abs(X).sum(axis=0), errors))
    assert_same(cbow.dE_dW_prime(i[0], j[0], e, h), found_W_prime, np.outer(np.abs(h), y + t))
    spot = dE_dW(0, 0, X, EH)
    assert np.ndim(spot) == 0
    assert spot == dE_dW(k[..., 0], i[..., 0], X, EH)[0, 0]


@pytest.mark.parametrize("module", SIGMOIDS, ids=lambda module: module.__name__)
@pytest.mark.parametrize("variant", ["", "_cbow"])
@given(data=st.data(), seed=SEEDS)
def test_sigmoid_element_forms_are_the_entries_of_the_matrices(
    module: Any, variant: str, data: st.DataObject, seed: int
) -> None:
    name = module.__name__.rpartition(".")[2] + variant
    sizes = sizes_of(data, name)
    arrays = arrays_of(name, sizes, seed)
    known = quantities(getattr(module, f"forward{variant}"), *arrays)
    x, S, v_prime, h, y, t = (known[letter] for letter in ("x", "S", "v_prime", "h", "y", "t"))
    e = np.array([module.e(d, y, t) for d in range(len(S))])
    EH = np.array([module.EH(i, e, v_prime) for i in range(sizes["N"])])
    dE_dW, dE_dW_prime = getattr(module, f"gradients{'_of' + variant if variant else ''}")(*arrays)
    k, i = np.ogrid[: sizes["V"], : sizes["N"]]
    terms = np.outer(np.abs(x), (y + t) @ np.abs(v_prime))
    assert_same(module.dE_dW(k, i, x, EH), dE_dW, terms)
    i, j = np.ogrid[: sizes["N"], : S.shape[1]]
    terms = np.outer(np.abs(h), (y + t) @ np.abs(S))
    assert_same(module.dE_dW_prime(i, j, h, e, S), dE_dW_prime, terms)


GRADIENTS = [
    entry for entry in LEDGER if entry.section == "8" and entry.rhs.__name__.startswith("gradients")
]


@pytest.mark.parametrize("entry", GRADIENTS, ids=lambda entry: entry.label)
@given(seed=SEEDS)
def test_gradients_change_none_of_their_arguments_and_return_new_arrays(entry: Entry, seed: int) -> None:
    arrays = list(random_instance(entry.model, seed, {}).inputs.values())
    arguments = [np.array(array) for array in arrays]
    first, second = entry.rhs(*arguments), entry.rhs(*arguments)
    for before, after in zip(arrays, arguments, strict=True):
        np.testing.assert_array_equal(before, after)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
        assert not any(np.shares_memory(one, argument) for argument in arguments)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_forward_pass_and_its_reference_agree_in_every_line(model: Model) -> None:
    for seed in range(3):
        bench = Bench(model, random_instance(model, seed, {}))
        assert model.forward is not None
        for name in quantities(model.forward, *bench.instance.inputs.values()):
            if name in model.notation and name not in model.inputs:
                assert bench.disagreement(name) == "", f"{model.name}.{name}"


# --- CBOW -----------------------------------------------------------------------------------------


def test_a_context_word_that_is_there_twice_learns_twice() -> None:
    X, t, W, W_prime = cbow.example()  # words 0, 2 and 0 again
    for gradients in (cbow.gradients, cbow.gradients_of_sum):
        dE_dW, _ = gradients(X, t, W, W_prime)
        np.testing.assert_allclose(dE_dW[0], 2 * dE_dW[2], rtol=1e-14)
        again, _ = gradients(X[::-1], t, W, W_prime)
        np.testing.assert_array_equal(again, dE_dW)


def test_the_mean_of_one_word_and_of_the_same_word_thrice_is_the_skip_gram() -> None:
    X, t, W, W_prime = cbow.example()
    expected = skipgram.gradients(X[0], t[None], W, W_prime)
    for context in (X[:1], X[[0, 0, 0]]):
        for one, other in zip(cbow.gradients(context, t, W, W_prime), expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-14)


# --- negative sampling ----------------------------------------------------------------------------


def test_a_word_drawn_twice_learns_twice_and_one_not_asked_for_not_at_all() -> None:
    x, S, W, W_prime = negative_sampling.example()  # word 1 was there; 3, 4 and again 3 were drawn
    h = x @ W
    y = sigmoid(h @ W_prime)
    _, dE_dW_prime = negative_sampling.gradients(x, S, W, W_prime)
    expected = np.outer(h, [0, y[1] - 1, 0, 2 * y[3], y[4]])
    np.testing.assert_allclose(dE_dW_prime, expected, rtol=1e-14)


def test_the_true_word_that_is_drawn_too_is_asked_for_with_both_answers() -> None:
    x, S, W, W_prime = negative_sampling.example()
    h = x @ W
    _, dE_dW_prime = negative_sampling.gradients(x, S[[0, 0]], W, W_prime)
    np.testing.assert_allclose(dE_dW_prime[:, 1], h * (2 * sigmoid(h @ W_prime)[1] - 1), rtol=1e-13)


def test_without_a_draw_the_true_word_alone_is_asked_for() -> None:
    x, S, W, W_prime = negative_sampling.example()
    E = negative_sampling.forward(x, S[:1], W, W_prime)[-1]
    assert E == pytest.approx(-np.log(sigmoid(x @ W @ W_prime)[1]), rel=1e-14)


@given(st.floats(-700, 700))
def test_log_sigmoid_is_accurate_on_both_sides(u: float) -> None:
    exact = -np.log1p(np.exp(-np.longdouble(u)))
    assert float(negative_sampling.log_sigmoid(np.array([u]))[0]) == pytest.approx(float(exact), rel=1e-15)


@pytest.mark.parametrize("u", [1e4, -1e4, 0.0, 8e307, -8e307])
def test_log_sigmoid_is_finite_and_silent_for_any_score(u: float) -> None:
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        found = negative_sampling.log_sigmoid(np.array([u]))[0]
    assert found == pytest.approx(min(u, 0) - (np.log(2) if u == 0 else 0))


# --- the tree -------------------------------------------------------------------------------------

COUNTS = st.lists(st.integers(1, 50), min_size=1, max_size=40).map(np.array)
"""Many of them equal, and in no order."""

huffman_tree = hierarchical_softmax.huffman_tree


@given(COUNTS)
def test_no_code_begins_another_and_all_lead_somewhere(counts: Any) -> None:
    paths, codes = huffman_tree(counts)
    words = sorted("".join(map(str, code)) for code in codes)
    assert not any(after.startswith(before) for before, after in pairwise(words))
    assert sum(0.5 ** len(word) for word in words) == 1
    for path, code in zip(paths, codes, strict=True):
        assert path.shape == code.shape
        assert set(code.tolist()) <= {0, 1}
        assert path.dtype == code.dtype == np.int64


@given(COUNTS)
def test_the_same_answers_lead_to_the_same_inner_node(counts: Any) -> None:
    node_at: dict[str, int] = {}
    for path, code in zip(*huffman_tree(counts), strict=True):
        for depth, node in enumerate(path.tolist()):
            assert node_at.setdefault("".join(map(str, code[:depth])), node) == node
    assert sorted(node_at.values()) == list(range(len(counts) - 1))
    assert node_at.get("", len(counts) - 2) == len(counts) - 2, "the root is the last"


def least_total(counts: list[int]) -> int:
    """The least Σ n_w L_w there is, by the textbook's heap: each merger costs what it merges."""
    heapq.heapify(counts)
    total = 0
    while len(counts) > 1:
        merged = heapq.heappop(counts) + heapq.heappop(counts)
        total += merged
        heapq.heappush(counts, merged)
    return total


@given(COUNTS)
def test_no_tree_asks_fewer_questions_on_average(counts: Any) -> None:
    lengths = [len(code) for code in huffman_tree(counts)[1]]
    assert counts @ lengths == least_total(counts.tolist())


def slow_tree(counts: list[int]) -> dict[int, tuple[list[int], list[int]]]:
    """The rule of word2vec.c, said once more: always the two that come first, in this order."""
    V = len(counts)
    place = {word: at for at, word in enumerate(sorted(range(V), key=lambda word: -counts[word]))}
    trees = [(count, 1, -place[word], [word]) for word, count in enumerate(counts)]
    found: dict[int, tuple[list[int], list[int]]] = {word: ([], []) for word in range(V)}
    for node in range(V - 1):
        trees.sort()  # the rarest; an inner node before a word; the older node, the later word
        (one, _, _, left), (other, _, _, right), *trees = trees
        for words, code in ((left, 0), (right, 1)):
            for word in words:
                found[word][0].insert(0, node)
                found[word][1].insert(0, code)
        trees.append((one + other, 0, node, left + right))
    return found


@given(COUNTS)
def test_equal_counts_are_merged_in_the_order_of_word2vec_c(counts: Any) -> None:
    paths, codes = huffman_tree(counts)
    for word, (path, code) in slow_tree(counts.tolist()).items():
        assert paths[word].tolist() == path
        assert codes[word].tolist() == code


@given(counts=COUNTS, seed=SEEDS)
def test_the_probabilities_of_all_words_sum_to_one_and_the_loss_is_their_logarithm(
    counts: Any, seed: int
) -> None:
    rng, V = np.random.default_rng(seed), len(counts)
    x, W = rng.standard_normal(3), rng.standard_normal((3, 2))
    W_prime = rng.standard_normal((2, V - 1))
    total = 0.0
    for path, code in zip(*huffman_tree(counts), strict=True):
        S, t = hierarchical_softmax.questions(path, code, V - 1)
        *_, p, E = hierarchical_softmax.forward(x, S, t, W, W_prime)
        assert E == pytest.approx(-np.log(p), rel=1e-12, abs=1e-12)
        total += p
    assert total == pytest.approx(1, rel=1e-13)


def test_a_vocabulary_of_one_word_is_certain() -> None:
    paths, codes = huffman_tree(np.array([7]))
    assert [len(paths), len(codes), paths[0].size, codes[0].size] == [1, 1, 0, 0]
    S, t = hierarchical_softmax.questions(paths[0], codes[0], 0)
    *_, p, E = hierarchical_softmax.forward(np.ones(1), S, t, np.ones((1, 2)), np.ones((2, 0)))
    assert (p, E) == (1, 0)


def test_a_large_vocabulary_has_a_tree_and_its_counts_are_not_changed() -> None:
    counts = (1e6 / np.arange(1, 70_001)).astype(int) + 1
    before = counts.copy()
    paths, codes = huffman_tree(counts)
    np.testing.assert_array_equal(counts, before)
    assert sum(0.5 ** len(code) for code in codes) == 1
    assert {int(path[0]) for path in paths} == {69_998}


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([], r"counts has shape \(0,\): give one number for each word, at least one"),
        ([[1, 2]], r"counts has shape \(1, 2\)"),
        (["a"], "counts has dtype <U1: give an array of numbers, one for each word"),
        ([True], "counts has dtype bool"),
        ([3, 0], r"counts\[1\] is 0, which is not above 0"),
        ([3, -1], r"counts\[1\] is -1"),
        ([float("nan"), 1], r"counts\[0\] is nan"),
        ([1, float("inf")], r"counts\[1\] is inf"),
    ],
)
def test_counts_that_make_no_tree_are_refused(counts: list[Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        huffman_tree(counts)


@pytest.mark.parametrize("gradients", ["gradients", "gradients_of_cbow"])
def test_an_answer_that_is_neither_yes_nor_no_is_refused(gradients: str) -> None:
    x, S, t, W, W_prime = hierarchical_softmax.example()
    first = x if gradients == "gradients" else x[None]
    with pytest.raises(ValueError, match=r"t\[2\] is 0\.5: give 1 for a yes and 0 for a no"):
        getattr(hierarchical_softmax, gradients)(first, S, np.array([1.0, 0.0, 0.5]), W, W_prime)


# --- batches --------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", SIGMOIDS, ids=lambda module: module.__name__)
@pytest.mark.parametrize("variant", ["", "_cbow"])
@given(data=st.data(), seed=SEEDS)
def test_a_batch_of_one_is_the_gradient_of_one(
    module: Any, variant: str, data: st.DataObject, seed: int
) -> None:
    name = module.__name__.rpartition(".")[2] + variant
    arrays = arrays_of(name, sizes_of(data, name), seed)
    (asked, columns), words = arrays[1].shape, st.integers(0, arrays[1].shape[1] - 1)
    arrays[1] = np.eye(columns)[data.draw(st.lists(words, min_size=asked, max_size=asked))]
    known = quantities(getattr(module, f"forward{variant}"), *arrays)
    x, S, t, W, W_prime = (known[letter] for letter in ("x", "S", "t", "W", "W_prime"))
    m, q = np.sum(S, axis=0), t @ S  # how often each column is asked for, and answered with a yes
    found = batches.gradients(x[None], W, W_prime, m[None], q[None])
    expected = getattr(module, f"gradients{'_of' + variant if variant else ''}")(*arrays)
    h, errors = known["h"], (m + q)
    assert_same(found[0], expected[0], np.outer(np.abs(x), np.abs(W_prime) @ errors) * (1 + len(h)))
    assert_same(found[1], expected[1], np.outer(np.abs(h), errors) * (1 + len(h)))


@given(data=st.data(), seed=SEEDS)
def test_a_softmax_batch_of_one_is_the_skip_grams_and_cbows(data: st.DataObject, seed: int) -> None:
    x, t, W, W_prime = arrays_of("skipgram", sizes_of(data, "skipgram"), seed)
    found = batches.gradients_of_softmax(x[None], W, W_prime, t.sum(axis=0)[None])
    for one, other in zip(found, skipgram.gradients(x, t, W, W_prime), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)
    X, t, W, W_prime = arrays_of("cbow", sizes_of(data, "cbow"), seed)
    found = batches.gradients_of_softmax(X.mean(axis=0)[None], W, W_prime, t[None])
    for one, other in zip(found, cbow.gradients(X, t, W, W_prime), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


@given(seed=SEEDS)
def test_a_batch_is_the_sum_of_its_rows(seed: int) -> None:
    sizes = {"B": 4, "R": 5, "N": 3, "J": 6}
    A, W, W_prime, m, q = arrays_of("batches", sizes, seed)
    rows = [batches.gradients(A[[b]], W, W_prime, m[[b]], q[[b]]) for b in range(4)]
    whole = batches.gradients(A, W, W_prime, m, q)
    for n, gradient in enumerate(whole):
        np.testing.assert_allclose(gradient, sum(row[n] for row in rows), rtol=1e-10, atol=1e-12)


FOR_TRAINING = {
    batches.dE_dU: ("m", "y", "q"),
    batches.dE_dH: ("e", "W_prime"),
    batches.dE_dW_prime: ("H", "e"),
    batches.dE_dV_prime: ("H", "e"),
    batches.dE_dW: ("A", "dE_dH"),
}
"""What ``w2v`` calls, on arrays of NumPy and of JAX, and the order of the arguments."""


@pytest.mark.parametrize("function", FOR_TRAINING, ids=lambda function: function.__name__)
def test_what_training_calls_uses_operators_only(function: Callable[..., Any]) -> None:
    assert tuple(inspect.signature(function).parameters) == FOR_TRAINING[function]
    (definition,) = ast.parse(inspect.getsource(function)).body
    assert isinstance(definition, ast.FunctionDef)
    (_, statement) = definition.body  # the docstring, one return
    names = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    assert names <= set(FOR_TRAINING[function])
    assert not [node for node in ast.walk(statement) if isinstance(node, ast.Call)]


@pytest.mark.parametrize("function", FOR_TRAINING, ids=lambda function: function.__name__)
def test_what_training_calls_takes_float32_and_tracers(function: Callable[..., Any]) -> None:
    A, W, W_prime, m, q = arrays_of("batches", {"B": 4, "R": 5, "N": 3, "J": 6}, 11)
    H, U, y, E = batches.forward(A, W, W_prime, m, q)
    e = batches.dE_dU(m, y, q)
    known = {"A": A, "W_prime": W_prime, "m": m, "q": q, "H": H, "y": y, "e": e}
    known["dE_dH"] = batches.dE_dH(e, W_prime)
    arguments = [known[name] for name in FOR_TRAINING[function]]
    expected = function(*arguments)
    single = function(*[argument.astype(np.float32) for argument in arguments])
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, expected, rtol=1e-3, atol=1e-4)
    with jax.enable_x64(True):
        np.testing.assert_allclose(jax.jit(function)(*arguments), expected, rtol=1e-12, atol=1e-12)


def test_questions_asked_equally_often_of_all_may_be_counted_once_a_row() -> None:
    _, _, _, _, q = batches.example()
    y, m = np.full(q.shape, 0.25), np.array([[1.0], [2.0]])
    np.testing.assert_array_equal(batches.dE_dU(m, y, q), batches.dE_dU(m * np.ones(q.shape), y, q))


# --- annotations ----------------------------------------------------------------------------------

SHAPED = """
from jaxtyping import install_import_hook
names = ["cbow", "negative_sampling", "huffman", "hierarchical_softmax", "batches"]
with install_import_hook([f"derivations.techniques.{name}" for name in names], "beartype.beartype"):
    from derivations.techniques import batches, cbow, hierarchical_softmax, huffman, negative_sampling
for module in (cbow, negative_sampling, hierarchical_softmax, batches):
    print([g.shape for g in module.gradients(*module.example())])
print([g.shape for g in cbow.gradients_of_sum(*cbow.example())])
for module in (negative_sampling, hierarchical_softmax):
    x, *rest = module.example()
    print([g.shape for g in module.gradients_of_cbow(x[None], *rest)])
A, W, W_prime, m, q = batches.example()
print([g.shape for g in batches.gradients_of_softmax(A, W, W_prime, q)])
try:
    batches.dE_dW_prime(A, W_prime.T)
except Exception as refusal:
    print(type(refusal).__name__)
"""


def test_the_shapes_in_the_annotations_are_true() -> None:
    done = subprocess.run([sys.executable, "-c", SHAPED], capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        "[(5, 3), (3, 5)]", "[(5, 3), (3, 5)]", "[(4, 2), (2, 3)]", "[(3, 2), (2, 4)]", "[(5, 3), (3, 5)]",
        "[(5, 3), (3, 5)]", "[(4, 2), (2, 3)]", "[(3, 2), (2, 4)]", "TypeCheckError",
    ], done.stderr  # fmt: skip
