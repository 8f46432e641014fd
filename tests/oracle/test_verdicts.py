"""The referee is on trial: every planted fault in a hand function turns the run red, and says where."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from derivations.cli.terminal import show_run
from derivations.ledger import Entry, entries_of, find, misprints_of
from derivations.oracle import runs
from derivations.oracle.cases import draw, letters_of, parse
from derivations.oracle.judges import Bench, is_index, left_sides, parameters_of
from derivations.oracle.program import programs
from derivations.oracle.program.primitives import RULES
from derivations.oracle.records import record
from derivations.oracle.runs import run
from derivations.oracle.verdicts import Failure, Verdict, judge_once, right_sides, verify
from tests.support import LEDGER, title, with_hand

EXAMPLES = 25


def verdict_with(entry: Entry, rhs: Callable[..., Any], examples: int = EXAMPLES) -> Verdict:
    """What the referee says when ``rhs`` stands in the place of the entry's own function."""
    (verdict,) = verify([with_hand(entry, rhs)], examples, seed=3)
    return verdict


def spoilt(entry: Entry, spoil: Callable[[Any], Any]) -> Callable[..., Any]:
    """The entry's function with its result spoilt; each array of a tuple in turn is the last one."""

    def faulty(*arguments: Any) -> Any:
        value = entry.rhs(*arguments)
        return (*value[:-1], spoil(value[-1])) if isinstance(value, tuple) else spoil(value)

    faulty.__signature__ = inspect.signature(entry.rhs)  # type: ignore[attr-defined]
    return faulty


def one_entry_off(value: Any, by: float = 1e-12) -> Any:
    """One entry, the largest, wrong by this part of itself."""
    array = np.array(value, dtype=float)
    place = np.unravel_index(np.argmax(np.abs(array)), array.shape)
    array[place] *= 1 + by
    return array


OUTPUT_FAULTS: dict[str, Callable[[Any], Any]] = {
    "sign": lambda value: -np.asarray(value),
    "factor 2": lambda value: 2 * np.asarray(value),
    "factor 1/2": lambda value: np.asarray(value) / 2,
    "float32 in the middle": lambda value: np.asarray(value).astype(np.float32).astype(float),
    "one entry off by 1e-12": one_entry_off,
    "NaN": lambda value: np.asarray(value) + np.nan,
    "lost": lambda value: None,
    "an axis too many": lambda value: np.asarray(value)[..., None, None],
}

ALWAYS_ZERO = {"mlp.dW_prime_dh", "skipgram.dW_prime_dh", "softmax_cross_entropy.condition"}
ROUND_NUMBERS = {
    # sizes, counts, one-hot words, truth values, constants: whole numbers, which float32 holds exactly
    "skipgram.one_hot_words", "skipgram.association", "backpropagation.dy_df_u", "mlp_figure.sizes_above",
    "mlp_figure.sizes_below", "mlp_figure.caption", "numpy_shapes.shape_of_a_vector",
    "numpy_shapes.dot_refuses", "numpy_shapes.column_minus_vector", "skipgram_figure.sizes_above",
    "softmax_cross_entropy.sums_to_one", "skipgram_figure.t_cells", "skipgram_figure.window_of_one",
    "skipgram_matrices.vectors", "huffman.inner_nodes", "huffman.frequent_words_have_short_codes",
    "huffman.kraft_sum", "huffman.leaves_sum_to_one", "sampling.sums_to_one", "sampling.order_is_kept",
    "sampling.always_kept", "sampling.difference_is_bounded",
    *(entry.label for entry in LEDGER if entry.label.startswith("operations.")),
}  # fmt: skip


def is_a_fault(entry: Entry, fault: str) -> bool:
    """Whether a fault changes anything: zeros have no sign, whole numbers survive float32."""
    if entry.label in ALWAYS_ZERO:
        return fault in ("NaN", "lost", "an axis too many")
    return fault != "float32 in the middle" or entry.label not in ROUND_NUMBERS


CASES = [(entry, fault) for entry in LEDGER for fault in OUTPUT_FAULTS if is_a_fault(entry, fault)]


@pytest.mark.parametrize(("entry", "fault"), CASES, ids=lambda x: x if isinstance(x, str) else title(x))
def test_a_fault_in_the_result_turns_the_run_red(entry: Entry, fault: str) -> None:
    verdict = verdict_with(entry, spoilt(entry, OUTPUT_FAULTS[fault]))
    assert not verdict.holds
    assert verdict.failure is not None
    assert verdict.failure.judge != "referee", "the judges agree; it is the hand that is wrong"


