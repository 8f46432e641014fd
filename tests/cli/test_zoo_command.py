"""``derivations zoo`` lists the specimens, and shows one with its story and the checker's report."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from derivations.checker.findings import ArgumentResult, Explanation, Finding, Report
from derivations.cli.main import cli
from derivations.cli.zoo import as_data, without_links
from derivations.zoo import ZOO, checking, find
from derivations.zoo.checking import check, kinds, recognised

WRONG = Report("gradient", False, (ArgumentResult("w", "K", False, 9, 9, 1e9),), instances=9)
TWICE = Explanation("constant-factor", "w", "w is the right one times 2", "on 9 of 9", "2")


def run(*arguments: str, columns: int = 100) -> Result:
    return CliRunner(env={"COLUMNS": str(columns)}).invoke(cli, ("zoo", *arguments))


# --- the list -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [80, 100, 120, 160])
def test_the_list_has_every_specimen_and_fits_the_terminal(columns: int) -> None:
    result = run(columns=columns)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert max(map(len, lines)) <= columns
    for specimen in ZOO:
        assert any(line.startswith(specimen.name) for line in lines), specimen.name
    assert f"{len(ZOO)} specimens." in lines[-1]


def test_the_list_has_each_mistake_and_diagnosis_and_no_links() -> None:
    text = " ".join(run(columns=1000).output.split())
    for specimen in ZOO:
        assert specimen.mistake in text
        assert kinds(specimen) in text
        source = without_links(specimen.seen)
        assert source in text
        assert len(source) > 3
        assert source.count("(") == source.count(")")
    assert "http" not in text


def test_the_list_as_json_is_the_zoo() -> None:
    listed = json.loads(run("--json").output)
    assert listed == json.loads(json.dumps([as_data(specimen) for specimen in ZOO]))
    assert set(listed[0]) == {
        "name", "mistake", "exhibit", "shapes", "wrt", "diff", "named", "symptom", "missed", "seen",
    }  # fmt: skip


# --- one specimen ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [80, 120])
def test_a_specimen_is_shown_with_its_story_and_the_report(columns: int) -> None:
    specimen = find("forgot-the-half")
    result = run("forgot-the-half", "--examples", "20", columns=columns)
    text = " ".join(result.output.split())
    story = (*specimen.diff, specimen.mistake, specimen.symptom, specimen.missed, specimen.exhibit.shapes)
    places = [text.index(" ".join(part.split())) for part in (specimen.mistake, *specimen.diff)]
    assert all(" ".join(part.split()) in text for part in story)
    assert places == sorted(places)
    assert text.index("✗ forgot_the_half is wrong") > max(places)
    assert result.exit_code == 0, result.output
    assert result.output.rstrip().endswith("✓ recognised as constant-factor")
    pasted = [line for line in result.output.splitlines() if line.startswith("check_gradient(")]
    assert len(pasted) == 1
    others = [line for line in result.output.splitlines() if line not in pasted]
    assert max(map(len, others)) <= columns


def test_a_specimen_as_json_has_its_story_and_its_report() -> None:
    result = run("forgot-the-half", "--json", "--examples", "20")
    record = json.loads(result.output)
    assert record["name"] == "forgot-the-half"
    assert record["found"]
    assert result.exit_code == 0
    assert record["report"]["right"] is False
    assert record["report"]["diagnosis"][0]["detail"] == "2"


def test_a_specimen_that_is_not_recognised_gives_exit_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(*_: Any) -> Report:
        return replace(WRONG, diagnosis=(replace(TWICE, kind="extra-factor"),))

    monkeypatch.setattr(checking, "check", mistaken)
    result = run("forgot-the-half")
    assert result.exit_code == 1
    assert "✗ not recognised: the diagnosis should be constant-factor 2" in result.output


def test_an_unknown_name_is_one_line_with_similar_names() -> None:
    result = run("forgot-a-half")
    assert result.exit_code == 1
    assert "the zoo has no specimen 'forgot-a-half'; did you mean forgot-the-half" in result.output
    assert "Traceback" not in result.output


def test_a_missing_jax_is_reported_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jax", None)
    result = run()
    assert result.exit_code == 1
    assert result.output.startswith("Error: JAX cannot be imported")
    assert result.output.count("\n") == 1


# --- when a specimen counts as recognised ---------------------------------------------------------------


def test_the_right_gradient_is_not_recognised_as_a_mistake() -> None:
    for name in ("forgot-the-half", "no-mask"):
        right = replace(find(name), wrong=find(name).exhibit.right)
        report = check(right, examples=20)
        assert report.right, str(report)
        assert not recognised(right, report)


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (replace(WRONG, diagnosis=(TWICE,)), True),
        (replace(WRONG, diagnosis=(replace(TWICE, detail="1/2", says="half the right one"),)), False),
        (replace(WRONG, diagnosis=(replace(TWICE, kind="extra-factor"),)), False),
        (replace(WRONG, diagnosis=(replace(TWICE, kind="zeros"), TWICE)), True),
        (replace(WRONG, right=True, diagnosis=(TWICE,)), False),
        (replace(WRONG, findings=(Finding("constant-factor", "", "times 2"),)), True),
        (WRONG, False),
    ],
)
def test_a_specimen_is_recognised_only_if_wrong_and_diagnosed_as_expected(
    report: Report, expected: bool
) -> None:
    specimen = replace(
        find("forgot-the-half"), expected=(("zeros-of-another", ""), ("constant-factor", "2"))
    )
    assert recognised(specimen, report) is expected
