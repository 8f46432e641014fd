"""The section modules by themselves: pure, without JAX, element and matrix forms equal."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derivations.ledger import SECTIONS, Model, section_module
from derivations.oracle.cases import draw, letters_of
from derivations.oracle.forward_pass import quantities
from derivations.oracle.tolerance import UNIT
from derivations.paper import backpropagation, mlp, skipgram, softmax_cross_entropy
from tests.support import LEDGER, model_named

SIZES = st.fixed_dictionaries({letter: st.integers(1, 6) for letter in "KNM"})
WORDS = st.fixed_dictionaries({letter: st.integers(1, 6) for letter in "VNC"})
SEEDS = st.integers(0, 2**32)


def mlp_arrays(sizes: dict[str, int], seed: int) -> list[Any]:
    return list(draw(model_named("mlp"), sizes, "ordinary", seed).inputs.values())


def skipgram_arrays(sizes: dict[str, int], seed: int) -> list[Any]:
    return list(draw(model_named("skipgram"), sizes, "ordinary", seed).inputs.values())


@given(sizes=SIZES, seed=SEEDS)
def test_mlp_element_forms_are_the_entries_of_the_matrices(sizes: dict[str, int], seed: int) -> None:
    x, t, W, W_prime = mlp_arrays(sizes, seed)
    u, h, u_prime, y, E = mlp.forward(x, t, W, W_prime)
    EI_prime = np.array([mlp.EI_prime(j, y, t) for j in range(sizes["M"])])
    EI = np.array([mlp.EI(i, EI_prime, W_prime, h) for i in range(sizes["N"])])
    dE_dW, dE_dW_prime = mlp.gradients(x, t, W, W_prime)
    terms = np.outer(np.abs(x), np.abs(W_prime) @ np.abs(EI_prime))  # the sizes that round
    for k, i in np.ndindex(dE_dW.shape):
        assert abs(mlp.dE_dW(k, i, x, EI) - dE_dW[k, i]) <= 16 * UNIT * terms[k, i]
    for i, j in np.ndindex(dE_dW_prime.shape):
        entry = mlp.dE_dW_prime(i, j, h, EI_prime)
        assert abs(entry - dE_dW_prime[i, j]) <= 16 * UNIT * abs(entry)


@given(sizes=SIZES, seed=SEEDS)
def test_an_open_grid_of_indices_gives_all_entries_at_once(sizes: dict[str, int], seed: int) -> None:
    x, t, W, W_prime = mlp_arrays(sizes, seed)
    u, h, u_prime, y, E = mlp.forward(x, t, W, W_prime)
    EI = np.linspace(1.0, 2.0, sizes["N"])
    k, i = np.ogrid[: sizes["K"], : sizes["N"]]
    np.testing.assert_array_equal(mlp.dE_dW(k, i, x, EI), mlp.dE_dW_matrix(x, EI))


@given(sizes=WORDS, seed=SEEDS)
def test_skipgram_element_forms_are_the_entries_of_the_matrices(sizes: dict[str, int], seed: int) -> None:
    x, t, W, W_prime = skipgram_arrays(sizes, seed)
    h, u, y, E = skipgram.forward(x, t, W, W_prime)
    e = np.array([[skipgram.e(c, j, y, t) for j in range(sizes["V"])] for c in range(sizes["C"])])
    EI = np.array([skipgram.EI(j, e) for j in range(sizes["V"])])
    dE_dW, dE_dW_prime = skipgram.gradients(x, t, W, W_prime)
    errors = np.sum(y + t, axis=0)  # the sizes that round
    terms = np.outer(np.abs(x), np.abs(W_prime) @ errors)
    for k, i in np.ndindex(dE_dW.shape):
        assert abs(skipgram.dE_dW(k, i, EI, W_prime, x) - dE_dW[k, i]) <= 32 * UNIT * terms[k, i]
    for i, j in np.ndindex(dE_dW_prime.shape):
        entry = skipgram.dE_dW_prime(i, j, EI, h)
        assert abs(entry - dE_dW_prime[i, j]) <= 32 * UNIT * abs(h[i]) * errors[j]


@given(seed=SEEDS, sizes=WORDS)
def test_gradients_change_none_of_their_arguments_and_return_new_arrays(
    sizes: dict[str, int], seed: int
) -> None:
    for function, arrays in (
        (skipgram.gradients, skipgram_arrays(sizes, seed)),
        (mlp.gradients, mlp_arrays({"K": sizes["V"], "N": sizes["N"], "M": sizes["C"]}, seed)),
    ):
        arguments = [array.copy() for array in arrays]
        first, second = function(*arguments), function(*arguments)
        for before, after in zip(arrays, arguments, strict=True):
            np.testing.assert_array_equal(before, after)
        for one, other in zip(first, second, strict=True):
            np.testing.assert_array_equal(one, other)
            assert not any(np.shares_memory(one, argument) for argument in arguments)


@pytest.mark.parametrize("u", [1e4, -1e4, 800.0, -800.0, 0.0, 8e307, -8e307])
def test_sigmoid_and_softmax_are_finite_and_silent_for_any_score(u: float) -> None:
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert 0.0 <= mlp.sigmoid(np.array([u]))[0] <= 1.0
        assert np.isfinite(softmax_cross_entropy.softmax(np.array([u, 0.0, -u]))).all()


@given(st.floats(-700, 700))
def test_sigmoid_is_accurate_on_both_sides(u: float) -> None:
    exact = 1 / (1 + np.exp(-np.longdouble(u)))
    assert float(mlp.sigmoid(np.array([u]))[0]) == pytest.approx(float(exact), rel=4e-16)


def test_the_condition_of_y_minus_t_is_necessary() -> None:
    """Off the condition the claim of p. 6 is wrong."""
    from derivations.ledger import find
    from derivations.oracle.judges import Bench

    entry = find("softmax_cross_entropy.condition")
    instance = draw(entry.model, {"M": 4}, "ordinary", 3)
    bench = Bench(entry.model, instance)
    true = bench.judged(("E", "u"))["reverse"].value
    y, r = bench.hand("y"), instance.inputs["r"]
    assert np.abs(true - (y - r)).max() > 0.1
    np.testing.assert_allclose(true - (y - r), y * (r.sum() - 1), rtol=1e-12)


def test_the_unit_of_section_2_learns() -> None:
    x, w, t = backpropagation.example()
    for _ in range(200):
        w = w - 0.1 * backpropagation.gradient(x, w, t)
    assert backpropagation.forward(x, w, t)[-1] < 1e-6


@pytest.mark.parametrize("name", [*SECTIONS, "ledger", "notation", "errata"])
def test_a_section_module_imports_no_jax_and_no_referee(name: str) -> None:
    code = (
        f"import sys; from derivations import {name}\n"
        "print([m for m in ('jax', 'hypothesis', 'click', 'rich', 'derivations.oracle', 'w2v')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", SECTIONS)
def test_jax_is_imported_only_by_a_reference(name: str) -> None:
    source = Path(section_module(name).__file__ or "").read_text("utf-8")
    for part in ast.parse(source).body:
        imports = [line for line in ast.walk(part) if isinstance(line, ast.Import | ast.ImportFrom)]
        if any(re.search(r"\bjax\b", ast.unparse(line)) for line in imports):
            assert getattr(part, "name", "").startswith("reference"), ast.unparse(part)


WITH_A_FORWARD_PASS = [
    "backpropagation", "mlp", "softmax_cross_entropy", "skipgram", "cbow", "negative_sampling",
    "hierarchical_softmax", "batches", "nnlm", "rnnlm",
]  # fmt: skip


@pytest.mark.parametrize("name", WITH_A_FORWARD_PASS)
def test_every_line_of_a_forward_pass_is_claimed_by_an_entry(name: str) -> None:
    model = model_named(name)
    assert model.forward is not None
    lines = set(quantities(model.forward, *draw_any(model))) - set(model.inputs)
    claimed = {entry.lhs for entry in LEDGER if isinstance(entry.lhs, str) and entry.model is model}
    same = {"f_u", "log_y", "x", "t"}  # y = f(u) claims the first, E the second, h and E the others
    assert lines - claimed <= same


def draw_any(model: Model) -> list[Any]:
    return list(draw(model, dict.fromkeys(letters_of(model), 2), "ordinary", 0).inputs.values())


SHAPED = """
import sys
from jaxtyping import install_import_hook
names = ["mlp", "skipgram", "softmax_cross_entropy", "backpropagation"]
hook = install_import_hook([f"derivations.paper.{name}" for name in names], "beartype.beartype")
with hook:
    from derivations.paper import mlp, skipgram, softmax_cross_entropy
import numpy as np
for module in (mlp, skipgram):
    print([g.shape for g in module.gradients(*module.example())])
print(softmax_cross_entropy.gradient(*softmax_cross_entropy.example()).shape)
try:
    mlp.dE_dW_matrix(np.ones((2, 2)), np.ones(3))
except Exception as refusal:
    print(type(refusal).__name__)
"""


def test_the_shapes_in_the_annotations_are_true() -> None:
    done = subprocess.run([sys.executable, "-c", SHAPED], capture_output=True, text=True)
    assert done.stdout.splitlines() == ["[(5, 3), (3, 5)]", "[(5, 3), (3, 5)]", "(5,)", "TypeCheckError"], (
        done.stderr
    )
