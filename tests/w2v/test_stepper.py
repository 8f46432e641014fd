"""The stepper: its gradients are JAX's, every sum written out is the number beside it, faults show."""

from __future__ import annotations

import inspect
import json
import linecache
import math
import re
import subprocess
import sys
from collections.abc import Iterable
from itertools import pairwise
from types import ModuleType
from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derivations.ledger import find, model_of
from derivations.oracle.program.programs import derivative_program
from derivations.oracle.tolerance import permitted
from derivations.paper import skipgram
from derivations.techniques import hierarchical_softmax, negative_sampling
from w2v import Word2Vec
from w2v.stepper import Address, Stepper, StepSettings, WrongSettingError
from w2v.stepper.losses import update
from w2v.stepper.plane import initial_axes, principal_axes, project, rotated
from w2v.stepper.quantities import quantities_of
from w2v.stepper.recipes import Reference, Rest, parse
from w2v.stepper.reference import Verdicts, verdict_of

MODULES = {"softmax": skipgram, "negative": negative_sampling, "hs": hierarchical_softmax}
every_loss = pytest.mark.parametrize("loss", MODULES)

sentences = st.lists(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=6), min_size=1, max_size=4)


@st.composite
def steppers(draw: Any) -> Stepper:
    """A stepper for a random text, at a random step of its first two epochs."""
    lines = draw(
        sentences.filter(lambda s: any(len(x) > 1 for x in s) and len({w for x in s for w in x}) > 1)
    )
    stepper = Stepper(
        "\n".join(" ".join(line) for line in lines),
        window=draw(st.integers(1, 8)),
        vector_size=draw(st.integers(1, 4)),
        alpha=draw(st.sampled_from([0.01, 0.3])),
        seed=draw(st.integers(0, 99)),
        loss=draw(st.sampled_from(list(MODULES))),
        limits=draw(st.sampled_from([(24, 12, 12), (6, 2, 3)])),
    )
    return stepper.go((*place(stepper, draw(st.integers(0, 2 * stepper.steps_per_epoch - 1))), 4))


def place(stepper: Stepper, iteration: int) -> tuple[int, int]:
    """The epoch and the word of an iteration."""
    return divmod(iteration, stepper.steps_per_epoch)


# --- compared with JAX and with training --------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(steppers())
def test_gradients_of_any_step_of_any_text_are_jax_s(stepper: Stepper) -> None:
    found, model = stepper.known(), model_of(MODULES[stepper.settings.loss])
    inputs = {name: found[name] for name in model.inputs}
    sizes = {"V": len(found["x"]), "N": len(found["h"])}
    if "S" in found:
        letters = "DJ" if stepper.settings.loss == "negative" else "LJ"
        sizes |= dict(zip(letters, found["S"].shape, strict=True))
    else:
        sizes["C"] = len(found["t"])
    for quantity, wrt in (("dE_dW", "W"), ("dE_dW_prime", "W_prime")):
        theirs, bound = derivative_program(model, "E", wrt, "reverse").run_with_bound(inputs, sizes)
        assert (np.abs(found[quantity] - theirs) <= permitted(bound)).all(), quantity


@every_loss
def test_badge_says_that_a_step_agrees_with_compiled_jax(loss: str) -> None:
    stepper = Stepper("a b a a\nc b", vector_size=2, window=2, loss=loss, alpha=0.1)
    badge = stepper.go((1, 2, 0)).badge()
    assert badge["agrees"], badge
    assert badge["entries"] == sum(stepper.frame().found[name].size for name in badge["of"])
    assert badge["largest"] < 1e-15


def test_loss_is_the_cross_entropy_of_the_contexts_as_jax_computes_it() -> None:
    found = Stepper().go((0, 2, 4)).known()
    with jax.enable_x64(True):
        E = float(skipgram.reference(found["x"], found["t"], found["W"], found["W_prime"]))
    assert found["E"] == pytest.approx(E, rel=1e-15)


def test_an_epoch_of_steps_is_an_epoch_of_training() -> None:
    text, alpha = "i like text information systems", 0.2
    stepper = Stepper(text, alpha=alpha, window=2)
    first = stepper.frame().found
    model = Word2Vec(
        vector_size=3, window=2, alpha=alpha, min_alpha=alpha, epochs=1, loss="softmax", sample=0.0
    )
    model.fit([text.split()], initial=(first["W"], first["W_prime"].T))
    order = [model.wv.words.index(word) for word in stepper.text.words]
    after = stepper.go((1, 0, 0)).known()["W"]
    np.testing.assert_allclose(model.vectors[order], after, rtol=1e-13)
    assert model.losses[0] == pytest.approx(sum(stepper.trajectory.losses[:5]) / 14)