def has_indices(entry: Entry) -> bool:
    return any(is_index(name, entry.model) for name in parameters_of(entry.rhs))


def result_of(entry: Entry) -> Any:
    """What an entry's function returns at unequal sizes, the last array where it returns several."""
    sizes = {letter: size for size, letter in enumerate(letters_of(entry.model), start=2)}
    instance = draw(entry.model, sizes | dict(entry.sizes), "ordinary", 2)
    values = right_sides(entry, Bench(entry.model, instance), left_sides(entry), entry.rhs)
    return np.asarray(values[-1])


SYMMETRIC = {"skipgram.one_hot_words", "skipgram.association", "softmax_cross_entropy.dy_du"}
MATRICES = [
    entry
    for entry in LEDGER
    if not has_indices(entry) and result_of(entry).ndim == 2 and entry.label not in SYMMETRIC
]


@pytest.mark.parametrize("entry", MATRICES, ids=title)
def test_a_transposed_matrix_turns_the_run_red(entry: Entry) -> None:
    assert not verdict_with(entry, spoilt(entry, np.transpose)).holds


# --- faults in the source ---------------------------------------------------------------------------

SOURCE_FAULTS = [
    ("mlp.dE_dy", "y[j] - t[j]", "t[j] - y[j]", "sign"),
    ("mlp.dE_dy", "y[j] - t[j]", "2 * (y[j] - t[j])", "factor"),
    ("mlp.dy_du_prime", "y[j] * (1 - y[j])", "(1 - y[j])", "lost factor"),
    ("mlp.dy_du_prime", "y[j] * (1 - y[j])", "sigmoid(y[j]) * (1 - sigmoid(y[j]))", "σ' of the activated"),
    ("mlp.dE_dh", "sum(EI_prime[j] * W_prime[i, j] for j in range(len(EI_prime)))",
     "EI_prime[-1] * W_prime[i, -1]", "lost sum"),
    ("mlp.dE_dh", "for j in range(len(EI_prime)))", "for j in range(len(EI_prime))) / len(EI_prime)",
     "mean for sum"),
    ("mlp.dE_dh", "range(len(EI_prime))", "range(len(EI_prime) - 1)", "last output left out"),
    ("mlp.dE_dh", "W_prime[i, j]", "W_prime[i - 1, j]", "wrong index"),
    ("mlp.flow.EI", "* dh_du(i, h)", "", "lost factor"),
    ("mlp.flow.dE_dW", "EI[i] * x[k]", "EI[i] * x[k] * x[k]", "extra factor"),
    ("mlp.gradients", "W_prime @ EI_prime", "W_prime @ (y - t)", "lost factor"),
    ("mlp.gradients", "np.outer(x, EI)", "np.outer(EI, x)", "transposed"),
    ("mlp.gradients", "np.outer(h, EI_prime)", "np.outer(h, EI_prime).T", "transposed"),
    ("mlp.gradients", "* h * (1 - h)", "* np.mean(h) * (1 - h)", "mean for value"),
    ("mlp.gradients", "dE_dW = np.outer(x, EI)", "x *= 1.0; dE_dW = np.outer(x, EI)", "in-place aliasing"),
    ("mlp.gradients", "EI_prime = (y - t) * y * (1 - y)",
     "e = y; e -= t; EI_prime = e * y * (1 - y)", "in-place aliasing"),
    ("mlp.gradients", "dE_dW = np.outer(x, EI)", "dE_dW = np.outer(x, EI.astype(np.float32))", "float32"),
    ("skipgram.gradients", "e.sum(axis=0)", "e[-1]", "last context only"),
    ("skipgram.gradients", "e.sum(axis=0)", "e.mean(axis=0)", "mean for sum"),
    ("skipgram.gradients", "EI = e.sum(axis=0)", "EI = y[0] - t.sum(axis=0)", "y counted once"),
    ("skipgram.gradients", "e = y - t", "e = y - t; e[:] = e[0]", "first context for all"),
    ("skipgram.gradients", "W_prime @ EI", "(W_prime - 0.1 * dE_dW_prime) @ EI", "W' updated first"),
    ("skipgram.flow.EI", "sum(e[c, j] for c in range(len(e)))", "e[-1, j]", "last context only"),
    ("skipgram.flow.EI", "e[c, j]", "e[0, j]", "wrong index"),
    ("skipgram.flow.dE_dW", "* x[k]", "", "lost factor"),
    ("skipgram.flow.dE_dh", "for j in range(len(EI))", "for j in range(1, len(EI))", "first word left out"),
    ("skipgram.h", "x[k] * W[k, i]", "x[k] * W[k, 0]", "wrong index"),
    ("softmax_cross_entropy.dy_du", "np.diag(y) - np.outer(y, y)", "np.diag(y * (1 - y))",
     "Jacobian taken for diagonal"),
    ("softmax_cross_entropy.gradient", "y - t", "np.diag(y) @ (y - t)", "extra factor"),
    ("skipgram_matrices.h_outer_e", "np.outer(h, e[0])", "np.outer(e[0], h)", "transposed"),
    ("skipgram_matrices.x_outer_W_prime_e", "np.outer(x, W_prime_e(W_prime, e))",
     "np.outer(x, np.sum(e) * W_prime.sum(axis=1))", "lost sum"),
    ("backpropagation.dE_dw", "df_u_du(f_u) * ", "", "lost factor"),
    ("backpropagation.gradient", "(1 - f_u**2)", "(1 - np.tanh(f_u)**2)", "activated twice"),
]  # fmt: skip


