"""The pages on the checks and on the package structure, and the benchmarks behind them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import oracle_faults
import oracle_tables
import pytest
import training_page
from companion import checks, measured, plots

from derivations.ledger import find
from derivations.oracle.cases import random_instance
from derivations.oracle.judges import Bench

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "checks.json"
NUMBERS = [
    (part, key) for part, needed in measured.NEEDED.items() for key in ("measured", "entries", *needed)
]


@pytest.mark.parametrize(("part", "key"), NUMBERS)
def test_a_file_without_one_of_the_numbers_is_refused(part: str, key: str, tmp_path: Path) -> None:
    known = json.loads(FILE.read_text(encoding="utf-8"))
    del known[part][key]
    (tmp_path / "checks.json").write_text(json.dumps(known), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"lacks {part}\.{key}.*--only {part}"):
        measured.read(tmp_path / "checks.json")


def test_the_tables_of_the_benchmarks_are_generated_from_their_json() -> None:
    known = measured.read(FILE)
    assert oracle_tables.generated(known) in oracle_tables.README.read_text(encoding="utf-8")
    training = json.loads((ROOT / "docs" / "training.json").read_text(encoding="utf-8"))
    page = ROOT / "docs" / "training.md"
    written = training_page.written_into(page, training_page.generated(training))
    assert written == page.read_text(encoding="utf-8")


def test_a_kill_is_counted_once_and_an_unknown_killer_counts_as_another() -> None:
    row = {"module": "mlp", "mutants": 9, "tried": 9, "survived": 1, "unlisted": []}
    killed = {"own_verdicts": 3, "doctests": 2, "forward_passes_agree": 1, "clock": 2}
    found = measured.mutants({"modules": [{**row, "killed": killed}]})
    assert found["rows"][0] | {"verdicts": 3, "passes": 1, "doctests": 2, "others": 2} == found["rows"][0]
    assert found["total"]["killed"] == 8


def test_the_kills_and_survivors_of_each_module_add_up_to_the_mutants_tried() -> None:
    for row in measured.mutants(measured.read(FILE)["mutants"])["rows"]:
        kills = sum(row[name] for name in (*measured.KILLERS, "others"))
        assert kills + row["survived"] == row["tried"] <= row["mutants"]


@pytest.mark.parametrize(
    ("seen", "finest"),
    [([10, 10, 9, 8, 10, 0], 1e-2), ([8, 10, 10, 0], None), ([10, 10, 10, 0], 1e-2)],
)
def test_the_smallest_fault_found_is_one_above_which_all_are_found(
    seen: list[int], finest: float | None
) -> None:
    assert measured.finest(seen, 10) == finest


@pytest.mark.parametrize(
    ("number", "words"),
    [(1.0, "1"), (1e-3, "10⁻³"), (1e-12, "10⁻¹²"), (2.0**-52, "2.22 · 10⁻¹⁶"), (0.1, "10⁻¹")],
)
def test_a_small_number_is_written_as_a_power_of_ten(number: float, words: str) -> None:
    assert measured.power(number) == words


def test_only_all_of_them_is_100_percent() -> None:
    assert measured.share(9999, 10000) == "99.9 %"
    assert measured.share(10, 10) == "100 %"


# --- planted errors ---------------------------------------------------------------------------------------


def bench_of(label: str) -> tuple[Any, Bench]:
    entry = find(label)
    return entry, Bench(entry.model, random_instance(entry.model, 3, dict(entry.sizes)))


def test_a_planted_error_changes_one_entry_by_the_given_part() -> None:
    true = np.arange(1.0, 7.0).reshape(2, 3)
    changed = oracle_faults.off_by(true, (1, 2), 1e-3)
    assert np.count_nonzero(changed - true) == 1
    assert changed[1, 2] / true[1, 2] - 1 == pytest.approx(1e-3)


@pytest.mark.parametrize("label", ["mlp.flow.dE_dW", "skipgram.gradients", "softmax_cross_entropy.y"])
def test_a_large_error_is_found_and_no_error_is_not(label: str) -> None:
    entry, bench = bench_of(label)
    rng = np.random.default_rng(0)
    assert oracle_faults.seen_on(entry, bench, [1e-3], rng) == [1e-3]
    assert oracle_faults.seen_on(entry, bench, [0.0], rng) == []


def test_no_error_can_be_planted_in_a_result_of_zeros() -> None:
    entry, bench = bench_of("mlp.dW_prime_dh")
    assert oracle_faults.seen_on(entry, bench, [1e-3], np.random.default_rng(0)) is None


# --- the pages --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    return checks.checks_page()


@pytest.mark.slow
def test_every_plot_is_svg_with_a_title_unique_ids_and_the_colours_of_the_page(
    page: dict[str, Any],
) -> None:
    ids: list[str] = []
    for name, svg in page["plots"].items():
        tree = ET.fromstring(svg.replace("xlink:href", "href"))  # our own
        title = next(element for element in tree if element.tag.endswith("title"))
        assert title.text
        assert "\n\n" not in svg, f"{name}: a blank line ends the HTML block in Markdown"
        assert not any(placeholder in svg for placeholder in plots.COLOURS)
        ids += [element.get("id", "") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids)), "two plots share an id"


@pytest.mark.slow
def test_the_constants_and_the_example_of_the_page_are_those_of_the_oracle(page: dict[str, Any]) -> None:
    rows = page["tolerance"]["rows"]
    assert {"UNIT", "ROUNDINGS", "STEP", "UNDERFLOW"} <= {name for name, *_ in rows}
    assert all(why for *_, why in rows)
    for row in page["example"]["rows"]:
        for method in ("reverse", "forward", "complex"):
            assert float(row[method]) <= float(row["permitted"])


def test_the_structure_page_describes_every_package() -> None:
    given = checks.structure_page()
    assert [row["name"] for row in given["rows"]] == [name for layer in given["layers"] for name in layer]
    assert {"derivations.oracle", "w2v.visualizer"} <= {row["name"] for row in given["rows"]}
    for row in given["rows"]:
        assert row["says"]
        assert row["lines"] > row["modules"] > 0
