"""The command line, as a person uses it: tables, files, exit status, and one clear line for an error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from derivations.cli import main as command
from derivations.ledger import Entry, ledger
from derivations.paper import mlp
from tests.test_atomic_files import full_disk

ROOT = Path(__file__).parents[2]


def run(*arguments: str, columns: int = 100) -> Result:
    return CliRunner(env={"COLUMNS": str(columns)}).invoke(command.cli, arguments)


def in_a_shell(*arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "derivations", *arguments]
    return subprocess.run(line, capture_output=True, text=True, env={**os.environ, "COLUMNS": "100"})


def test_verify_prints_a_section_as_a_table_and_exits_with_0() -> None:
    result = run("verify", "--section", "4", "--examples", "5")
    assert result.exit_code == 0, result.output
    assert "§4  Softmax" in result.output
    for entry in ledger():
        assert (entry.label in result.output) == (entry.section == "4")
    assert "∂E/∂u_j = y_j - t_j" in result.output


@pytest.mark.parametrize("columns", [80, 100, 150])
def test_verify_fits_the_terminal(columns: int) -> None:
    result = run("verify", "--section", "6", "--examples", "2", columns=columns)
    assert max(map(len, result.output.splitlines())) <= columns
    assert "…  …" not in result.output


def test_verify_shows_an_erratum_with_print_correction_and_counterexample() -> None:
    result = run("verify", "--label", "mlp.dy_du_prime", "--examples", "5", columns=200)
    assert "printed ∂y_j/∂u'_j = y_j (y_j - t_j)" in result.output
    assert "correct ∂y_j/∂u'_j = y_j (1 - y_j)" in result.output
    assert "K = 1, M = 1, N = 1" in result.output
    assert "the print gives 0.387456" in result.output


def test_json_has_every_field_of_every_entry(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    result = run("verify", "--examples", "20", "--json", str(file))
    assert result.exit_code == 0
    entries = json.loads(file.read_text(encoding="utf-8"))["entries"]
    assert [entry["label"] for entry in entries] == [entry.label for entry in ledger()]
    needed = {"label", "section", "page", "latex", "status", "corrected_latex", "shapes_tried",
              "worst_error", "counterexample"}  # fmt: skip
    for entry in entries:
        assert needed <= entry.keys()
        assert entry["shapes_tried"] == 20
        assert (entry["counterexample"] is not None) == (entry["status"] == "erratum")
        assert (entry["corrected_latex"] is not None) == (entry["status"] == "erratum")


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(tmp_path: Path) -> None:
    found = []
    for number, seed in enumerate(("7", "7", "8")):
        file = tmp_path / f"{number}.json"
        run("verify", "--section", "4", "--examples", "5", "--seed", seed, "--json", str(file))
        found.append([entry["worst_error"] for entry in json.loads(file.read_text())["entries"]])
    assert found[0] == found[1] != found[2]


def test_a_wrong_equation_makes_verify_exit_with_1_and_say_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlp, "dE_dy", lambda j, y, t: t[j] - y[j])
    result = run("verify", "--section", "3", "--examples", "3", "--jobs", "1", columns=160)
    assert result.exit_code == 1
    assert "✗ failing" in result.output
    assert "mlp.flow.EI_prime does not hold: dE/du_prime: shape" in result.output
    assert 'see it again: derivations show mlp.flow.EI_prime --instance "K=' in result.output


def test_show_prints_equation_hand_code_jax_program_and_numbers() -> None:
    result = run("show", "mlp.dy_du_prime", "--instance", "K=2 N=3 M=2 seed=5", columns=140)
    assert result.exit_code == 0
    for part in (
        "§3, p. 4, erratum", "∂y_j/∂u'_j = y_j (y_j - t_j)   as printed", "return y[j] * (1 - y[j])",
        "return y[j] * (y[j] - t[j])", "JAX's ∂y/∂u_prime", "def program(sizes, x, t, W, W_prime, nudge):",
        "K=2 M=2 N=3 scale=ordinary seed=5", "hand dy/du_prime", "reverse dy/du_prime",
        "forward dy/du_prime", "complex dy/du_prime", "the hand-written side holds here",
        "the form as printed fails here",
    ):  # fmt: skip
        assert part in result.output, part


@pytest.mark.parametrize("entry", ledger(), ids=lambda entry: entry.label)
def test_show_works_for_every_label(entry: Entry) -> None:
    result = run("show", entry.label)
    assert result.exit_code == 0, result.output
    assert "the hand-written side holds here" in result.output


def test_show_judges_ones_own_values(tmp_path: Path) -> None:
    x, t, W, W_prime = mlp.example()
    np.savez(tmp_path / "mine.npz", x=x, t=t, W=W, W_prime=W_prime)
    result = run("show", "mlp.flow.dE_dW", "--values", str(tmp_path / "mine.npz"))
    assert result.exit_code == 0
    assert "K=5 M=5 N=3" in result.output


def test_notation_prints_every_symbol() -> None:
    result = run("notation", columns=140)
    for symbol in ("w'_ij", "EI'_j", "t_cj", "u'_j"):
        assert symbol in result.output


ERRORS = [
    (("verify", "--label", "mlp.dE"), "no equation is labelled 'mlp.dE': did you mean mlp.E"),
    (("show", "nothing"), "no equation is labelled 'nothing'"),
    (("verify", "--section", "9"), "there is no section '9' in the ledger: give one of 1, 2, 3, 4"),
    (("verify", "--section", "2", "--label", "mlp.E"), "mlp.E is not in section 2"),
    (("verify", "--examples", "0"), "'--examples': 0 is not in the range x>=1"),
    (("verify", "--examples", "many"), "'--examples': 'many' is not a valid integer"),
    (("verify", "--json", "/no/such/folder/run.json"), "cannot write /no/such/folder/run.json"),
    (("verify", "--json", "."), "cannot write .: Is a directory"),
    (("show", "mlp.E", "--instance", "K=3"), "must give the sizes K M N"),
    (("show", "mlp.E", "--values", "no.npz"), "no.npz: No such file or directory"),
    (("verfy",), "No such command 'verfy'"),
    (("verify", "--label", ""), "no equation is labelled ''"),
    (("verify", "--json", "/dev/null", "--html", "/dev/null"), "/dev/null cannot be both"),
    (("verify", "--label", "mlp.E", "--examples", "1", "--json", "/dev/full"), "/dev/full: No space left"),
    (("show", "mlp.E", "--instance", "K=100000 N=100000 M=1"), "are too large for a whole Jacobian"),
    (
        ("show", "mlp_figure.W_cells", "--instance", "K=2 N=3 M=5"),
        "is drawn at K=5 N=3 M=5: give these sizes",
    ),
]


@pytest.mark.parametrize(("arguments", "message"), ERRORS, ids=[" ".join(row[0]) for row in ERRORS])
def test_a_wrong_argument_is_one_line_and_a_non_zero_exit(arguments: tuple[str, ...], message: str) -> None:
    done = in_a_shell(*arguments)
    assert done.returncode != 0
    assert message in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda x: np.arange(5), "x has shape (5,) and dtype int64"),
        (lambda x: x * np.nan, "x[0] is nan (shape (5,)): replace it by a finite number"),
        (lambda x: x[:, None], "x has shape (5, 1), expected (K,): use x.ravel()"),
        (lambda x: x[:-1], "so K = 5, but K = 4 in x (4,)"),
    ],
)
def test_wrong_values_are_one_line_and_a_non_zero_exit(
    tmp_path: Path, spoil: Callable[[Any], Any], message: str
) -> None:
    x, t, W, W_prime = mlp.example()
    file = tmp_path / "wrong.npz"
    np.savez(file, x=spoil(x), t=t, W=W, W_prime=W_prime)
    done = in_a_shell("show", "mlp.flow.dE_dW", "--values", str(file))
    assert done.returncode != 0
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_read_only_file_is_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    result = run("verify", "--json", str(tmp_path / "run.json"))
    assert result.exit_code == 1
    assert "Permission denied; give a file in a folder you may write to" in result.output


def test_a_file_that_was_there_is_not_lost_when_a_run_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_text("precious")
    assert run("verify", "--label", "mlp.nothing", "--json", str(file)).exit_code == 1
    assert file.read_text() == "precious"


def test_a_full_disk_is_one_line_with_the_file_which_stays_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_text("precious")
    with full_disk():
        result = run("verify", "--label", "mlp.E", "--examples", "1", "--json", str(file))
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == f"Error: {file}: File too large"
    assert file.read_text() == "precious"


@pytest.mark.parametrize(
    "arguments",
    ["notation", "zoo", "exercise list", "exercise solution output_delta --yes", "--help", "verify --help",
     "show mlp.E", "verify --label mlp.E --examples 1"],
)  # fmt: skip
def test_output_to_a_full_disk_is_one_line(arguments: str) -> None:
    with Path("/dev/full").open("w") as full:
        line = [sys.executable, "-m", "derivations", *arguments.split()]
        done = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (1, "Error: standard output: No space left on device\n")


def test_a_terminal_without_columns_is_printed_on() -> None:
    line = [sys.executable, "-m", "derivations", "notation"]
    done = subprocess.run(line, capture_output=True, text=True, env={**os.environ, "COLUMNS": "0"})
    assert "EI'_j" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("arguments", ["verify --section 3 --examples 20 --jobs 1", "zoo eps-in-the-log"])
def test_nothing_is_left_in_the_users_folder(arguments: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    line = [sys.executable, "-m", "derivations", *arguments.split()]
    done = subprocess.run(line, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_the_package_can_be_run_as_a_module_with_jax_counted_in() -> None:
    done = in_a_shell("verify", "--label", "mlp.dE_dy", "--examples", "10")
    assert done.returncode == 0, done.stderr
    assert "1 verified" in done.stdout
    assert done.stderr == ""


def test_a_missing_jax_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "jax.py").write_text("raise ImportError('no jax here')")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    line = [sys.executable, "-m", "derivations", "verify", "--label", "mlp.E"]
    done = subprocess.run(line, capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    assert done.stderr == "Error: JAX cannot be imported (no jax here): pip install jax\n"


def test_a_terminal_without_unicode_gets_question_marks_and_no_traceback() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    line = [sys.executable, "-m", "derivations", "show", "mlp.dE_dy"]
    done = subprocess.run(line, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert "?E/?y_j" in done.stdout