def with_source(entry: Entry, right: str, wrong: str) -> Entry:
    """The entry with its function recompiled from changed source, in its own module's namespace."""
    source = inspect.getsource(entry.rhs)
    source = source[source.index("\ndef ") + 1 if "\ndef " in source else source.index("def ") :]
    head, quotes, tail = source.rpartition('"""')
    assert right in tail, f"{right!r} does not stand in {entry.label}"
    scope: dict[str, Any] = {}
    exec(head + quotes + tail.replace(right, wrong, 1), vars(entry.model.module), scope)
    return with_hand(entry, scope[entry.rhs.__name__])


@pytest.mark.parametrize(
    ("label", "right", "wrong", "fault"), SOURCE_FAULTS, ids=[f"{s[0]}: {s[3]}" for s in SOURCE_FAULTS]
)
def test_a_fault_in_the_source_turns_the_run_red(label: str, right: str, wrong: str, fault: str) -> None:
    (verdict,) = verify([with_source(find(label), right, wrong)], EXAMPLES, seed=3)
    assert not verdict.holds, fault
    assert verdict.failure is not None


def test_an_argument_that_is_changed_in_place_is_named() -> None:
    entry = with_source(find("mlp.flow.dE_dW"), "return EI[i] * x[k]", "x *= 2; return EI[i] * x[k] / 2")
    (verdict,) = verify([entry], 3, seed=0)
    assert "read-only" in verdict.reason


