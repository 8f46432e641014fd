"""Training is the verified gradient, applied: step by step, against JAX, and on both backends."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import derivations.techniques.batches
import w2v.train.exact_steps
import w2v.train.steps
from derivations.paper import skipgram
from derivations.techniques.hierarchical_softmax import huffman_tree
from w2v import Word2Vec
from w2v.data.vocabulary import EncodedCorpus, Vocabulary, build
from w2v.train.blocks import Questioner, questions
from w2v.train.numpy_backend import NumpyBackend
from w2v.train.settings import Settings
from w2v.train.steps import bounded, new_rows
from w2v.train.training import Piece, Position, initial_tables, pieces, train

PAPER = ["i", "like", "text", "information", "systems"]
MODELS = {
    "skip-gram, negative sampling": {"sg": 1, "negative": 3},
    "skip-gram, hierarchical softmax": {"sg": 1, "hs": 1, "negative": 0},
    "skip-gram, both": {"sg": 1, "hs": 1, "negative": 2},
    "skip-gram, softmax": {"sg": 1, "loss": "softmax"},
    "CBOW, negative sampling": {"sg": 0, "negative": 3},
    "CBOW, hierarchical softmax": {"sg": 0, "hs": 1, "negative": 0},
    "CBOW, sums": {"sg": 0, "cbow_mean": 0, "negative": 3},
    "CBOW, softmax": {"sg": 0, "loss": "softmax"},
}


def a_text(seed: int, sentences: int = 30, types: int = 20) -> list[list[str]]:
    """Sentences of 1 to 12 words, some of them much more frequent than others."""
    rng = np.random.default_rng(seed)
    share = 1 / np.arange(1, types + 1)
    words = np.array([f"word{i}" for i in range(types)])
    return [list(rng.choice(words, rng.integers(1, 13), p=share / share.sum())) for _ in range(sentences)]


def some_tables(V: int, M: int, N: int, seed: int) -> tuple[Any, Any]:
    """Tables without zeros, so that nothing a wrong gradient does is hidden."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(V, N)) * 0.5, rng.normal(size=(M, N)) * 0.5


def contexts_in_order(sentence: list[int], window: int) -> list[tuple[int, list[int]]]:
    """Each word of a sentence and its context words: the paper's loop, written plainly."""
    places = range(len(sentence))
    return [(sentence[i], [sentence[j] for j in places if j != i and abs(j - i) <= window]) for i in places]


# --- the paper's own sentence -----------------------------------------------------------------------


def paper_steps(window: int, epochs: int) -> list[tuple[Any, Any]]:
    words = contexts_in_order(list(range(5)), window)
    steps = [(np.eye(5)[word], np.eye(5)[contexts]) for word, contexts in words]
    return steps * epochs


@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_the_papers_sentence_gives_its_losses_step_by_step(backend: str, tmp_path: Path) -> None:
    """Every step of training: the loss before it and both matrices after it, from §6's own functions."""
    W, V_prime = some_tables(5, 5, 3, seed=7)
    steps = paper_steps(window=1, epochs=3)
    of_paper, now = [], (W, V_prime.T)
    for x, t in steps:
        of_paper.append(float(skipgram.forward(x, t, *now)[-1]))
        of_W, of_W_prime = skipgram.gradients(x, t, *now)
        now = now[0] - 0.1 * of_W, now[1] - 0.1 * of_W_prime

    ours = exact_losses(
        [PAPER], W, V_prime, backend=backend, window=1, alpha=0.1, epochs=3, folder=tmp_path
    )
    np.testing.assert_allclose(ours[0], of_paper, rtol=1e-12)
    np.testing.assert_allclose(ours[1], now[0], rtol=0, atol=1e-13)
    np.testing.assert_allclose(ours[2], now[1].T, rtol=0, atol=1e-13)


