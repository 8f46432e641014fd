"""Equations become MathML and plain text; remarks become HTML."""

from __future__ import annotations

import re

import pytest

from derivations.latex import REPAIRS, prose, statements, to_mathml, to_text
from derivations.ledger import ledger

EQUATIONS = {
    f"{entry.label}{which}": latex
    for entry in ledger()
    for which, latex in (("", entry.latex), (" corrected", entry.corrected_latex))
    if latex
}


@pytest.mark.parametrize("latex", EQUATIONS.values(), ids=EQUATIONS)
def test_an_equation_becomes_one_line_of_text_with_no_command_left(latex: str) -> None:
    found = to_text(latex)
    assert found.strip()
    assert "\n" not in found
    assert not re.search(r"[\\$]|begin|frac", found)


@pytest.mark.parametrize("latex", EQUATIONS.values(), ids=EQUATIONS)
def test_an_equation_becomes_mathml_with_nothing_of_latex_left(latex: str) -> None:
    for statement in statements(latex):
        found = to_mathml(statement)
        assert found.startswith("<math")
        assert not re.search(r"[\\$]|(?<!>)\^|begin|merror|<m\w+ ?/>", found)
        assert "".join(re.findall(r">([^<>]+)<", found)).strip()


@pytest.mark.parametrize(("pattern", "_"), REPAIRS)
def test_every_repair_is_needed(pattern: str, _: str) -> None:
    assert any(re.search(pattern, latex) for latex in EQUATIONS.values())


def test_latex_that_cannot_be_converted_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"no MathML for \\foo"):
        to_mathml(r"\foo + 1")


def test_a_list_of_statements_may_be_broken_between_them_but_not_in_brackets() -> None:
    listed = statements(r"K = 5, \; x = [1, \; 2] \quad (a, \quad b)")
    assert listed == ["K = 5,", r"x = [1, \; 2]", r"(a, \quad b)"]


def test_a_primed_letter_has_its_index_below_the_prime() -> None:
    below = '<msub><mrow><mi>u</mi><mpadded width="0"><mi>′</mi></mpadded></mrow><mi>j</mi></msub>'
    assert below in to_mathml("u'_j")


def test_symbols_in_remarks_are_set_with_primes_and_indices() -> None:
    assert prose("∂w'_ij/∂h_i, p. 5: W''s e_1,j - 1") == (
        "∂w′<sub>ij</sub>/∂h<sub>i</sub>, p.\N{NO-BREAK SPACE}5: W′’s e<sub>1,j</sub> − 1"
    )
