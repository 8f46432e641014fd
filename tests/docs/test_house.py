"""The map of the house: drawn from the imports as they are, and an arrow that runs back is named."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from companion.house_picture import in_words, picture
from companion.imports import HOUSE, House, Module, Part, part_of, read_house

ROOT = Path(__file__).parents[2]
SMALL = (
    Part("ground", "w2v.ground", ("w2v.ground",), (), 2, (0, 1)),
    Part("middle", "w2v.middle", ("w2v.middle.",), ("ground",), 1, (0, 1)),
    Part("roof", "w2v", ("w2v", "w2v."), ("ground", "middle"), 0, (0, 1)),
)
FILES = {
    "w2v/__init__.py": '"""The roof."""\nfrom w2v.middle import beam\nimport w2v.ground\n',
    "w2v/ground.py": '"""The ground.\n\nMore."""\n',
    "w2v/middle/__init__.py": '"""The middle."""\n',
    "w2v/middle/beam.py": '"""A beam."""\nfrom w2v.ground import stone\n',
}


def small_house(folder: Path, exceptions: dict[tuple[str, str], str] | None = None, **more: str) -> House:
    """A house of three parts, with more files or others."""
    for name, text in {**FILES, **more}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return read_house(folder, SMALL, exceptions or {})


@pytest.fixture(scope="module")
def house() -> House:
    return read_house(ROOT)


def test_no_arrow_runs_back(house: House) -> None:
    assert ("visualizer", "stepper") in house.arrows
    assert house.crossings.keys() <= {(part.name, to) for part in HOUSE for to in part.knows}


def test_every_import_that_the_law_allows_is_made(house: House) -> None:
    assert {(part.name, to) for part in HOUSE for to in part.knows} == house.crossings.keys()


def test_the_law_itself_has_no_circle() -> None:
    rows = {part.name: part.row for part in HOUSE}
    assert all(rows[to] > part.row for part in HOUSE for to in part.knows), "an arrow would point upwards"


def test_every_part_speaks_and_has_modules(house: House) -> None:
    for part in house.parts:
        assert house.modules[part.name]
        assert house.says(part)
        assert house.lines(part) > 100


def test_an_arrow_that_follows_from_others_is_not_drawn(tmp_path: Path) -> None:
    house = small_house(tmp_path)
    assert ("roof", "ground") in house.crossings
    assert set(house.arrows) == {("middle", "ground"), ("roof", "middle")}


@pytest.mark.parametrize(
    "source",
    [
        "from w2v.middle import beam\n",
        "from w2v.middle.beam import wood\n",
        "import w2v.middle.beam as b\n",
        "def f():\n    from w2v.middle.beam import wood\n",
        "if False:\n    import w2v.middle\n",
    ],
)
def test_a_planted_import_that_runs_back_is_named(tmp_path: Path, source: str) -> None:
    with pytest.raises(ValueError, match=r"w2v\.ground imports w2v\.middle.*ground must not know middle"):
        small_house(tmp_path, **{"w2v/ground.py": source})


def test_an_import_planted_in_the_real_house_is_named(tmp_path: Path) -> None:
    for package in ("derivations", "w2v"):
        (tmp_path / package).symlink_to(ROOT / package)
    read_house(tmp_path)
    (tmp_path / "derivations").unlink()
    for file in (ROOT / "derivations").rglob("*.py"):
        copy = tmp_path / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    with (tmp_path / "derivations" / "paper" / "mlp.py").open("a", encoding="utf-8") as module:
        module.write("\nfrom derivations.oracle import judges\n")
    with pytest.raises(ValueError, match=r"derivations\.paper\.mlp imports derivations\.oracle\.judges"):
        read_house(tmp_path)


def test_an_exception_holds_inside_a_function_only_and_no_longer_than_it_is_needed(tmp_path: Path) -> None:
    allowed = {("w2v.ground", "w2v.middle.beam"): "on request"}
    inside = "def f():\n    from w2v.middle.beam import wood\n"
    assert ("ground", "middle") not in small_house(tmp_path, allowed, **{"w2v/ground.py": inside}).crossings
    with pytest.raises(ValueError, match="runs back"):
        small_house(tmp_path, allowed, **{"w2v/ground.py": "from w2v.middle.beam import wood\n"})
    with pytest.raises(ValueError, match="no longer imports"):
        small_house(tmp_path, allowed, **{"w2v/ground.py": ""})


def test_a_module_of_no_part_and_an_import_with_dots_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"derivations\.attic belongs to no part"):
        part_of("derivations.attic", HOUSE)
    with pytest.raises(ValueError, match="name the module in full"):
        list(Module("w2v.middle.beam", "from . import other").imports({}))


def test_the_picture_has_every_part_with_its_page_and_says_its_arrows_in_words(house: House) -> None:
    tree = ET.fromstring(picture(house))  # our own
    links = [link.get("href") for link in tree.iter("a")]
    assert links == [f"api/{part.speaks}.html" for part in HOUSE]
    assert len([path for path in tree.iter("path") if path.get("class") == "arrow"]) == len(house.arrows)
    assert "visualizer imports stepper" in in_words(house)
    assert tree.find("title") is not None
