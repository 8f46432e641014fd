"""What the README and CONTRIBUTING say is so."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

from click.testing import CliRunner

from derivations.cli.main import EXAMPLES, cli
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
    assert f"{len(ledger())} equations" in README
    assert f"{EXAMPLES:,} random instances" in README


def test_it_counts_the_zoo_and_the_exercises() -> None:
    assert f"{len(ZOO)} wrong gradients" in README
    assert len(course()) == 15
    assert "fifteen, in the paper's order" in README


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert len(links) > 10
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_it_has_the_three_commands_that_ci_runs() -> None:
    section = README.partition("## Three commands")[2].partition("\n## ")[0]
    commands = [line for line in section.splitlines() if line.startswith("    ")]
    assert len(commands) == 3
    assert commands[0].endswith("derivations verify")
    assert "sphinx-build -W" in commands[1]
    assert "pytest" in commands[2]


def test_every_option_it_names_exists() -> None:
    help_text = CliRunner().invoke(cli, ["verify", "--help"]).output
    help_text += CliRunner().invoke(cli, ["show", "--help"]).output
    help_text += CliRunner().invoke(cli, ["exercise", "check", "--help"]).output
    help_text += CliRunner().invoke(w2v_cli, ["train", "--help"]).output
    help_text += CliRunner().invoke(w2v_cli, ["visualize", "--help"]).output
    for option in re.findall(r"`(--[a-z]+)", README):
        assert option in help_text, option
