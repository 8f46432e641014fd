"""The page on the referee: every number comes from the benchmarks, and a file without one is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import referee_faults
import referee_tables
import training_page
from companion import measured, plots, trust

from derivations.ledger import find
from derivations.oracle.cases import random_instance
from derivations.oracle.judges import Bench

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "referee.json"


def without(part: str, key: str, folder: Path) -> Path:
    """The measured numbers without one of them."""
    known = json.loads(FILE.read_text(encoding="utf-8"))
    del known[part][key]
    (folder / "referee.json").write_text(json.dumps(known), encoding="utf-8")
    return folder / "referee.json"


PLACES = [
    (part, key) for part, needed in measured.NEEDED.items() for key in ("measured", "entries", *needed)
]


@pytest.mark.parametrize(("part", "key"), PLACES)
def test_a_file_that_lacks_a_number_is_refused_and_it_is_named(part: str, key: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=rf"lacks {part}\.{key}.*--only {part}"):
        measured.read(without(part, key, tmp_path))


def test_the_file_in_the_repository_is_complete() -> None:
    assert measured.read(FILE).keys() >= measured.NEEDED.keys()


def test_what_the_benchmarks_wrote_into_pages_is_what_their_json_says() -> None:
    """So that no number of those pages is typed."""
    known = json.loads(FILE.read_text(encoding="utf-8"))
    assert referee_tables.generated(known) in referee_tables.README.read_text(encoding="utf-8")
    training = json.loads((ROOT / "docs" / "training.json").read_text(encoding="utf-8"))
    page = ROOT / "docs" / "training.md"
    assert training_page.written_into(page, training_page.generated(training)) == page.read_text(
        encoding="utf-8"
    )


def test_a_kill_is_counted_once_and_a_killer_that_no_column_knows_is_among_the_others() -> None:
    row = {"module": "mlp", "mutants": 9, "tried": 9, "survived": 1, "unlisted": []}
    killed = {"own_verdicts": 3, "doctests": 2, "forward_passes_agree": 1, "clock": 2}
    found = measured.mutants({"modules": [{**row, "killed": killed}]})
    assert found["rows"][0] | {"verdicts": 3, "passes": 1, "doctests": 2, "others": 2} == found["rows"][0]
    assert found["total"]["killed"] == 8


def test_the_kills_and_survivors_of_each_module_are_what_was_tried() -> None:
    for row in measured.mutants(measured.read(FILE)["mutants"])["rows"]:
        kills = sum(row[name] for name in (*measured.KILLERS, "others"))
        assert kills + row["survived"] == row["tried"] <= row["mutants"]


@pytest.mark.parametrize(
    ("seen", "finest"),
    [([10, 10, 9, 8, 10, 0], 1e-2), ([8, 10, 10, 0], None), ([10, 10, 10, 0], 1e-2)],
)
def test_the_smallest_fault_seen_is_one_above_which_all_are_seen(
    seen: list[int], finest: float | None
) -> None:
    assert measured.finest(seen, 10) == finest


@pytest.mark.parametrize(
    ("number", "words"),
    [(1.0, "1"), (1e-3, "10⁻³"), (1e-12, "10⁻¹²"), (2.0**-52, "2.22 · 10⁻¹⁶"), (0.1, "10⁻¹")],
)
def test_a_small_number_is_written_as_a_power(number: float, words: str) -> None:
    assert measured.power(number) == words


def test_not_quite_all_is_never_called_all() -> None:
    assert measured.share(9999, 10000) == "99.9 %"
    assert measured.share(10, 10) == "100 %"


# --- what is planted ----------------------------------------------------------------------------------


def test_a_fault_is_in_one_entry_and_of_the_size_that_is_said() -> None:
    true = np.arange(1.0, 7.0).reshape(2, 3)
    spoilt = referee_faults.off_by(true, (1, 2), 1e-3)
    assert np.count_nonzero(spoilt - true) == 1
    assert spoilt[1, 2] / true[1, 2] - 1 == pytest.approx(1e-3)


@pytest.mark.parametrize("label", ["mlp.flow.dE_dW", "skipgram.gradients", "softmax_cross_entropy.y"])
def test_a_large_fault_is_seen_and_none_is_not(label: str) -> None:
    entry, rng = find(label), np.random.default_rng(0)
    bench = Bench(entry.model, random_instance(entry.model, 3, dict(entry.sizes)))
    assert referee_faults.seen_on(entry, bench, [1e-3], rng) == [1e-3]
    assert referee_faults.seen_on(entry, bench, [0.0], rng) == []


def test_a_result_of_zeros_has_no_place_for_a_fault() -> None:
    entry = find("mlp.dW_prime_dh")
    bench = Bench(entry.model, random_instance(entry.model, 3, dict(entry.sizes)))
    assert referee_faults.seen_on(entry, bench, [1e-3], np.random.default_rng(0)) is None


# --- the page -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    return trust.referee_page()


def test_every_picture_is_svg_with_a_title_in_the_colours_of_the_page(page: dict[str, Any]) -> None:
    ids: list[str] = []
    for name, svg in page["plots"].items():
        tree = ET.fromstring(svg.replace("xlink:href", "href"))  # our own
        title = next(element for element in tree if element.tag.endswith("title"))
        assert title.text
        assert "\n\n" not in svg, f"{name}: a blank line ends the HTML in Markdown"
        assert not any(stand_in in svg for stand_in in plots.COLOURS)
        ids += [element.get("id", "") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids)), "two pictures share a name"


def test_the_constants_on_the_page_are_those_of_the_table_in_the_module(page: dict[str, Any]) -> None:
    names = [name for name, *_ in page["tolerance"]["rows"]]
    assert {"UNIT", "ROUNDINGS", "STEP", "UNDERFLOW"} <= set(names)
    assert all(why for *_, why in page["tolerance"]["rows"])


def test_the_example_agrees_within_what_is_permitted(page: dict[str, Any]) -> None:
    for row in page["example"]["rows"]:
        assert all(
            float(row[judge]) <= float(row["permitted"]) for judge in ("reverse", "forward", "complex")
        )
