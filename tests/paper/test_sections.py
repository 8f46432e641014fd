"""The section modules: imports, annotations, element and matrix forms, purity, accuracy."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derivations.ledger import SECTIONS, Entry, Model, section_module
from derivations.oracle.cases import random_instance
from derivations.oracle.forward_pass import quantities
from derivations.oracle.judges import Bench
from derivations.paper import backpropagation, mlp, softmax_cross_entropy
from derivations.techniques.negative_sampling import log_sigmoid
from tests.section_arrays import SEEDS
from tests.support import LEDGER, model_named, title

MODELS = sorted({entry.model for entry in LEDGER if entry.model.forward}, key=lambda model: model.name)
GRADIENTS = [entry for entry in LEDGER if entry.rhs.__name__.startswith("gradient")]


def test_section_modules_import_neither_jax_nor_the_oracle() -> None:
    names = [*SECTIONS, "ledger", "notation", "errata"]
    code = (
        f"import sys; from derivations import {', '.join(names)}\n"
        "print([m for m in ('jax', 'hypothesis', 'click', 'rich', 'derivations.oracle', 'w2v')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", SECTIONS)
def test_only_references_import_jax(name: str) -> None:
    source = Path(section_module(name).__file__ or "").read_text("utf-8")
    for part in ast.parse(source).body:
        imports = [line for line in ast.walk(part) if isinstance(line, ast.Import | ast.ImportFrom)]
        if any(re.search(r"\bjax\b", ast.unparse(line)) for line in imports):
            assert getattr(part, "name", "").startswith("reference"), ast.unparse(part)


# --- annotations ------------------------------------------------------------------------------------

SHAPED = """
import json
from jaxtyping import install_import_hook
from derivations.ledger import SECTIONS, section_module, section_path
with install_import_hook([section_path(name) for name in SECTIONS], "beartype.beartype"):
    modules = {name: section_module(name) for name in SECTIONS}

def shapes(function, *arguments):
    result = function(*arguments)
    return [g.shape for g in (result if isinstance(result, tuple) else [result])]

found = {}
for name, module in modules.items():
    for gradient in ("gradient", "gradients", "gradients_of_sum"):
        if gradient in vars(module) and vars(module)[gradient].__module__ == module.__name__:
            found[f"{name}.{gradient}"] = shapes(getattr(module, gradient), *module.example())
    if hasattr(module, "gradients_of_cbow"):
        x, *rest = module.example()
        found[f"{name}.gradients_of_cbow"] = shapes(module.gradients_of_cbow, x[None], *rest)
A, W, W_prime, m, q = modules["batches"].example()
found["batches.gradients_of_softmax"] = shapes(modules["batches"].gradients_of_softmax, A, W, W_prime, q)
for function, arguments in (
    (modules["mlp"].dE_dW_matrix, (A, W[:, 0])),
    (modules["batches"].dE_dW_prime, (A, W_prime.T)),
):
    try:
        function(*arguments)
    except Exception as refusal:
        found[function.__qualname__] = type(refusal).__name__
