"""NNLM and RNNLM: the hand's gradients against JAX by other ways, and faults that must be seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derivations.history import nnlm, rnnlm
from derivations.ledger import entries_of
from derivations.oracle.cases import draw, letters_of
from derivations.oracle.verdicts import verify
from derivations.paper import skipgram
from derivations.techniques import cbow
from tests.support import with_hand
from tests.techniques.test_sampling import faulty

ENTRIES = [
    entry
    for module in (nnlm, rnnlm)
    for entry in sorted(entries_of(module, {}), key=lambda entry: entry.item)
]
MODELS = {entry.model.name: entry.model for entry in ENTRIES}
SEEDS = st.integers(0, 2**32)


@pytest.mark.parametrize("module", [nnlm, rnnlm])
def test_every_quantity_of_the_forward_pass_and_every_parameter_is_claimed(module: Any) -> None:
    entries = entries_of(module, {})
    quantities = {entry.lhs for entry in entries if isinstance(entry.lhs, str)}
    derivatives = {pair for entry in entries if isinstance(entry.lhs, tuple) for pair in entry.lhs}
    computed = {"x", "o", "a", "y", "p", "E"} if module is nnlm else {"s", "u", "y", "E"}
    assert computed <= quantities
    assert {("E", name) for name in PARAMETERS[module]} <= derivatives


PARAMETERS: dict[Any, tuple[str, ...]] = {
    nnlm: ("F", "H", "d", "U", "W", "b"),
    rnnlm: ("U", "W", "W_prime"),
}


# --- against JAX by other ways ------------------------------------------------------------------------


def arrays_of(model: str, sizes: dict[str, int], seed: int) -> dict[str, Any]:
    return dict(draw(MODELS[model], sizes, "ordinary", seed).inputs)


def by_jax(loss: Callable[..., Any], arrays: dict[str, Any], names: tuple[str, ...]) -> list[Any]:
    """JAX's gradient of a loss of named arrays, op by op and in float64."""
    with jax.enable_x64(True):
        found = jax.grad(lambda some: loss(**{**arrays, **some}))({name: arrays[name] for name in names})
        return [np.asarray(found[name]) for name in names]


def loss_by_steps(w: Any, d: Any, s_0: Any, U: Any, W: Any, W_prime: Any) -> Any:
    """The recurrent model as its paper draws it: x(t) is w(t) and s(t-1) side by side; a plain loop."""
    weights, state, loss = jnp.hstack([U, W]), s_0, 0.0
    for w_t, d_t in zip(w, d, strict=True):
        state = 1 / (1 + jnp.exp(-weights @ jnp.concatenate([w_t, state])))
        scores = W_prime @ state
        loss += jnp.log(jnp.exp(scores - scores.max()).sum()) + scores.max() - d_t @ scores
    return loss


