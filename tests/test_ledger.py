"""The ledger is whole: labels, functions and places fit together, and nothing is left out."""

from __future__ import annotations

import inspect
from collections import Counter
from types import ModuleType

import pytest

from derivations.ledger import (
    SECTIONS,
    TECHNIQUES,
    Entry,
    definition,
    derivatives_in,
    entries_of,
    find,
    ledger,
    misprint,
    misprints_of,
    section_module,
)
from derivations.paper import errata
from tests.support import ERRATA, LEDGER, title

MODULES = [section_module(name) for name in SECTIONS]

UNLABELLED = {
    "example", "gradients", "gradient", "check_target", "sigmoid", "softmax", "log_softmax", "one_hot",
    "contexts_of", "as_column", "error_after_a_step", "e", "log_sigmoid",
    "huffman_tree", "merge", "code_lengths", "probabilities", "check_counts", "questions", "check_answers",
    "gradients_of_sum", "gradients_of_cbow", "check_subsampling", "expected_count", "_check_positive",
    "values", "words_of", "two", "counted_in_hidden_layers",
}  # fmt: skip
"""Functions that are no equation of their own: examples, tools of the forward pass."""


def section_of(name: str) -> str:
    return str(section_module(name).SECTION)


def own_functions(module: ModuleType) -> dict[str, object]:
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__
    }


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_function_of_a_section_is_an_equation_or_a_known_tool(module: ModuleType) -> None:
    labelled = {name for name, function in own_functions(module).items() if hasattr(function, "claims")}
    forward = {name for name in own_functions(module) if name.startswith(("forward", "reference"))}
    assert set(own_functions(module)) - labelled - forward <= UNLABELLED


def test_every_misprint_is_of_an_equation_and_computed_by_a_function() -> None:
    labels = {entry.label for entry in LEDGER}
    assert set(misprints_of(errata)) <= labels
    for name, function in own_functions(errata).items():
        assert hasattr(function, "misprints"), f"errata.{name} is no misprint"


@pytest.mark.parametrize("page", range(1, 11))
def test_printed_items_of_a_page_are_numbered_without_a_gap(page: int) -> None:
    items = [entry.item for entry in LEDGER if entry.page == page and not entry.ours]
    assert items == list(range(1, len(items) + 1))


@pytest.mark.parametrize("module", [name for name in SECTIONS if section_of(name) == TECHNIQUES])
def test_items_of_a_technique_are_numbered_without_a_gap(module: str) -> None:
    entries = [entry for entry in LEDGER if entry.label.startswith(f"{module}.")]
    assert {entry.section for entry in entries} == {TECHNIQUES}
    items = [entry.item for entry in entries if not entry.ours]
    assert items == list(range(1, len(items) + 1))


def test_the_ledger_is_in_the_papers_order() -> None:
    places = [(entry.section, entry.page, entry.item) for entry in LEDGER if entry.section != TECHNIQUES]
    assert places == sorted(places)
    techniques = [entry.label.partition(".")[0] for entry in LEDGER[len(places) :]]
    assert techniques == sorted(techniques, key=SECTIONS.index)


@pytest.mark.parametrize("entry", LEDGER, ids=title)
def test_what_another_paper_prints_has_its_source_and_nothing_else_has(entry: Entry) -> None:
    assert bool(entry.source) == (entry.section == TECHNIQUES and not entry.ours)
    assert entry.section != TECHNIQUES or entry.page == 11


def test_the_tally_is_the_papers() -> None:
    printed = [entry for entry in LEDGER if not entry.ours and entry.section != TECHNIQUES]
    by_section = Counter(entry.section for entry in printed)
    assert by_section == {"1": 2, "2": 6, "3": 32, "4": 5, "5": 4, "6": 51}
    errata_of_sections = Counter(entry.section for entry in ERRATA if entry.section != TECHNIQUES)
    assert errata_of_sections == {"2": 2, "3": 9, "6": 15}


