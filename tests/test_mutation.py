"""Mutation: every change of a section module is noticed, or listed with the reason why it is none.

What is changed and who must notice is in ``tests/mutation``. Here is also what keeps that honest: a
harness that changes nothing, or kills everything, would pass as well.
"""

from __future__ import annotations

import ast
import dis
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Example

from derivations.ledger import SECTIONS, ledger, model_of
from derivations.paper import mlp
from mutation import trial
from mutation.killers import KILLERS, Killer
from mutation.mutants import Mutant, mutants_in, mutants_of, source_of
from mutation.operators import OURS
from mutation.run import listed_survivors, run
from mutation.trees import ArrayOperator
from mutation.trial import try_mutant, verdict_on

FLOORS = {
    "backpropagation": 400,
    "mlp": 900,
    "softmax_cross_entropy": 600,
    "numpy_shapes": 90,
    "mlp_figure": 350,
    "skipgram": 800,
    "skipgram_figure": 200,
    "skipgram_matrices": 450,
    "cbow": 900,
    "negative_sampling": 1100,
    "huffman": 450,
    "hierarchical_softmax": 1300,
    "batches": 900,
    "sampling": 900,
    "nnlm": 2000,
    "rnnlm": 1200,
    "operations": 1000,
}
"""Fewer mutants of a section than this mean that the harness no longer looks everywhere."""

WITHOUT_A_CHOICE = {"numpy_shapes.shape_of_a_vector"}
"""It returns ``(N,)`` and knows nothing but N."""


def test_no_mutant_survives_but_those_listed_with_a_reason() -> None:
    """Of the paper's sections one in twelve, of §8's one in 120; ``python -m mutation`` tries all."""
    report = run(techniques=120, paper=12)
    unlisted = [f"survives unlisted: {mutant}" for mutant in report.unlisted]
    stale = [f"listed, but killed or gone: {' | '.join(key)}" for key in report.stale]
    assert not unlisted + stale, "\n" + "\n".join(unlisted + stale)


# --- the harness can tell right from wrong --------------------------------------------------------


def planted(module: str, before: str, after: str) -> tuple[str, str]:
    """Who kills a module with one text replaced."""
    source = source_of(module)
    assert source.count(before) == 1, f"{before!r} is not one place of {module}.py"
    return verdict_on(module, source.replace(before, after))


@pytest.mark.parametrize("section", SECTIONS)
def test_no_killer_objects_to_a_module_as_it_stands(section: str) -> None:
    assert verdict_on(section, source_of(section)) == ("", "")


@pytest.mark.parametrize(
    ("module", "before", "after"),
    [
        ("mlp", "return EI[i] * x[k]", "return EI[i] * x[k] * 2.001"),
        ("mlp", "return EI[i] * x[k]", "return EI[i] * x[k] * (1 + 1e-12)"),
        ("mlp", "return np.outer(x, EI)", "return np.outer(EI, x)"),
        ("mlp", "u = jnp.einsum(", "u = 1.001 * jnp.einsum("),
        ("mlp", '    u = jnp.einsum("k,ki->i", x, W)', '    u = jnp.einsum("k,ki->i", x, -W)'),
        ("mlp_figure", "w11 w12 w13; w21 w22 w23", "w11 w12 w13; w22 w22 w23"),
        ("skipgram", "EI = e.sum(axis=0)", "EI = e[0]"),
        ("skipgram_matrices", "    return e[0].T", "    return e[0].T[::-1]"),
        ("numpy_shapes", "return a[i] * b[j]", "return a[j] * b[i]"),
    ],
)
def test_a_planted_fault_is_killed(module: str, before: str, after: str) -> None:
    killer, message = planted(module, before, after)
    assert killer
    assert message


@pytest.mark.parametrize(
    ("module", "before", "after"),
    [
        ("mlp", "return EI[i] * x[k]", "return x[k] * EI[i]"),
        ("mlp", "return y[j] * (1 - y[j])", "return y[j] - y[j] * y[j]"),
        ("skipgram_figure", "output_vector @ h for", "h @ output_vector for"),
    ],
)
def test_a_planted_change_that_computes_the_same_survives(module: str, before: str, after: str) -> None:
    assert planted(module, before, after) == ("", "")


NOTICED_BY = {
    "own_verdicts": ("mlp", "return EI[i] * x[k]", "return EI[i] - x[k]"),
    "doctests": ("mlp", "W = np.sin(np.arange", "W = np.cos(np.arange"),
    "facts": ("backpropagation", "eta = 0.25", "eta = 0.125"),
    "refusals": ("mlp", "    check_arrays(NOTATION, x=x, t=t, W=W, W_prime=W_prime)\n", ""),
    "forward_returns_its_lines": ("skipgram_matrices", "return h, u, y, E", "return h, y, u, E"),
    "reference_returns_its_last_line": ("mlp", "(t - y))\n    return E", "(t - y))\n    return y"),
    "forward_passes_agree": ("skipgram_matrices", "y = jax.nn.softmax(", "y = jax.nn.sigmoid("),
    "few_verdicts": ("mlp", "return EI[i] * x[k]", "return EI[i] - x[k]"),
    "many_verdicts": (  # where V = 1 the misprint is right
        "skipgram_matrices",
        'e_{1,j}]", lhs="dE_du",',
        'e_{1,j}]", lhs="dE_du", sizes={"V": 1},',
    ),
    "importers": ("softmax_cross_entropy", "np.exp(shifted), axis=-1", "np.exp(shifted), axis=0"),
}
"""For each killer a fault that it notices by itself."""