def test_update_subtracts_alpha_times_the_gradient() -> None:
    found = Stepper(alpha=0.3).go((0, 1, 4)).known()
    assert (found["W_new"] == found["W"] - 0.3 * found["dE_dW"]).all()
    assert (found["W_prime_new"] == found["W_prime"] - 0.3 * found["dE_dW_prime"]).all()


FAULTS = [
    ("softmax", "gradients", "e = y - t", "e = y + t"),
    ("softmax", "gradients", "EI = e.sum(axis=0)", "EI = y[0] - t.sum(axis=0)"),  # y once for two contexts
    ("softmax", "gradients", "EI = e.sum(axis=0)", "EI = e[-1]"),
    ("softmax", "gradients", "np.outer(h, EI)", "np.outer(h, EI) * (1 + 1e-9)"),
    ("softmax", "gradients", "W_prime @ EI", "W_prime @ EI + 1e-9"),
    ("softmax", "forward", "h = x @ W", "h = np.tanh(x @ W)"),
    ("negative", "gradients", "e = y - t", "e = t - y"),
    ("negative", "gradients", "EH = e @ v_prime", "EH = e[1:] @ v_prime[1:]"),
    ("hs", "gradients", "np.outer(h, e @ S)", "np.outer(h, e @ S * 2)"),
    ("hs", "forward", "y = sigmoid(u)", "y = sigmoid(-u)"),
]