print(json.dumps(found))
"""


@pytest.mark.slow
def test_annotated_shapes_hold_under_beartype() -> None:
    done = subprocess.run([sys.executable, "-c", SHAPED], capture_output=True, text=True)
    assert json.loads(done.stdout or "{}") == {
        "backpropagation.gradient": [[5]],
        "mlp.gradients": [[5, 3], [3, 5]],
        "softmax_cross_entropy.gradient": [[5]],
        "skipgram.gradients": [[5, 3], [3, 5]],
        "cbow.gradients": [[5, 3], [3, 5]],
        "cbow.gradients_of_sum": [[5, 3], [3, 5]],
        "negative_sampling.gradients": [[5, 3], [3, 5]],
        "negative_sampling.gradients_of_cbow": [[5, 3], [3, 5]],
        "hierarchical_softmax.gradients": [[4, 2], [2, 3]],
        "hierarchical_softmax.gradients_of_cbow": [[4, 2], [2, 3]],
        "batches.gradients": [[3, 2], [2, 4]],
        "batches.gradients_of_softmax": [[3, 2], [2, 4]],
        "nnlm.gradients": [[5, 3], [4, 2, 3], [4], [5, 4], [5, 2, 3], [5]],
        "rnnlm.gradients": [[3, 5], [3, 3], [5, 3]],
        "dE_dW_matrix": "TypeCheckError",
        "dE_dW_prime": "TypeCheckError",
    }, done.stderr


# --- forward passes ---------------------------------------------------------------------------------

SAME_AS_ANOTHER = {"f_u", "log_y", "x", "t"}
"""Quantities without an entry of their own: y = f(u); E contains log y; x and t are inputs elsewhere."""

WITH_A_FORWARD_PASS = [
    "backpropagation", "mlp", "softmax_cross_entropy", "skipgram", "cbow", "negative_sampling",
    "hierarchical_softmax", "batches", "nnlm", "rnnlm",
]  # fmt: skip


@pytest.mark.parametrize("name", WITH_A_FORWARD_PASS)
def test_every_quantity_of_a_forward_pass_has_an_entry(name: str) -> None:
    model = model_named(name)
    bench = Bench(model, random_instance(model, 0, {}))
    assert model.forward is not None
    computed = set(quantities(model.forward, *bench.instance.inputs.values())) - set(model.inputs)
    entries = {entry.lhs for entry in LEDGER if isinstance(entry.lhs, str) and entry.model is model}
    assert computed - entries <= SAME_AS_ANOTHER


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_forward_pass_and_reference_agree_in_every_quantity(model: Model) -> None:
    for seed in range(3):
        bench = Bench(model, random_instance(model, seed, {}))
        assert model.forward is not None
        for name in quantities(model.forward, *bench.instance.inputs.values()):
            if name in model.notation and name not in model.inputs:
                assert bench.disagreement(name) == "", f"{model.name}.{name}"


# --- gradients --------------------------------------------------------------------------------------

ELEMENTS = [
    (entry.model, pair, entry.rhs)
    for entry in LEDGER
    for pair in (entry.lhs if isinstance(entry.lhs, tuple) and len(entry.lhs) == 1 else [])
    if entry.view is None and not entry.sizes and not entry.rhs.__name__.startswith("gradient")
]
"""All other functions for a derivative that ``gradients`` computes: element and matrix forms."""


@pytest.mark.slow
@pytest.mark.parametrize("entry", GRADIENTS, ids=title)
@settings(max_examples=10)
@given(seed=SEEDS)
def test_element_and_matrix_forms_equal_the_gradients(entry: Entry, seed: int) -> None:
    bench = Bench(entry.model, random_instance(entry.model, seed, entry.sizes))
    result = bench.call(entry.rhs, "")
    assert isinstance(entry.lhs, tuple)
    for pair, found in zip(entry.lhs, result if isinstance(result, tuple) else [result], strict=True):
        forms = [rhs for model, of, rhs in ELEMENTS if model is entry.model and of == pair]
        # A variant of a model has the element form of W' in common with the model.
        for form in forms or [vars(entry.model.module)[f"d{pair[0]}_d{pair[1]}"]]:
            difference = np.abs(found - bench.right_side(form, pair, ""))
            assert np.all(difference <= 2 * bench.judged(pair)["reverse"].permitted), form.__name__


@pytest.mark.parametrize("entry", GRADIENTS, ids=title)
@settings(max_examples=10)
@given(seed=SEEDS)
def test_gradients_do_not_modify_or_return_their_arguments(entry: Entry, seed: int) -> None:
    arrays = list(random_instance(entry.model, seed, {}).inputs.values())
    arguments = [np.array(array) if isinstance(array, np.ndarray) else array for array in arrays]
    first, second = entry.rhs(*arguments), entry.rhs(*arguments)
    for before, after in zip(arrays, arguments, strict=True):
        np.testing.assert_array_equal(before, after)
    if not isinstance(first, tuple):
        first, second = (first,), (second,)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
        assert not any(np.shares_memory(one, np.asarray(argument)) for argument in arguments)


def test_y_minus_t_is_not_the_gradient_for_other_targets() -> None:
    u, r = np.array([1.0, -0.5, 2.0, 0.3]), np.array([0.5, -1.0, 0.7, 0.4])
    with jax.enable_x64(True):
        true = np.asarray(jax.grad(softmax_cross_entropy.reference)(u, r))
    y = softmax_cross_entropy.softmax(u)
    assert np.abs(true - (y - r)).max() > 0.1
    np.testing.assert_allclose(true - (y - r), y * (r.sum() - 1), rtol=1e-12)


def test_gradient_descent_on_the_unit_of_section_2_converges() -> None:
    x, w, t = backpropagation.example()
    for _ in range(200):
        w = w - 0.1 * backpropagation.gradient(x, w, t)
    assert backpropagation.forward(x, w, t)[-1] < 1e-6


# --- accuracy ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("u", [1e4, -1e4, 800.0, -800.0, 0.0, 8e307, -8e307])
def test_activations_are_finite_without_warnings_for_any_score(u: float) -> None:
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert 0.0 <= mlp.sigmoid(np.array([u]))[0] <= 1.0
        assert np.isfinite(softmax_cross_entropy.softmax(np.array([u, 0.0, -u]))).all()
        logarithm = log_sigmoid(np.array([u]))[0]
    assert logarithm == pytest.approx(min(u, 0) - (np.log(2) if u == 0 else 0))


@given(st.floats(-700, 700))
def test_sigmoid_and_its_logarithm_are_accurate(u: float) -> None:
    tail = np.exp(-np.longdouble(u))
    assert float(mlp.sigmoid(np.array([u]))[0]) == pytest.approx(float(1 / (1 + tail)), rel=4e-16)
    assert float(log_sigmoid(np.array([u]))[0]) == pytest.approx(float(-np.log1p(tail)), rel=1e-15)