def test_a_forward_pass_that_differs_from_the_reference_is_a_disagreement_of_judges() -> None:
    entry = find("mlp.dE_dy")

    def halved(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
        h = 1 / (1 + np.exp(-(x @ W)))
        y = 1 / (1 + np.exp(-(h @ W_prime)))
        E = np.sum((t - y) ** 2)
        return h, y, E

    entry = replace(entry, model=replace(entry.model, forward=halved))
    verdict = judge_once(entry, parse(entry.model, "K=2 N=3 M=2 seed=1"))
    assert verdict.failure is not None
    assert verdict.failure.judge == "referee"
    assert "reverse and complex disagree" in verdict.reason


# --- primitives without a rule ------------------------------------------------------------------------


@pytest.fixture(params=["dot_general", "logistic", "broadcast_in_dim", "reduce_sum"])
def missing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A primitive whose rule is deleted, as if a new version of JAX had introduced it."""
    name: str = request.param
    monkeypatch.delitem(RULES, name)
    monkeypatch.setattr(programs, "_program", cache(programs._program.__wrapped__))
    return name


LARGE = ("mlp.dE_dW_matrix", "mlp.gradients", "skipgram.gradients")


def test_a_run_goes_on_without_a_rule_and_says_so(missing: str, capsys: pytest.CaptureFixture[str]) -> None:
    result = run([find(label) for label in LARGE], examples=10, seed=3)
    assert result.holds, [verdict.reason for verdict in result.verdicts]
    recorded = record(result)
    concerned = recorded["without_rule"][missing]
    assert recorded["without_rule"].keys() == {missing}
    assert set(concerned) <= set(LARGE)
    show_run(Console(width=500), recorded)
    (note,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note:")]
    assert missing in note
    assert all(label in note for label in concerned)


@pytest.mark.parametrize("fault", ["factor 2", "float32 in the middle", "one entry off by 1e-9"])
@pytest.mark.parametrize("label", LARGE)
def test_a_fault_is_caught_without_a_rule(missing: str, label: str, fault: str) -> None:
    """Estimated bounds are wider than derived ones, by which 1e-12 is caught."""
    spoil = OUTPUT_FAULTS.get(fault, lambda value: one_entry_off(value, 1e-9))
    verdict = verdict_with(find(label), spoilt(find(label), spoil))
    assert verdict.failure is not None
    assert verdict.failure.judge != "referee"


# --- a run that fails is not slow ---------------------------------------------------------------------


def test_an_entry_that_fails_is_not_tried_on_all_test_cases() -> None:
    entry = find("mlp.dE_dW_matrix")
    wrong, right = verify([with_hand(entry, spoilt(entry, np.negative)), entry], 20, seed=0)
    assert (wrong.instances, right.instances) == (3, 20)


def test_counterexamples_are_searched_for_the_first_failing_errata_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searched: list[str] = []
    errata = [entry for entry in LEDGER if entry.misprint][:5]
    failure = Failure("E", "reverse", "", "wrong")

    def failing(entries: list[Entry], *_: Any) -> list[Verdict]:
        return [Verdict(entry, 3, failure=failure, misprint_failures=3) for entry in entries]

    monkeypatch.setattr(runs, "verify", failing)
    monkeypatch.setattr(runs, "counterexample", lambda entry: searched.append(entry.label))
    recorded = record(run(errata, examples=3, seed=0))
    labels = [entry.label for entry in errata]
    assert searched == labels[:3]
    assert recorded["not_searched"] == labels[3:]


# --- what an adversary tried ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "rhs"),
    [
        ("mlp.dE_dy", lambda j, y, t: y - t),
        ("mlp.flow.dE_dW", lambda k, i, x, EI: np.outer(x, EI)),
        ("mlp.dE_dy", lambda j, y, t: (y[j] - t[j]) * (2 if np.ndim(j) == 0 else 1)),
    ],
)
def test_an_element_form_must_work_for_numbers_too(label: str, rhs: Callable[..., Any]) -> None:
    assert not verdict_with(find(label), rhs).holds


@pytest.mark.parametrize(
    "disguise",
    [
        lambda value: value.tolist(),
        lambda value: np.ma.array(value, mask=True),
        lambda value: value.astype(np.longdouble),
        lambda value: value.astype(complex),
        lambda value: value.astype(">f8").view(np.ndarray).astype(object),
        lambda value: value[:0],
    ],
    ids=["list", "masked", "longdouble", "complex", "object", "empty"],
)
def test_only_float64_arrays_count(disguise: Callable[[Any], Any]) -> None:
    entry = find("mlp.dE_dW_matrix")
    assert not verdict_with(entry, spoilt(entry, disguise)).holds


def test_read_only_cannot_be_undone() -> None:
    def thief(x: Any, EI: Any) -> Any:
        x.flags.writeable = True
        x[...] = 0
        return np.outer(x, EI)

    assert "cannot set WRITEABLE flag" in verdict_with(find("mlp.dE_dW_matrix"), thief).reason


def test_a_function_that_exits_is_a_failure_and_the_run_goes_on() -> None:
    def leaver(x: Any, EI: Any) -> Any:
        raise SystemExit(0)

    right, left = find("mlp.dE_dy"), with_hand(find("mlp.dE_dW_matrix"), leaver)
    first, second = verify([left, right], 3, seed=0)
    assert "SystemExit" in first.reason
    assert second.holds


def test_a_forward_pass_that_stumbles_fails_all_its_entries() -> None:
    def stumbling(x: Any, t: Any, W: Any, W_prime: Any) -> Any:
        E = W_prime @ x @ W @ t @ x
        return E

    entry = find("mlp.dE_dy")
    (verdict,) = verify([replace(entry, model=replace(entry.model, forward=stumbling))], 5, seed=0)
    assert not verdict.holds
    assert "ValueError" in verdict.reason


@pytest.mark.parametrize("wrong_first", [True, False])
def test_two_entries_of_one_label_are_judged_each(wrong_first: bool) -> None:
    entry = find("mlp.dE_dW_matrix")
    entries = [with_hand(entry, spoilt(entry, np.negative)), entry]
    verdicts = verify(entries if wrong_first else entries[::-1], 3, seed=0)
    assert [verdict.holds for verdict in verdicts] == [not wrong_first, wrong_first]


def test_a_run_is_of_the_ledger() -> None:
    entry = find("mlp.dE_dW_matrix")
    with pytest.raises(ValueError, match="judges entries of the ledger"):
        run([with_hand(entry, spoilt(entry, np.negative))], 3, seed=0)


# --- errata -----------------------------------------------------------------------------------------


def test_a_misprint_that_is_true_turns_the_run_red() -> None:
    entry = find("mlp.dy_du_prime")
    assert entry.misprint is not None
    true = replace(entry, misprint=replace(entry.misprint, computes=entry.rhs))
    (verdict,) = verify([true], EXAMPLES, seed=0)
    assert not verdict.holds
    assert "no erratum" in verdict.reason


def test_a_misprint_that_is_broken_as_code_proves_nothing() -> None:
    entry = find("mlp.dy_du_prime")
    assert entry.misprint is not None

    def broken(j: Any, y: Any) -> Any:
        return y[j] * no_such_name  # type: ignore[name-defined]

    (verdict,) = verify([replace(entry, misprint=replace(entry.misprint, computes=broken))], 5, seed=0)
    assert not verdict.holds
    assert "broken as code: NameError" in verdict.reason


@pytest.mark.parametrize(
    "bug",
    [
        lambda j, y: y[len(y)],
        lambda j, y: int("1.0") * y[j],
        lambda j, y: np.dot(y, y[:-1]) * y[j],
    ],
    ids=["index", "conversion", "shape"],
)
def test_a_misprint_that_only_stumbles_demonstrates_nothing(bug: Callable[..., Any]) -> None:
    entry = find("mlp.dy_du_prime")
    assert entry.misprint is not None
    (verdict,) = verify([replace(entry, misprint=replace(entry.misprint, computes=bug))], 5, seed=0)
    assert not verdict.holds


def test_an_erratum_is_demonstrated_even_on_few_examples() -> None:
    errata = [entry for entry in LEDGER if entry.misprint]
    assert all(verdict.holds for seed in range(5) for verdict in verify(errata, 1, seed))


def test_a_wrong_correction_of_an_erratum_turns_the_run_red() -> None:
    entry = find("mlp.dy_du_prime")
    assert entry.misprint is not None
    assert not verdict_with(entry, entry.misprint.computes).holds


def test_no_instance_is_no_verdict() -> None:
    assert not verify([find("mlp.E")], examples=0, seed=0)[0].holds


# --- what a failure says ----------------------------------------------------------------------------


def test_a_failure_names_quantity_shape_worst_index_values_and_the_instance() -> None:
    entry = find("mlp.flow.dE_dW")

    def one_cell_wrong(k: Any, i: Any, x: Any, EI: Any) -> Any:
        return EI[i] * x[k] + 0.5 * ((k == 1) & (i == 2))

    instance = draw(entry.model, {"K": 4, "M": 2, "N": 3}, "ordinary", 11)
    verdict = judge_once(with_hand(entry, one_cell_wrong), instance)
    failure = verdict.failure
    assert failure is not None
    assert failure.index == (1, 2)
    assert failure.hand == pytest.approx(failure.found + 0.5)
    for part in (
        "dE/dW",
        "(4, 3)",
        "[1, 2]",
        repr(failure.hand),
        repr(failure.found),
        "K=4 M=2 N=3",
        "seed=11",
    ):
        assert part in verdict.reason or part in str(failure.instance)
    assert judge_once(entry, parse(entry.model, failure.instance)).failure is None
    again = judge_once(with_hand(entry, one_cell_wrong), parse(entry.model, failure.instance))
    assert again.failure == failure


# --- the same verdicts, however the work is split -----------------------------------------------------


def test_workers_reach_the_verdicts_that_one_process_reaches() -> None:
    entries = [entry for entry in LEDGER if entry.section in ("2", "4")]
    one, two = (run(entries, examples=5, seed=4, jobs=jobs) for jobs in (1, 2))
    for a, b in zip(one.verdicts, two.verdicts, strict=True):
        assert (a.entry.label, a.worst_error, a.shapes) == (b.entry.label, b.worst_error, b.shapes)
        assert a.counterexample == b.counterexample
    assert one.holds
    assert two.holds


def test_every_entry_is_tried_as_often_as_asked() -> None:
    done = []
    verdicts = verify(LEDGER, 3, 0, done.append)
    assert {verdict.instances for verdict in verdicts} == {3}
    assert sum(done) == 3 * len(LEDGER)


def test_a_module_can_be_judged_that_is_not_in_the_ledger() -> None:
    from derivations.paper import errata, mlp

    entries = entries_of(mlp, misprints_of(errata))
    assert all(verdict.holds for verdict in verify(entries, 5, 0))
