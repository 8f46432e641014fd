"""The pages of the zoo and of §7, and the cache of a build."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from companion import zoo
from companion.cache import cached, digest
from companion.section_7 import stages

from derivations.ledger import ledger
from derivations.zoo import ZOO, find
from w2v.stepper.quantities import STAGES, quantities_of


def test_every_wrong_gradient_is_shown_once() -> None:
    shown = [specimen for group in zoo.groups() for _, those in group.specimens for specimen in those]
    assert sorted(one.name for one in shown) == sorted(one.name for one in ZOO)


@pytest.mark.slow
def test_a_diagnosis_shows_the_checkers_sentences_with_their_evidence() -> None:
    diagnosis = zoo.diagnose("no-hidden-slope")
    assert diagnosis
    says, evidence = diagnosis.splitlines()
    assert says == "✗ your dW lacks the factor h * (1 - h), on the way from h back to u"
    assert evidence.startswith("  missing-factor h * (1 - h) · on ")


PLANTED = ("wrong-sign", "not-cleared")


@contextmanager
def in_this_process(*given: Any) -> Iterator[Any]:
    """Replace the pool of processes, so that a monkeypatch is seen; diagnose only two gradients."""

    def run(function: Any, names: list[str], **given: Any) -> list[Any]:
        return [function(name) if name in PLANTED else "a diagnosis" for name in names]

    yield SimpleNamespace(map=run)


@pytest.mark.slow
def test_a_wrong_gradient_that_is_not_found_fails_the_build_and_is_named(monkeypatch: Any) -> None:
    monkeypatch.setattr(zoo, "ProcessPoolExecutor", in_this_process)
    monkeypatch.setattr(zoo, "recognised", lambda specimen, report: specimen.name == "wrong-sign")
    with pytest.raises(ValueError, match="not by the right name: not-cleared; see"):
        zoo.diagnose_all()


def test_a_diff_has_a_line_before_and_after() -> None:
    assert zoo.diff(find("forgot-the-half")).splitlines() == [
        " y = sigmoid(x @ w)",
        "-dE_dy = y - t",
        "+dE_dy = 2 * (y - t)",
        " dE_du = dE_dy * y * (1 - y)",
    ]


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        (
            "zero_grad * *c*, see https://x.org/a_b.",
            r"zero\_grad \* \*c\*, see [x.org/a_b](https://x.org/a_b).",
        ),
        ("see mlp.dE_dh", "see {equation}`mlp.dE_dh`"),
        ("mlp.no_such", r"<code>mlp.no\_such</code>"),
    ],
)
def test_text_is_escaped_and_its_addresses_and_equations_are_links(text: str, markdown: str) -> None:
    assert zoo.markdown(text) == markdown


def test_the_stages_of_a_step_contain_every_quantity_and_name_equations_of_the_ledger() -> None:
    shown = list(stages())
    known = {entry.label for entry in ledger()}
    assert [stage.name for stage in shown] == list(STAGES)
    assert [one for stage in shown for one in stage.quantities] == list(quantities_of("softmax").values())
    assert {label for stage in shown for one in stage.quantities for label in one.labels} <= known


def test_a_cached_result_is_used_until_the_source_changes(tmp_path: Path) -> None:
    made: list[int] = []

    def compute() -> int:
        made.append(len(made))
        return len(made)

    file, source = tmp_path / "folder" / "result.pickle", tmp_path / "source.py"
    source.write_text("one", encoding="utf-8")
    assert cached(file, digest(source), compute) == 1
    assert cached(file, digest(source), compute) == 1
    source.write_text("another", encoding="utf-8")
    assert cached(file, digest(source), compute) == 2


def test_a_digest_depends_on_where_a_string_ends() -> None:
    assert digest("ab", "c") != digest("a", "bc")