@pytest.mark.parametrize(("loss", "function", "right", "wrong"), FAULTS)
def test_badge_shows_a_fault_planted_in_a_verified_function(
    loss: str, function: str, right: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(MODULES[loss], function, right, wrong, monkeypatch)
    badge = Stepper(loss=loss).go((0, 1, 0)).badge()
    assert not badge["agrees"]
    assert badge["text"].endswith("more than rounding explains")
    assert badge["worst"]["ours"] != badge["worst"]["jax"]


def plant(
    module: ModuleType, function: str, right: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Put a changed copy of a function, whose source can be read, in its place."""
    source = inspect.getsource(getattr(module, function))
    assert source.count(right) == 1
    source = re.sub(r"^(@\w+\((?:.|\n)*?)(?=^def )", "", source, flags=re.MULTILINE).replace(right, wrong)
    name = f"<{function}, planted: {wrong}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    scope: dict[str, Any] = {}
    exec(compile(source, name, "exec", dont_inherit=True), vars(module), scope)
    monkeypatch.setattr(module, function, scope[function])


# --- where a number comes from ------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(steppers())
def test_every_written_sum_is_the_number_beside_it(stepper: Stepper) -> None:
    frame = stepper.frame()
    for name, quantity in frame.table.items():
        for at in np.ndindex(frame.values[name].shape):
            if any(index not in frame.axes[a].shown for index, a in zip(at, quantity.axes, strict=True)):
                continue
            text = frame.written(name, at, None)
            assert bool(text) == bool(quantity.recipe)
            if text:
                near = pytest.approx(float(frame.values[name][at]), rel=1e-11, abs=1e-13)
                assert evaluated(text) == near, (name, at, text)


def evaluated(text: str) -> float:
    """The value of a written sum."""
    source = text.replace("log σ", "logσ").replace("·", "*").replace("−", "-")
    assert not set(source) - set("0123456789.e+-*/() explogσ"), source
    functions = {
        "exp": math.exp,
        "log": math.log,
        "σ": lambda u: 1 / (1 + math.exp(-u)),
        "logσ": lambda u: -math.log1p(math.exp(-u)),
    }
    return float(eval(source, {"__builtins__": {}}, functions))


def test_written_sums_look_as_on_paper_and_name_what_was_multiplied() -> None:
    stepper = Stepper().go((0, 1, 4))
    assert re.fullmatch(r"\(0\.\d\d − 1\) \+ \(0\.\d\d − 0\)", stepper.written("EI", (0,)))
    assert re.fullmatch(r"0·(\S+) \+ 1·(\S+) \+ 0·(\S+) \+ 0·(\S+) \+ 0·(\S+)", stepper.written("h", (1,)))
    assert stepper.written("dE_dW", (0, 0)).startswith("0·")
    assert [t for t in stepper.derivation("h", (2,)) if isinstance(t, Reference)][:4] == [
        Reference("x", (0,)), Reference("W", (0, 2)), Reference("x", (1,)), Reference("W", (1, 2)),
    ]  # fmt: skip
    assert stepper.derivation("W", (0, 0)) == []  # an input
    with pytest.raises(KeyError):
        stepper.derivation("Q", ())
    with pytest.raises(IndexError):
        stepper.derivation("h", (3,))
    with pytest.raises(ValueError, match="does not close"):
        parse("Σk{x[k]")


@every_loss
def test_the_source_line_shown_computes_the_number_shown(loss: str) -> None:
    stepper = Stepper("a b c a\nd b a", vector_size=3, window=2, loss=loss).go((0, 3, 4))
    found, session = stepper.frame().found, stepper.session()["quantities"]
    checked = [name for name in session if session[name]["code"]]
    assert {"h", "u", "y", "E", "e", "dE_dW", "step_W", "W_new"} <= set(checked)
    for name in checked:
        scope = {**vars(MODULES[loss]), **found}
        code = session[name]["code"]
        exec(code if " = " in code else f"{name} = {code}", scope)
        np.testing.assert_array_equal(scope[name], found[name], err_msg=code)
    for quantity in quantities_of(loss).values():
        function = quantity.line.partition(".")[0]
        assert not function or function == update.__name__ or hasattr(MODULES[loss], function)


# --- texts --------------------------------------------------------------------------------------------


def test_the_last_word_counts_its_own_contexts_and_not_those_of_the_word_before() -> None:
    found = Stepper().go((0, 4, 4)).known()
    assert found["t"].shape == (1, 5)
    np.testing.assert_array_equal(found["EI"], found["y"][0] - found["t"][0])


def test_a_word_that_is_twice_in_the_window_counts_twice() -> None:
    found = Stepper("a b a", window=2).go((0, 1, 4)).known()
    np.testing.assert_array_equal(found["t"], [[1, 0], [1, 0]])
    np.testing.assert_allclose(found["EI"], 2 * found["e"][0])


@pytest.mark.parametrize(
    ("text", "window", "loss", "steps"),
    [
        ("a b c\nd\nb a", 1, "softmax", "a:b b:ac c:b b:a a:b"),  # the word alone on its line is skipped
        ("a b c\nb a", 2, "negative", "a:b a:c b:a b:c c:a c:b b:a a:b"),
        ("a b c\nb a", 2, "hs", "a:b a:c b:a b:c c:a c:b b:a a:b"),
        ("a b c", 1000, "softmax", "a:bc b:ac c:ab"),
        (
            "a b\r\nc d\re f\ng h\u2028i j\x0bk",
            1,
            "softmax",
            "a:b b:a c:d d:c e:f f:e g:h h:gi i:hj j:ik k:j",
        ),
    ],
)
def test_targets_and_contexts_of_a_text(text: str, window: int, loss: str, steps: str) -> None:
    stepper = Stepper(text, window=window, loss=loss)
    found = [stepper.step(0, word) for word in range(stepper.steps_per_epoch)]
    contexts = ["".join(c["word"] for c in step["contexts"]) for step in found]
    assert [f"{s['target']['word']}:{c}" for s, c in zip(found, contexts, strict=True)] == steps.split()
    assert ("“d”" in "".join(stepper.notes())) == ("\nd\n" in text)


@pytest.mark.parametrize(
    "word", ["<script>alert(1)</script>", "🙂", "שלום", "é", "e\u0301", "</style>", "\u202e"]
)
def test_words_of_any_letters_are_unchanged(word: str) -> None:
    assert Stepper(f"{word} b").step()["target"]["word"] == word


def test_hierarchical_softmax_follows_the_path_to_the_word_and_the_note_lists_it() -> None:
    stepper = Stepper("a b a c a d", loss="hs")
    note = stepper.session()["quantities"]["S"]["note"]
    for word in range(stepper.steps_per_epoch):
        frame, step = stepper.frame(Address(0, word)), stepper.step(0, word)
        assert [label for _, label in frame.binary] == step["values"]["t"]
        assert np.sum(step["values"]["S"]) == len(frame.binary)
        path = ", ".join(f"node {node + 1} → {label}" for node, label in frame.binary)
        assert f"{step['contexts'][0]['word']}: {path}" in note


def test_negative_samples_depend_on_seed_and_step_alone() -> None:
    samples = [Stepper(loss="negative", negative=9).frame(Address(e, 3)).binary for e in (0, 0, 1)]
    assert samples[0] == samples[1] != samples[2]
    assert [label for _, label in samples[0]] == [1] + 9 * [0]


# --- states -------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=8),
    st.sampled_from(list(MODULES)),
    st.sampled_from([1, 3000]),
)
def test_a_step_has_the_same_bits_in_any_order_of_requests(
    order: list[int], loss: str, memory: int
) -> None:
    in_order = matrices(Stepper(loss=loss), range(61))
    stepper = Stepper(loss=loss, memory=memory)
    assert matrices(stepper, order) == [in_order[iteration] for iteration in order]
    assert len(stepper.trajectory.kept) <= max(2, stepper.trajectory.max_kept)


def matrices(stepper: Stepper, iterations: Iterable[int]) -> list[bytes]:
    """The matrices before some steps, as bytes."""
    frames = [stepper.frame(Address(*place(stepper, n))) for n in iterations]
    return [frame.found["W"].tobytes() + frame.found["W_prime"].tobytes() for frame in frames]


def test_back_undoes_forward_and_words_and_epochs_keep_the_stage() -> None:
    stepper = Stepper()
    seen = [stepper.address, *(stepper.forward().address for _ in range(30))]
    assert seen[5] == Address(0, 1, 0)
    assert seen[25] == Address(1, 0, 0)
    for address in reversed(seen[:-1]):
        assert stepper.back().address == address
    assert stepper.back().address == Address()
    assert stepper.go((0, 2, 3)).next_word().address == Address(0, 3, 3)
    assert stepper.next_epoch().address == Address(1, 3, 3)


def test_a_stage_knows_what_was_computed_so_far() -> None:
    stepper = Stepper()
    assert list(stepper.known()) == ["x", "W", "W_prime", "t", "alpha"]
    assert {"h", "u", "y", "E"} == set(stepper.forward().known()) - {"x", "W", "W_prime", "t", "alpha"}
    stages = stepper.step()["stages"]
    assert set(stages[4]["known"]) == set(stepper.session()["quantities"])
    for before, after in pairwise(stages):
        assert set(after["known"]) - set(before["known"]) == set(after["changed"])


def test_links_lead_to_steps_and_end_at_both_ends() -> None:
    stepper = Stepper()
    first = stepper.step()["stages"][0]
    assert first["back"] is first["previous_word"] is first["previous_epoch"] is None
    assert first["forward"] == {"epoch": 0, "word": 0, "stage": 1}
    assert stepper.step(0, 4)["stages"][4]["forward"] == {"epoch": 1, "word": 0, "stage": 0}
    furthest = stepper.trajectory.furthest
    last = Address(*place(stepper, furthest), 4).links(5, furthest)
    assert last["forward"] is last["next_word"] is last["next_epoch"] is None


def test_history_has_every_loss_and_later_their_means() -> None:
    stepper = Stepper("a b c", alpha=0.1)
    early = stepper.step(1, 2)["history"]
    assert early["what"] == "each step"
    assert early["points"] == [list(point) for point in enumerate(stepper.trajectory.losses[:6])]
    late = stepper.step(160, 0)["history"]
    assert late["what"] == "mean of each epoch"
    assert len(late["points"]) <= 240
    assert late["points"][-1][1] < late["points"][0][1]
    size = late["points"][0][0] + 1
    means = np.array(stepper.trajectory.losses)[: 3 * size].reshape(3, -1).mean(axis=1)
    np.testing.assert_allclose([E for _, E in late["points"]][:3], means)


@settings(max_examples=40, deadline=None)
@given(steppers())
def test_only_the_rows_and_columns_in_moved_change(stepper: Stepper) -> None:
    found, moved = stepper.known(), stepper.step(*stepper.address[:2])["moved"]
    rows = np.flatnonzero((found["W_new"] != found["W"]).any(axis=1))
    assert set(rows) <= set(moved["W_new"]["indices"])
    columns = np.flatnonzero((found["W_prime_new"] != found["W_prime"]).any(axis=0))
    shown = stepper.frame().axes["J" if stepper.settings.loss == "hs" else "V"].shown
    assert set(columns) & set(shown) <= set(moved["W_prime_new"]["indices"])


def test_the_sentence_is_shown_around_the_target() -> None:
    text = " ".join(f"w{n}" for n in range(40))
    sentence = Stepper(text, window=2).step(0, 20)["sentence"]
    assert sentence["words"] == [f"w{n}" for n in range(8, 33)]
    assert sentence["words"][sentence["target"]] == "w20"
    assert [sentence["words"][n] for n in sentence["contexts"]] == ["w18", "w19", "w21", "w22"]
    assert sentence["more_before"] is sentence["more_after"] is True
    edge = Stepper(text, window=30).step(0, 0)["sentence"]
    assert edge["contexts"] == list(range(1, 13))
    assert edge["more_before"] is False


def test_a_stepper_imports_neither_jax_nor_a_server_before_they_are_needed() -> None:
    code = "import sys, w2v.stepper; w2v.stepper.Stepper().forward(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "w2v.stepper.frames" in loaded
    assert not {"jax", "starlette", "uvicorn", "w2v.visualizer", "scipy"} & loaded


# --- the plane ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_the_picture_moves_no_further_than_the_vectors(size: int) -> None:
    stepper = Stepper("a b c d e a c\nb e d", vector_size=size, alpha=0.2)
    frames = [stepper.frame(Address(*place(stepper, n))) for n in range(300)]
    planes = [(np.array(frame._plane()["before"]), frame.found["W"]) for frame in frames]
    jumps = [np.linalg.norm(after[0] - before[0]) for before, after in pairwise(planes)]
    moves = [np.linalg.norm(after[1] - before[1]) for before, after in pairwise(planes)]
    assert max(jumps) < 30 * max(moves) < 60
    assert np.median(jumps) < 2 * np.median(moves)


def test_a_step_starts_at_the_points_where_the_step_before_ended() -> None:
    stepper = Stepper(alpha=0.2)
    for n in range(12):
        here, there = (stepper.step(*place(stepper, m))["plane"] for m in (n, n + 1))
        if (n + 1) % 5:
            np.testing.assert_allclose(here["after"], there["before"], atol=1e-12)
        np.testing.assert_allclose(here["after"], there["before"], atol=0.05)


def test_the_plane_is_that_of_a_pca() -> None:
    W = np.random.default_rng(0).normal(size=(30, 6)) * [5, 3, 1, 1, 1, 1]
    at, share = project(W, initial_axes(W), np.arange(30))
    values = np.linalg.svd(W - W.mean(axis=0), compute_uv=False) ** 2
    assert share == pytest.approx(values[:2].sum() / values.sum())
    assert (at**2).sum() == pytest.approx(values[:2].sum())
    again = rotated(principal_axes(W)[0], initial_axes(W))
    np.testing.assert_allclose(np.abs(again.T @ initial_axes(W)), np.eye(2), atol=1e-12)


def test_the_plane_of_few_words_of_many_dimensions_is_that_of_their_covariance() -> None:
    W = np.random.default_rng(5).normal(size=(4, 30))
    centered = W - W.mean(axis=0)
    variances, directions = np.linalg.eigh(centered.T @ centered)
    axes, share = principal_axes(W)
    np.testing.assert_allclose(axes @ axes.T, directions[:, -2:] @ directions[:, -2:].T, atol=1e-12)
    np.testing.assert_allclose(share, variances[-2:].sum() / variances.sum(), rtol=1e-12)
    tall, share_of_tall = principal_axes(W.T)
    assert tall.shape == (4, 2)
    assert 0 < share_of_tall < 1


# --- large texts --------------------------------------------------------------------------------------

LARGE = "\n".join(" ".join(f"w{(7 * i + j * j) % 997}" for j in range(12)) for i in range(300))


@every_loss
def test_a_large_vocabulary_is_shown_around_the_words_of_the_step_with_a_note(loss: str) -> None:
    stepper = Stepper(LARGE, vector_size=20, window=2, loss=loss)
    step = stepper.step(0, 40)
    assert len(json.dumps(step)) < 100_000
    axis = step["axes"]["V"]
    assert {step["target"]["index"], *(c["index"] for c in step["contexts"])} <= set(axis["shown"])
    assert axis["hidden"] == len(stepper.text.words) - 24
    assert f"24 of {len(stepper.text.words):,} words" in step["windowed"]
    assert np.shape(step["values"]["W"]) == (24, 12)


def test_the_hidden_part_of_a_sum_is_one_term_of_it() -> None:
    stepper = Stepper(LARGE, vector_size=20, window=2).go((0, 40, 4))
    frame, j = stepper.frame(), stepper.frame().context[0]
    assert evaluated(stepper.written("y", (j,), None)) == pytest.approx(float(frame.values["y"][j]))
    assert evaluated(stepper.written("dE_dh", (3,), None)) == pytest.approx(float(frame.values["dE_dh"][3]))
    assert any(isinstance(term, Rest) for term in stepper.derivation("dE_dh", (3,)))
    assert np.shape(frame.rests["dE_dh"]) == (12,)


def test_a_megabyte_of_text_can_be_stepped_through() -> None:
    text = "\n".join(" ".join(f"{i * 16 + j:x}" for j in range(16)) for i in range(10_800))
    assert 900_000 < len(text) <= 1 << 20
    step = Stepper(text, vector_size=2).step(0, 3)
    assert step["axes"]["V"]["size"] == 172_800
    assert len(json.dumps(step)) < 60_000


@every_loss
def test_a_step_of_fifty_words_takes_few_calls_and_kilobytes(loss: str) -> None:
    """About 2 ms; the calls are counted, since a time would depend on the load of the machine."""
    text = "\n".join(" ".join(f"w{(3 * i + 5 * j) % 50}" for j in range(10)) for i in range(20))
    stepper = Stepper(text, vector_size=10, window=2, loss=loss)
    assert len(stepper.text.words) == 50
    stepper.step(0, 0)
    calls = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        said = json.dumps(stepper.step(0, 1))
    finally:
        sys.setprofile(before)
    assert calls < 5_000
    assert len(said) < 60_000


# --- invalid input ------------------------------------------------------------------------------------

FORTY_THOUSAND = " ".join(f"w{i}" for i in range(40_000))
WRONG = [
    ({"text": ""}, "text='' holds no words: give a sentence of two words or more"),
    ({"text": " \n\t"}, "holds no words"),
    ({"text": "alone"}, "no word of text='alone' has a neighbour: put two or more on a line"),
    ({"text": "a\nb\nc"}, "has a neighbour: put two or more on a line"),
    ({"text": "ha ha ha"}, "'ha' is the only word: give a text of two different words or more"),
    ({"text": "b " + "a" * 101}, "has 101 characters: give words of 100 or fewer"),
    ({"text": "a b " * 300_000}, "text has 1,200,000 characters: give 1,048,576 or fewer"),
    ({"text": "a \ud800"}, "lone surrogate"),
    ({"text": None}, "text is of type NoneType: give a str"),
    ({"window": 0}, "window=0: give an integer from 1 to 1,000"),
    ({"window": 1.5}, "window=1.5: give an integer"),
    ({"window": True}, "window=True: give an integer"),
    ({"vector_size": 10**9}, "vector_size=1000000000: give an integer from 1 to 256"),
    ({"vector_size": 10**5000}, "vector_size=a number of more than 30 digits"),
    ({"alpha": math.inf}, "alpha=inf: give a number above 0, at most 1,000"),
    ({"alpha": math.nan}, "alpha=nan: give a number above 0"),
    ({"alpha": 0}, "alpha=0: give a number above 0"),
    ({"alpha": 10**400}, "alpha=a number of more than 30 digits"),
    ({"alpha": "0.1"}, "alpha='0.1': give a number above 0"),
    ({"seed": -1}, "seed=-1: give an integer from 0"),
    ({"negative": 21}, "negative=21: give an integer from 1 to 20"),
    ({"loss": "sofmax"}, "loss='sofmax': give softmax or negative or hs"),
    ({"loss": []}, "loss=[]: give softmax"),
    ({"colour": 1}, "there is no setting 'colour': give text, window"),
    ({"text": FORTY_THOUSAND, "vector_size": 256}, "=256 with 40,000 different words: give 100 or less"),
    ({"text": FORTY_THOUSAND, "window": 1000}, "window=1000 with 40,000 different words: give 50 or less"),
]


@pytest.mark.parametrize(("given", "says"), WRONG, ids=[says for _, says in WRONG])
def test_an_invalid_setting_raises_one_line_with_the_value_and_the_fix(
    given: dict[str, Any], says: str
) -> None:
    with pytest.raises(WrongSettingError) as caught:
        Stepper(**given)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200
    assert caught.value.field in {*given, ""}


@pytest.mark.parametrize("address", [(-1, 0, 0), (0, 5, 0), (0, 0, 5), (0, 1.0, 0), (True, 0, 0)])
def test_an_address_that_does_not_exist_is_refused(address: tuple[int, int, int]) -> None:
    with pytest.raises(WrongSettingError, match="give an integer, 0"):
        Stepper().go(address)


def test_a_step_too_far_is_refused_at_once() -> None:
    stepper = Stepper()
    with pytest.raises(WrongSettingError, match="too far to be computed while you wait: ask for step 0 to"):
        stepper.step(10**12, 0)
    assert stepper.trajectory.losses == []


def test_a_learning_rate_that_makes_numbers_overflow_is_named() -> None:
    with pytest.raises(WrongSettingError, match=r"alpha=1000: at step \d+ the numbers become too large"):
        Stepper(alpha=1000.0, loss="negative").step(2000, 0)


@every_loss
@pytest.mark.parametrize("alpha", [30.0, 1000.0])
def test_huge_learning_rates_give_numbers_or_a_reason(loss: str, alpha: float) -> None:
    stepper = Stepper("a b c a b", alpha=alpha, loss=loss, window=2)
    reason = ""
    for number in range(200):
        try:
            json.dumps(stepper.step(*place(stepper, number)), allow_nan=False)
            assert number % 50 or stepper.badge(Address(*place(stepper, number)))["agrees"]
        except WrongSettingError as problem:
            reason = str(problem)
            break
    assert not reason or "the numbers become too large" in reason


def test_settings_with_the_same_values_have_the_same_key() -> None:
    assert StepSettings(alpha=1).key == StepSettings(alpha=1.0).key != StepSettings(alpha=2).key


# --- the text beside a number -------------------------------------------------------------------------

ON_PAPER = {
    "softmax": {"x", "W", "h", "W_prime", "u", "y", "t", "e", "dE_dW_prime"},
    "negative": {"x", "W", "h", "W_prime"},
    "hs": {"x", "W", "h"},
}


@every_loss
def test_every_quantity_has_a_name_shapes_and_equations_of_the_ledger(loss: str) -> None:
    stepper = Stepper(loss=loss)
    session, step = stepper.session(), stepper.step()
    json.dumps([session, step], allow_nan=False)
    quantities, table = session["quantities"], quantities_of(loss)
    for name, quantity in quantities.items():
        assert step["shapes"][name]["numpy"] == str(np.shape(stepper.frame().found[name])), name
        assert quantity["mathml"].startswith("<math")
        for equation in quantity["equations"]:
            assert " style=" not in equation["mathml"]  # which the page's policy would not allow
            assert equation["status"] == find(equation["label"]).status
    assert (table["h"].paper_shape, table["h"].numpy_shape) == ("(N, 1)", "(N,)")
    assert {name for name, quantity in quantities.items() if quantity["on_paper"]} == ON_PAPER[loss]
    assert step["shapes"]["x"] == {"paper": "(5, 1)", "numpy": "(5,)"}
    assert step["shapes"]["h"] == {"paper": "(3, 1)", "numpy": "(3,)"}
    for name in ("dE_dW", "dE_dW_prime", "e"):
        assert {e["status"] for e in quantities[name]["equations"]} == {"verified"}
    for one, other, stage in session["arrows"]:
        assert quantities[one]["stage"] <= quantities[other]["stage"] == stage
    assert {name for name, quantity in quantities.items() if quantity["rule"]} == {"W_new", "W_prime_new"}
    for name in ("W_new", "W_prime_new"):
        assert "The paper prints no rule for this step" in quantities[name]["note"]


def test_verdicts_are_computed_in_a_thread_and_kept() -> None:
    verdicts = Verdicts(["skipgram.flow.e", "skipgram.h"], examples=3)
    verdicts.start()
    verdicts.start()
    assert verdicts.done.wait(60)
    labels = verdicts.record()["labels"]
    assert labels["skipgram.flow.e"]["text"] == "verified on 3 test cases"
    assert labels["skipgram.h"]["text"].startswith("erratum: this form holds on 3 test cases")
    assert verdict_of("skipgram.flow.e", 3) is labels["skipgram.flow.e"]