@given(
    sizes=st.fixed_dictionaries({letter: st.integers(1, 6) for letter in "TVN"}),
    seed=SEEDS,
)
def test_backpropagation_through_time_is_jaxs_gradient_of_a_plain_loop(
    sizes: dict[str, int], seed: int
) -> None:
    arrays = arrays_of("rnnlm", sizes, seed)
    found = rnnlm.gradients(**arrays)
    for one, other in zip(found, by_jax(loss_by_steps, arrays, PARAMETERS[rnnlm]), strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("steps", [1, 40])
def test_one_step_and_forty(steps: int) -> None:
    arrays = arrays_of("rnnlm", {"T": steps, "V": 3, "N": 2}, 7)
    for one, other in zip(
        rnnlm.gradients(**arrays), by_jax(loss_by_steps, arrays, PARAMETERS[rnnlm]), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


def test_a_word_that_comes_again_learns_from_both_its_steps() -> None:
    w, d, s_0, U, W, W_prime = rnnlm.example()
    s, u, y, E = rnnlm.forward(w, d, s_0, U, W, W_prime)
    delta = rnnlm.delta(y - d, s, W, W_prime)
    dE_dU = rnnlm.gradients(w, d, s_0, U, W, W_prime)[0]
    np.testing.assert_allclose(dE_dU[:, 1], delta[0] + delta[2], rtol=1e-14)


def loss_of_concatenated(w: Any, t: Any, F: Any, H: Any, d: Any, U: Any, b: Any, W: Any = None) -> Any:
    """Eq. 1 to the letter: x a vector of (n - 1) m features, H and W matrices."""
    x = jnp.concatenate([w_c @ F for w_c in w])
    scores = b + U @ jnp.tanh(d + H.reshape(len(d), -1) @ x)
    if W is not None:
        scores += W.reshape(len(b), -1) @ x
    return jnp.log(jnp.exp(scores - scores.max()).sum()) + scores.max() - t @ scores


@given(
    sizes=st.fixed_dictionaries({letter: st.integers(1, 5) for letter in "CVNK"}),
    seed=SEEDS,
    direct=st.booleans(),
)
def test_nnlm_is_jaxs_gradient_of_eq_1_with_and_without_direct_connections(
    sizes: dict[str, int], seed: int, direct: bool
) -> None:
    arrays = arrays_of("nnlm", sizes, seed)
    if not direct:
        arrays["W"] = np.zeros_like(arrays["W"])
    found = dict(zip(PARAMETERS[nnlm], nnlm.gradients(**arrays), strict=True))
    names = tuple(name for name in PARAMETERS[nnlm] if direct or name != "W")
    given = {name: value for name, value in arrays.items() if direct or name != "W"}
    for name, other in zip(names, by_jax(loss_of_concatenated, given, names), strict=True):
        assert found[name].shape == other.shape
        np.testing.assert_allclose(found[name], other, rtol=1e-11, atol=1e-13)


def test_a_word_that_stands_twice_learns_from_both_places() -> None:
    w, t, F, H, d, U, W, b = nnlm.example()
    once = [nnlm.gradients(w * keep[:, None], t, F, H, d, U, W, b)[0] for keep in np.eye(2)]
    assert all(np.any(one) for one in once)
    twice = np.stack([w[0], w[0]])
    dE_dF = nnlm.gradients(twice, t, F, H, d, U, W, b)[0]
    assert dE_dF.any(axis=1).tolist() == [False, False, False, True, False]


# --- no non-linear hidden layer -----------------------------------------------------------------------


@given(
    sizes=st.fixed_dictionaries({letter: st.integers(1, 6) for letter in "CVNK"}),
    seed=SEEDS,
)
def test_an_nnlm_without_its_hidden_layer_and_one_matrix_for_all_places_is_cbow(
    sizes: dict[str, int], seed: int
) -> None:
    """Drop U tanh(...) and b, let every place share W'/C: what is left are CBOW's scores and loss."""
    w, t, F, H, d, U, W, b = arrays_of("nnlm", sizes, seed).values()
    W_prime = W[:, 0].T
    shared = np.stack([W_prime.T / len(w)] * len(w), axis=1)
    *_, y, p, E = nnlm.forward(w, t, F, H, d, 0 * U, shared, 0 * b)
    x, h, u, y_of_cbow, E_of_cbow = cbow.forward(w, t, F, W_prime)
    np.testing.assert_allclose(y, u, rtol=1e-9, atol=1e-11)
    assert pytest.approx(E_of_cbow, rel=1e-9) == E


def test_one_recurrent_step_without_a_state_is_the_skipgrams_hidden_layer_but_for_the_sigmoid() -> None:
    w, d, s_0, U, W, W_prime = arrays_of("rnnlm", {"T": 1, "V": 5, "N": 3}, 5).values()
    s, u, y, E = rnnlm.forward(w, d, s_0, U, 0 * W, W_prime)
    h, *_ = skipgram.forward(w[0], d, U.T, W_prime.T)
    np.testing.assert_allclose(np.log(s[0] / (1 - s[0])), h, rtol=1e-9)


# --- planted faults -----------------------------------------------------------------------------------

FAULTS = [
    ("nnlm.EI", "da_do(l, a) * ", "", "tanh' dropped"),
    ("nnlm.da_do", "(1 - a[l]) * (1 + a[l])", "1 - a[l]", "tanh' of the sigmoid"),
    ("nnlm.gradients", "(1 - a) * (1 + a) * ", "", "tanh' dropped"),
    ("nnlm.gradients", "(1 - a) * (1 + a)", "(1 - o) * (1 + o)", "tanh' of what enters"),
    ("nnlm.gradients", "(e @ U)", "((e @ W.reshape(len(b), -1)).sum() * np.ones(len(d)))", "wrong way"),
    ("nnlm.gradients", "np.tensordot(e, W, 1) + ", "", "direct way forgotten"),
    ("nnlm.gradients", " + np.tensordot(EI, H, 1)", "", "hidden way forgotten"),
    ("nnlm.gradients", "w.T @ EX", "w.T @ EX[::-1]", "places exchanged"),
    ("nnlm.gradients", "w.T @ EX", "np.sign(w.T) @ EX", "a word counted once"),
    ("nnlm.gradients", "np.outer(e, a)", "np.outer(e, o)", "what enters, not what leaves"),
    ("nnlm.EX", "direct + ", "", "direct way forgotten"),
    ("nnlm.dE_dF", "for c in range(len(w))", "for c in range(1)", "first place only"),
    ("nnlm.dy_dx", "W[j, c, i] + ", "", "direct way forgotten"),
    ("nnlm.y", "range(len(a))", "range(1, len(a))", "first unit left out"),
    ("nnlm.E", "t @ log_softmax(y)", "t @ y", "no softmax"),
    ("rnnlm.delta", " + later", "", "no time"),
    ("rnnlm.delta", "delta_t @ W", "W @ delta_t", "transposed"),
    ("rnnlm.delta", "later = delta_t @ W", "later = (delta_t @ W) * (len(found) == 0)", "a step forgotten"),
    ("rnnlm.delta", "later = delta_t @ W", "later = later + delta_t @ W", "counted again"),
    ("rnnlm.delta", "* (1 - s_t)", "", "slope dropped"),
    ("rnnlm.delta", "found[::-1]", "found", "steps in the wrong order"),
    ("rnnlm.delta", "e_t @ W_prime", "e_t.sum() * W_prime.sum(axis=0)", "lost sum"),
    ("rnnlm.gradients", "before(s_0, s)", "s", "the state after for the state before"),
    ("rnnlm.gradients", "before(s_0, s)", "before(0 * s_0, s)", "s(0) forgotten"),
    ("rnnlm.gradients", "errors.T @ w", "errors[-1:].T @ w[-1:]", "last step only"),
    ("rnnlm.gradients", "errors.T @ before(s_0, s)", "before(s_0, s).T @ errors", "transposed"),
    ("rnnlm.gradients", "delta(e, s, W, W_prime)", "(e @ W_prime) * s * (1 - s)", "truncated to no step"),
    ("rnnlm.dE_dW", "range(len(delta))", "range(1, len(delta))", "first step left out"),
    ("rnnlm.dE_dU", "w[t, i]", "w[t - 1, i]", "the word before"),
    ("rnnlm.ds_ds_0", "W @ product", "product @ W", "factors in the wrong order"),
    ("rnnlm.ds_ds_0", "W @ product", "W.T @ product", "transposed"),
    ("rnnlm.states", "s[-1]", "s[0]", "always from the first state"),
    ("rnnlm.states", "W @ s[-1]", "s[-1] @ W", "transposed"),
    ("rnnlm.dE_ds_0", "delta[0, j]", "delta[-1, j]", "last step for the first"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("label", "right", "wrong", "fault"), FAULTS, ids=[f"{f[0]}: {f[3]}" for f in FAULTS]
)
def test_a_planted_fault_turns_the_run_red(label: str, right: str, wrong: str, fault: str) -> None:
    entry = next(entry for entry in ENTRIES if entry.label == label)
    (verdict,) = verify([with_hand(entry, faulty(entry.rhs, right, wrong))], 25, seed=3)
    assert not verdict.holds, fault
    assert verdict.failure is not None
    assert verdict.failure.judge != "referee"


@pytest.mark.parametrize("module", [nnlm, rnnlm])
def test_gradients_leave_their_arguments_alone_and_refuse_what_does_not_fit(module: Any) -> None:
    arguments = list(module.example())
    copies = [array.copy() for array in arguments]
    first, second = module.gradients(*arguments), module.gradients(*arguments)
    for before, after in zip(copies, arguments, strict=True):
        np.testing.assert_array_equal(before, after)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(TypeError, match=r"w has shape .* and dtype int64: gradients need floats"):
        module.gradients(arguments[0].astype(int), *arguments[1:])
    with pytest.raises(ValueError, match="a row that sums to 2"):
        module.gradients(arguments[0], 2 * arguments[1], *arguments[2:])
    with pytest.raises(ValueError, match=r"so V = 5, but V = 6 in"):
        module.gradients(np.eye(6)[: len(arguments[0])], *arguments[1:])


@pytest.mark.parametrize("module", [nnlm, rnnlm])
def test_a_text_of_one_word_and_a_vocabulary_of_one_teach_nothing_but_hold(module: Any) -> None:
    name = module.__name__.rpartition(".")[2]
    arrays = arrays_of(name, dict.fromkeys(letters_of(MODELS[name]), 1), 1)
    for gradient in module.gradients(**arrays):
        np.testing.assert_array_equal(gradient, np.zeros_like(gradient))