def exact_losses(
    text: list[list[str]], W: Any, V_prime: Any, *, folder: Path, **asked: Any
) -> tuple[list[float], Any, Any]:
    """The loss of every single step, and the tables after the last."""
    vocabulary, corpus = build(text, folder / "text.ids", min_count=1)
    wanted = Settings(vector_size=W.shape[1], min_alpha=asked["alpha"], **asked).resolved(len(vocabulary))
    found = w2v.train.training.backend_of(wanted, W.copy(), V_prime.copy())
    losses = []
    for piece in pieces(wanted, vocabulary, corpus, Position()):
        for block in piece.blocks:
            one = next(iter(found.made_ready(iter([Piece(iter([block]), piece.alpha, piece.after)]))))
            losses.append(found.run(one.blocks, one.alpha)[0])
    return losses, *found.tables()


def test_a_hundred_epochs_equal_training_that_jax_differentiates() -> None:
    """The paper's sentence, 500 steps, W and W' both from JAX's derivative of the loss."""
    W, V_prime = some_tables(5, 5, 3, seed=3)

    def loss(W: Any, W_prime: Any, x: Any, t: Any) -> Any:
        return -(t * jax.nn.log_softmax(x @ W @ W_prime)[None]).sum()

    with jax.enable_x64(True):
        of_jax = jnp.array(W), jnp.array(V_prime.T)
        differentiated = jax.jit(jax.grad(loss, argnums=(0, 1)))
        for x, t in paper_steps(window=1, epochs=100):
            of_W, of_W_prime = differentiated(*of_jax, x, t)
            of_jax = of_jax[0] - 0.1 * of_W, of_jax[1] - 0.1 * of_W_prime
        of_jax = tuple(map(np.asarray, of_jax))

    model = Word2Vec(3, window=1, alpha=0.1, min_alpha=0.1, epochs=100)
    model.fit([PAPER], initial=(W, V_prime))
    assert model.vocabulary.words == PAPER
    np.testing.assert_allclose(model.vectors, of_jax[0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(model.output_vectors.T, of_jax[1], rtol=0, atol=1e-12)
    assert np.abs(model.vectors - W).max() > 0.1, "nothing was learned"


def test_a_tiny_text_is_trained_with_the_exact_softmax_in_float64() -> None:
    model = Word2Vec(4, epochs=2).fit([PAPER])
    assert model.vectors.dtype == np.float64
    assert model.output_vectors.shape == (5, 4)
    by_name = Word2Vec(4, epochs=2, loss="softmax").fit([PAPER])
    np.testing.assert_array_equal(model.vectors, by_name.vectors)


def test_a_larger_text_or_a_given_technique_is_not() -> None:
    assert Settings().resolved(101).negative == 5
    assert Settings(negative=5).resolved(5).loss == "auto"
    assert Settings(hs=1).resolved(5).hs == 1
    assert Settings().resolved(100).loss == "softmax"


# --- any text, any model: a block's step is the derivative of a loss written down plainly -------------


def lost_on(wanted: Settings, vocabulary: Vocabulary, negatives: list[int]) -> Any:
    """The loss of one question, does h predict this word, in JAX: loops, and no counts."""
    tree = huffman_tree(vocabulary.counts) if wanted.hs else None
    first_node = len(vocabulary) if wanted.negative else 0

    def lost(h: Any, word: int, V_prime: Any) -> Any:
        if wanted.loss == "softmax":
            return -jax.nn.log_softmax(V_prime @ h)[word]
        total = 0.0
        if wanted.negative:
            total -= jax.nn.log_sigmoid(V_prime[word] @ h)
            total -= sum(jax.nn.log_sigmoid(-V_prime[n] @ h) for n in negatives) * (
                wanted.negative / len(negatives)
            )
        if tree:
            for node, code in zip(tree[0][word], tree[1][word], strict=True):
                total -= jax.nn.log_sigmoid((1 - 2 * code) * (V_prime[first_node + node] @ h))
        return total

    return lost


def plain_loss(wanted: Settings, vocabulary: Vocabulary, pairs: Any, negatives: list[int]) -> Any:
    """The loss of a block as a function of both tables, a target word after the other."""
    lost = lost_on(wanted, vocabulary, negatives)
    contexts_of: dict[int, list[int]] = {}
    for target, context in zip(pairs.target.tolist(), pairs.context.tolist(), strict=True):
        contexts_of.setdefault(target, []).append(int(pairs.ids[context]))

    def loss(W: Any, V_prime: Any) -> Any:
        total = 0.0
        for target, contexts in contexts_of.items():
            word = int(pairs.ids[target])
            if wanted.sg:
                total += sum(lost(W[word], context, V_prime) for context in contexts)
            else:
                h = sum(W[context] for context in contexts)
                total += lost(h / len(contexts) if wanted.cbow_mean else h, word, V_prime)
        return total

    return loss


@pytest.mark.parametrize("backend", ["numpy", "jax"])
@pytest.mark.parametrize("name", MODELS)
@given(seed=st.integers(0, 2**32 - 1), window=st.integers(1, 4), size=st.integers(1, 6))
@settings(max_examples=3)
def test_a_step_is_the_gradient_of_the_plain_loss(
    name: str, backend: str, seed: int, window: int, size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A block of ``size`` target words, repeated words and short sentences among them, every entry."""
    text = a_text(seed, sentences=2, types=6)
    folder = tmp_path_factory.mktemp("text")
    vocabulary, corpus = build(text, folder / "text.ids", min_count=1)
    wanted = Settings(
        vector_size=3, window=window, block_words=size, shared_negatives=4, dtype="float64",
        max_update=np.inf, sample=0.0, backend=backend, **MODELS[name],
    ).resolved(len(vocabulary))  # fmt: skip
    questioner = Questioner(wanted, vocabulary)
    rng = np.random.default_rng(seed)
    ids, sentence, _, _ = corpus.read(0, 10_000)
    pairs = questioner.pairs(ids, sentence, rng)
    of_block = pairs.target < size
    if not of_block.any():
        return
    negatives = rng.integers(0, len(vocabulary), 4)
    block = questioner.block(pairs, 0, 0, int(of_block.sum()), negatives[: 4 * bool(wanted.negative)])
    W, V_prime = some_tables(len(vocabulary), questioner.rows_of_outputs, 3, seed)
    only = pairs._replace(target=pairs.target[of_block], context=pairs.context[of_block])
    with jax.enable_x64(True):
        loss = plain_loss(wanted, vocabulary, only, negatives.tolist())
        value = float(loss(W, V_prime))
        of_W, of_V_prime = jax.grad(loss, argnums=(0, 1))(jnp.array(W), jnp.array(V_prime))

    found = w2v.train.training.backend_of(wanted, W.copy(), V_prime.copy())
    ready = next(iter(found.made_ready(iter([Piece(iter([block]), 0.5, Position())]))))
    lost, _ = found.run(ready.blocks, 0.5)
    after = found.tables()
    assert lost == pytest.approx(value, rel=1e-11)
    np.testing.assert_allclose(after[0], W - 0.5 * np.asarray(of_W), rtol=0, atol=1e-12)
    np.testing.assert_allclose(after[1], V_prime - 0.5 * np.asarray(of_V_prime), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_both_backends_train_the_same_vectors(name: str) -> None:
    """Three epochs in float64, blocks of several target words, the bound met by some rows."""
    asked = {
        "vector_size": 5, "window": 3, "epochs": 3, "alpha": 0.5, "block_words": 8, "shared_negatives": 6,
        "max_update": 0.02, "dtype": "float64", "sample": 0.05, **MODELS[name],
    }  # fmt: skip
    by_numpy, by_jax = (Word2Vec(**asked, backend=b).fit(a_text(11)) for b in ("numpy", "jax"))
    np.testing.assert_allclose(by_numpy.vectors, by_jax.vectors, rtol=0, atol=1e-12)
    np.testing.assert_allclose(by_numpy.output_vectors, by_jax.output_vectors, rtol=0, atol=1e-12)
    unbounded = Word2Vec(**{**asked, "max_update": np.inf}).fit(a_text(11))
    assert np.abs(unbounded.vectors - by_numpy.vectors).max() > 1e-6, "the bound was never met"


FAULTS = {
    "errors doubled": ("dE_dU", lambda m, y, q: 2 * (m * y - q)),
    "questions forgotten": ("dE_dU", lambda m, y, q: y - q),
    "answers forgotten": ("dE_dU", lambda m, y, q: m * y),
    "wrong sign of the inputs": ("dE_dH", lambda e, W_prime: -e @ W_prime.T),
    "outputs not moved": ("dE_dV_prime", lambda H, e: 0 * (e.T @ H)),
    "members forgotten": ("dE_dW", lambda A, dE_dH: (A > 0).T @ dE_dH),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_gradient_reaches_training(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Training has no gradient of its own: another in the place of derivations' changes the vectors."""
    asked = {"vector_size": 4, "sg": 0, "negative": 3, "epochs": 2, "block_words": 4, "dtype": "float64"}
    right = Word2Vec(**asked).fit(a_text(5))
    exact = {**asked, "negative": None, "loss": "softmax", "sg": int(fault != "members forgotten")}
    right_too = Word2Vec(**exact).fit(a_text(5))
    name, wrong = FAULTS[fault]
    for module in (w2v.train.steps, w2v.train.exact_steps):
        assert getattr(module, name) is getattr(derivations.techniques.batches, name)
        monkeypatch.setattr(module, name, wrong)
    assert np.abs(Word2Vec(**asked).fit(a_text(5)).vectors - right.vectors).max() > 1e-6
    assert np.abs(Word2Vec(**exact).fit(a_text(5)).vectors - right_too.vectors).max() > 1e-6


# --- the bound ----------------------------------------------------------------------------------------


@given(seed=st.integers(0, 2**32 - 1), limit=st.floats(1e-3, 10))
def test_the_bound_shortens_long_rows_and_leaves_the_others(seed: int, limit: float) -> None:
    step = np.random.default_rng(seed).normal(size=(6, 3)) * np.logspace(-3, 3, 6)[:, None]
    after = bounded(step, limit, np)
    before, length = np.linalg.norm(step, axis=1), np.linalg.norm(after, axis=1)
    np.testing.assert_allclose(length, np.minimum(before, limit), rtol=1e-12)
    np.testing.assert_allclose(after * before[:, None], step * length[:, None], rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(after[before < limit * (1 - 1e-9)], step[before < limit * (1 - 1e-9)])


def test_the_bound_of_zero_rows_is_zero_and_without_a_limit_nothing_changes() -> None:
    np.testing.assert_array_equal(bounded(np.zeros((2, 3)), 0.1, np), np.zeros((2, 3)))
    step = np.array([[1e6, -1e6]])
    np.testing.assert_array_equal(bounded(step, np.inf, np), step)


def test_without_the_bound_large_blocks_diverge_and_with_it_they_learn() -> None:
    """Where a few words share all pairs of a block, their rows overshoot."""
    text = a_text(2, sentences=400, types=12)
    asked: dict[str, Any] = {"vector_size": 8, "negative": 5, "sample": 0.0, "epochs": 6}
    with pytest.raises(FloatingPointError, match=r"alpha=0\.025, max_update=inf"):
        Word2Vec(**asked, block_words=128, max_update=np.inf).fit(text)
    held = Word2Vec(**asked, block_words=128).fit(text)
    assert held.losses[-1] < 0.9 * held.losses[0]
    small = Word2Vec(**asked, block_words=4).fit(text)
    assert held.losses[-1] < 1.05 * small.losses[-1], "the bound costs too much"


# --- same seed, same vectors --------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_the_same_seed_gives_the_same_vectors_and_another_does_not(backend: str) -> None:
    def fitted(seed: int) -> Any:
        return Word2Vec(6, negative=4, epochs=2, seed=seed, backend=backend).fit(a_text(1)).vectors

    np.testing.assert_array_equal(fitted(3), fitted(3))
    assert np.abs(fitted(3) - fitted(4)).max() > 1e-3


def test_the_learning_rate_falls_in_a_straight_line() -> None:
    wanted = Settings(alpha=0.5, min_alpha=0.1, epochs=4)
    rates = [w2v.train.training.learning_rate(wanted, Position(epoch, 0, 50), 100) for epoch in range(4)]
    np.testing.assert_allclose(rates, [0.45, 0.35, 0.25, 0.15])


def test_a_loss_that_is_not_finite_stops_the_run_and_says_why(tmp_path: Path) -> None:
    vocabulary, corpus = build(a_text(0), tmp_path / "text.ids", min_count=1)
    wanted = Settings(vector_size=3, negative=2).resolved(len(vocabulary))
    W, V_prime = initial_tables(wanted, vocabulary)
    W[:] = np.nan
    with pytest.raises(FloatingPointError, match="give a smaller one"):
        train(wanted, vocabulary, corpus, W, V_prime)


def all_blocks(wanted: Settings, vocabulary: Vocabulary, corpus: EncodedCorpus) -> list[Any]:
    parts = (piece.blocks for piece in pieces(wanted, vocabulary, corpus, Position()))
    return list(itertools.chain.from_iterable(parts))


def test_the_sparse_step_moves_only_the_rows_of_its_block(tmp_path: Path) -> None:
    vocabulary, corpus = build(a_text(8, types=40), tmp_path / "text.ids", min_count=1)
    wanted = Settings(vector_size=3, negative=1, shared_negatives=2, block_words=2, epochs=1, window=1)
    wanted = wanted.resolved(len(vocabulary))
    W, V_prime = some_tables(len(vocabulary), len(vocabulary), 3, seed=1)
    block = all_blocks(wanted, vocabulary, corpus)[0]
    backend = NumpyBackend(wanted, W.astype("f"), V_prime.astype("f"))
    before = [table.copy() for table in backend.tables()]
    backend.step(block, 0.1)
    for rows, was, now in zip((block.inputs, block.outputs), before, backend.tables(), strict=True):
        moved = set(np.flatnonzero((was != now).any(axis=1)).tolist())
        assert moved
        assert moved <= set(rows.tolist()), "a row that is not the block's was touched"


@pytest.mark.parametrize(("pieces_of", "threads_from"), [(1 << 17, 1 << 21), (40, 1 << 21), (40, 0)])
def test_the_exact_softmax_by_pieces_is_the_exact_softmax(
    pieces_of: int, threads_from: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Rows a few at a time, and several at once, against the plain formulas of ``steps``."""
    monkeypatch.setattr(w2v.train.exact_steps, "CACHED", pieces_of)
    monkeypatch.setattr(w2v.train.exact_steps, "WORTH_THREADS", threads_from)
    vocabulary, corpus = build(a_text(8, types=30), tmp_path / "text.ids", min_count=1)
    wanted = Settings(vector_size=4, loss="softmax", block_words=17, window=3, max_update=0.4)
    wanted = wanted.resolved(len(vocabulary))
    W, V_prime = some_tables(len(vocabulary), len(vocabulary), 4, seed=2)
    block = all_blocks(wanted, vocabulary, corpus)[1]
    backend = NumpyBackend(wanted, W.copy(), V_prime.copy())
    lost = backend.step(block, 0.3)

    m, asked = questions(block, backend.count, exact=True)
    q = np.zeros((len(asked), len(vocabulary)))
    q[:, block.outputs] = asked
    X, rows, y = new_rows(W[block.inputs], V_prime, None, m, q, 0.3, 0.4, exact=True, xp=np)
    np.testing.assert_allclose(backend.tables()[0][block.inputs], X, rtol=0, atol=1e-14)
    np.testing.assert_allclose(backend.tables()[1], rows, rtol=0, atol=1e-14)
    assert lost == pytest.approx(float(w2v.train.steps.loss(y, m, q, exact=True, xp=np)), rel=1e-12)
    assert (np.linalg.norm(rows - V_prime, axis=1) > 0.399).any(), "the bound was never met"