def test_the_tally_of_the_techniques() -> None:
    techniques = [entry.label.partition(".")[0] for entry in LEDGER if entry.section == TECHNIQUES]
    assert Counter(techniques) == {
        "cbow": 20, "negative_sampling": 16, "huffman": 4, "hierarchical_softmax": 17, "batches": 20,
        "sampling": 17, "nnlm": 26, "rnnlm": 17, "operations": 12,
    }  # fmt: skip


@pytest.mark.parametrize("entry", ERRATA, ids=title)
def test_an_erratum_has_a_printed_form_that_differs_and_a_reason(entry: Entry) -> None:
    assert entry.misprint is not None
    assert entry.latex != entry.corrected_latex
    assert len(entry.misprint.why) > 20
    assert "Erratum" in (entry.rhs.__doc__ or ""), "the section's own docstring must say it too"


@pytest.mark.parametrize("entry", LEDGER, ids=title)
def test_every_entry_can_be_found_and_says_what_it_is(entry: Entry) -> None:
    assert find(entry.label) is entry
    assert inspect.getdoc(entry.rhs)
    assert entry.latex.strip()


def test_an_unknown_label_is_answered_with_the_nearest() -> None:
    with pytest.raises(KeyError, match=r"'mlp\.dE_dw': did you mean mlp\.dE_dy or"):
        find("mlp.dE_dw")


# --- planted faults ---------------------------------------------------------------------------------


def planted(source: str) -> ModuleType:
    module = ModuleType("derivations.planted")
    module.__dict__.update({"__name__": "derivations.planted", "definition": definition, "SECTION": "3"})
    exec(compile(source, "planted", "exec"), vars(module))
    return module


TABLE = """
from derivations.notation import notation
NOTATION = notation('''
    name  paper  shape  drawn  meaning
    x     x_k    K      real   input
''')
"""


def test_a_left_side_that_names_no_quantity_is_refused() -> None:
    module = planted(TABLE + "@definition(3, 1, 'x', lhs='dx_dz')\ndef f(x): return x")
    with pytest.raises(ValueError, match="neither a quantity nor"):
        entries_of(module, {})


def test_a_forward_pass_without_a_reference_is_refused() -> None:
    module = planted(
        TABLE + "def forward(x): return x\n@definition(3, 1, 'x', lhs='x')\ndef f(x): return x"
    )
    with pytest.raises(ValueError, match="define both forward and reference"):
        entries_of(module, {})


def test_two_misprints_of_one_label_are_refused() -> None:
    module = ModuleType("derivations.planted")
    for name in ("one", "two"):
        function = misprint("mlp.u", "u", "why")(eval("lambda x: x"))
        function.__module__ = "derivations.planted"
        setattr(module, name, function)
    with pytest.raises(ValueError, match=r"two misprints are labelled mlp\.u"):
        misprints_of(module)


def test_two_entries_with_one_place_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("derivations.ledger.SECTIONS", ("mlp", "mlp"))
    monkeypatch.setattr("derivations.ledger.misprints_of", lambda module: {})
    with pytest.raises(ValueError, match="same label"):
        ledger.__wrapped__()


def test_an_item_may_be_used_again_only_by_another_technique(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("derivations.ledger.misprints_of", lambda module: {})
    monkeypatch.setattr("derivations.ledger.SECTIONS", ("batches",))
    monkeypatch.setitem(vars(find("batches.U").rhs.claims[0]), "item", 1)
    with pytest.raises(ValueError, match="same place: batches, item 1"):
        ledger.__wrapped__()


def test_a_misprint_of_no_equation_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("derivations.ledger.SECTIONS", ("backpropagation",))
    with pytest.raises(ValueError, match="misprints of equations that are not in the ledger"):
        ledger.__wrapped__()


def test_derivatives_are_read_from_names() -> None:
    assert derivatives_in("dE_dW dE_dW_prime") == (("E", "W"), ("E", "W_prime"))
    assert derivatives_in("du_prime_dh") == (("u_prime", "h"),)
    assert derivatives_in("h") == ()
