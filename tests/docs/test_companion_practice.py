"""The pages to try things on: the zoo, the visualizer's page, and what a build keeps for the next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from companion import zoo
from companion.keeping import digest, kept
from companion.visualizer import stages

from derivations.ledger import ledger
from derivations.zoo import ZOO, find
from w2v.stepper.quantities import STAGES, quantities_of

# --- the zoo ----------------------------------------------------------------------------------------------


def test_every_specimen_stands_in_one_hall() -> None:
    shown = [specimen for hall in zoo.halls() for _, those in hall.specimens for specimen in those]
    assert sorted(one.name for one in shown) == sorted(one.name for one in ZOO)


def test_a_diagnosis_is_what_the_checker_says_with_its_evidence() -> None:
    diagnosis = zoo.diagnosis_of("no-hidden-slope")
    assert diagnosis
    says, known = diagnosis.text.splitlines()
    assert says == "✗ your dW lacks the factor h * (1 - h), on the way from h back to u"
    assert known.startswith("  missing-factor h * (1 - h) · on ")
    assert diagnosis.report.startswith("✗ no_hidden_slope is wrong")


@contextmanager
def at_hand(*given: Any) -> Iterator[Any]:
    """Processes that are none, so that what is planted is met; only two names, since all take a minute."""

    def over(function: Any, names: list[str], **given: Any) -> list[Any]:
        return [function(name) if name in PLANTED else zoo.Diagnosis((), "") for name in names]

    yield SimpleNamespace(map=over)


PLANTED = ("wrong-sign", "not-cleared")


def test_a_specimen_that_is_not_found_ends_the_build_and_is_named(monkeypatch: Any) -> None:
    monkeypatch.setattr(zoo, "ProcessPoolExecutor", at_hand)
    monkeypatch.setattr(zoo, "recognised", lambda specimen, report: specimen.name == "wrong-sign")
    with pytest.raises(ValueError, match="not by its name: not-cleared; see"):
        zoo.diagnosed()


def test_a_diff_has_a_line_before_and_after() -> None:
    assert zoo.diff(find("forgot-the-half")).splitlines() == [
        " y = sigmoid(x @ w)",
        "-dE_dy = y - t",
        "+dE_dy = 2 * (y - t)",
        " dE_du = dE_dy * y * (1 - y)",
    ]


def test_a_remark_is_no_markdown_and_its_addresses_and_equations_are_links() -> None:
    assert zoo.markdown("zero_grad * *c*, see https://x.org/a_b.") == (
        r"zero\_grad \* \*c\*, see [x.org/a_b](https://x.org/a_b)."
    )
    assert zoo.markdown("p. 5, mlp.dE_dh").endswith("{equation}`mlp.dE_dh`")
    assert zoo.markdown("mlp.no_such") == r"<code>mlp.no\_such</code>"


# --- §7 ---------------------------------------------------------------------------------------------------


def test_the_stages_hold_every_quantity_and_name_equations_of_the_ledger() -> None:
    shown = list(stages())
    known = {entry.label for entry in ledger()}
    assert [stage.name for stage in shown] == list(STAGES)
    assert [one for stage in shown for one in stage.quantities] == list(quantities_of("softmax").values())
    assert {label for stage in shown for one in stage.quantities for label in one.labels} <= known


# --- what is kept -----------------------------------------------------------------------------------------


def test_what_was_made_is_kept_until_the_code_is_another(tmp_path: Path) -> None:
    made: list[int] = []

    def make() -> int:
        made.append(len(made))
        return len(made)

    file, source = tmp_path / "there" / "kept.pickle", tmp_path / "source.py"
    source.write_text("one", encoding="utf-8")
    assert kept(file, digest(source), make) == 1
    assert kept(file, digest(source), make) == 1
    source.write_text("another", encoding="utf-8")
    assert kept(file, digest(source), make) == 2


def test_a_digest_knows_where_a_word_ends() -> None:
    assert digest("ab", "c") != digest("a", "bc")