@pytest.mark.parametrize("killer", KILLERS, ids=lambda killer: killer.__name__)
def test_a_killer_notices_a_fault_by_itself(killer: Killer) -> None:
    module, before, after = NOTICED_BY[killer.__name__]
    source = source_of(module)
    assert source.count(before) == 1, f"{before!r} is not one place of {module}.py"
    killed = verdict_on(module, source.replace(before, after), "dE_dW", [killer])
    assert killed[0] == killer.__name__
    assert "Error" in killed[1]


def test_a_module_that_cannot_be_imported_is_killed() -> None:
    assert planted("mlp", "E = np.sum((t - y) ** 2) / 2", "E = = 0")[0] == "import"


def test_a_mutant_that_never_ends_is_killed_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    def stuck(*_: Any) -> None:
        while True:
            pass

    monkeypatch.setattr(trial, "SECONDS", 0.2)
    assert verdict_on("numpy_shapes", source_of("numpy_shapes"), killers=[stuck])[0] == "clock"


def test_a_trial_leaves_no_trace() -> None:
    model = model_of(mlp)
    planted("mlp", "return EI[i] * x[k]", "return 0 * k * i")
    assert sys.modules["derivations.paper.mlp"] is mlp
    assert model_of(mlp) is model
    assert verdict_on("mlp_figure", source_of("mlp_figure")) == ("", "")
    assert verdict_on("mlp", source_of("mlp")) == ("", "")


@pytest.mark.parametrize("section", SECTIONS)
def test_a_reference_calls_nothing_of_its_module(section: str) -> None:
    """So that a traced program may be shared by mutants whose reference is the same."""
    models = {entry.model for entry in ledger() if entry.model.module.__name__.endswith(section)}
    for model in models:
        if model.reference is not None:
            globals_ = {i.argval for i in dis.get_instructions(model.reference) if "GLOBAL" in i.opname}
            own = {name for name in globals_ if name.startswith("reference")}
            assert globals_ <= own, f"{model.name} reads {globals_ - own}"


# --- the harness looks everywhere, and only where something is computed ---------------------------


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_has_many_mutants_and_each_has_a_name_of_its_own(section: str) -> None:
    mutants = mutants_of(section)
    assert len(mutants) > FLOORS[section]
    twice = [key for key, number in Counter(mutant.key for mutant in mutants).items() if number > 1]
    assert not twice


def test_every_labelled_function_is_mutated() -> None:
    places = {f"{mutant.module}.{mutant.place}" for name in SECTIONS for mutant in mutants_of(name)}
    functions = {f"{e.model.module.__name__.rpartition('.')[2]}.{e.rhs.__name__}" for e in ledger()}
    assert functions - places == WITHOUT_A_CHOICE


def test_every_operator_of_ours_is_used() -> None:
    used = {mutant.operator for section in SECTIONS for mutant in mutants_of(section)}
    assert {operator.__name__ for operator in OURS} <= used


@pytest.mark.parametrize(
    ("operator", "example"), [(operator, example) for operator in OURS for example in operator.examples()]
)
def test_an_operator_does_what_its_example_says(operator: type[ArrayOperator], example: Example) -> None:
    mutated = mutate_code(example.pre_mutation_code, operator(), example.occurrence)
    assert mutated == example.post_mutation_code


SMALL = '''
"""A docstring with 1 + 1 in it."""
SECTION = "3"
NOTATION = notation("1 2" + "3")

@equation(4, 7 + 1, r"x_{12}", sizes={"V": 2}, lhs=lambda a: a[0])
def f(j: Float[Array, "N"], y: tuple[int, 3] = 4) -> tuple[int, 5]:
    """Doc 1 + 1."""
    return y[j]
'''


def test_only_what_computes_is_mutated() -> None:
    after = {mutant.after for mutant in mutants_in("small", SMALL)}
    assert all("7 + 1" in line and "(4," in line for line in after if line.startswith("@equation"))
    assert {line for line in after if not line.startswith("@equation")} == {
        'def f(j: Float[Array, "N"], y: tuple[int, 3] = 5) -> tuple[int, 5]:',
        'def f(j: Float[Array, "N"], y: tuple[int, 3] = 3) -> tuple[int, 5]:',
        "return y[0]",
        "return y[y]",
        "return j[j]",
    }


@pytest.mark.parametrize("section", SECTIONS)
def test_a_mutant_is_one_change_of_a_true_module(section: str) -> None:
    original = source_of(section)
    for mutant in mutants_of(section)[::17]:
        assert mutant.source != original
        assert mutant.before in original.replace("\n    ", "\n") or " / " in mutant.before
        ast.parse(mutant.source)


# --- the list -------------------------------------------------------------------------------------

ROW = '[[survivor]]\nfile = "a.py"\nfunction = "f"\nline = "x"\nbecomes = ["y"]\nreason = "{}"\n'


def test_a_mutant_listed_twice_or_without_a_reason_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "survivors.toml"
    for text in (ROW.format("why") * 2, ROW.format(" ")):
        file.write_text(text)
        with pytest.raises(ValueError, match="listed twice, or without a reason"):
            listed_survivors(file)


def test_a_killed_mutant_says_who_killed_it_and_why() -> None:
    mutant: Mutant = next(m for m in mutants_of("mlp") if m.after == "return EI[i] / x[k]")
    outcome = try_mutant(mutant, KILLERS)
    assert outcome.killer == "own_verdicts"
    assert "mlp.flow.dE_dW" in outcome.message
    assert str(mutant).startswith("mlp.py:")
    assert str(mutant).endswith("(dE_dW): return EI[i] * x[k]  ->  return EI[i] / x[k]")
