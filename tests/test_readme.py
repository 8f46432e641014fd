"""What the README says is so."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

from click.testing import CliRunner

from derivations.cli.main import cli
from derivations.exercises.format import course
from derivations.ledger import ledger
from derivations.zoo import ZOO
from w2v.cli.main import cli as w2v_cli

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_its_examples_run() -> None:
    failed, tried = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert tried >= 4
    assert failed == 0


def test_its_numbers_are_the_ledgers() -> None:
    errata = sum(entry.misprint is not None for entry in ledger())
    assert f"the {len(ledger())} equations and demonstrates the {errata} errata" in README
    assert f"{len(ZOO)} wrong gradients" in README
    assert len(course()) == 15
    assert "fifteen exercises" in README


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert len(links) > 10
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_its_first_two_commands_are_verify_and_the_tests() -> None:
    commands = [line.strip() for line in README.splitlines() if line.startswith("    ")]
    assert commands[0].endswith("derivations verify")
    assert commands[1].endswith("pytest -q -n auto")
    assert any(command.endswith("sphinx-build -W -q docs docs/_build/html") for command in commands)


def test_every_option_it_names_exists() -> None:
    asked = [(cli, c) for c in (["verify"], ["show"], ["exercise", "check"])]
    asked += [(w2v_cli, c) for c in (["train"], ["visualize"])]
    help_text = "".join(CliRunner().invoke(program, [*c, "--help"]).output for program, c in asked)
    ours = README.replace("pytest --all", "")
    for option in re.findall(r"`(--[a-z]+)", ours):
        assert option in help_text, option
