"""The exercises: what a student is given, and what the commands say."""

from __future__ import annotations

import json
import os
import queue
import re
import shlex
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from derivations.checker import check_gradient
from derivations.exercises import _watch
from derivations.exercises._hints import STATE
from derivations.exercises.check import check_answer
from derivations.exercises.course import ORDER
from derivations.exercises.format import COURSE, EMPTY, Exercise, exercise_of, find, read, started
from tests.exercises.answers import COURSES, FIRST, LINEAR, RIGHT, answered, lines_of, run
from tests.support import LEDGER

each_exercise = pytest.mark.parametrize("exercise", COURSES.values(), ids=lambda exercise: exercise.name)
ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}


# --- what is in an exercise -------------------------------------------------------------------------


def test_the_course_is_in_order_and_complete() -> None:
    assert {file.stem for file in COURSE.glob("[!_]*.py")} == set(ORDER)
    assert len(ORDER) >= 10
    pages = [int(re.search(r"pp?\. (\d+)", exercise.paper)[1]) for exercise in COURSES.values()]  # type: ignore[index]
    sections = [exercise.paper[1] for exercise in COURSES.values()]
    assert sections == sorted(sections)
    assert min(pages) == 2
    assert max(pages) == 11


@each_exercise
def test_an_exercise_refers_to_equations_that_the_ledger_has(exercise: Exercise) -> None:
    labels = re.findall(r"[a-z_]+\.[a-zA-Z_.]*[a-zA-Z_]", exercise.paper.partition(":")[2])
    assert labels
    functions = {entry.label for entry in LEDGER}
    assert [label for label in labels if label not in functions] == []


@each_exercise
def test_hints_are_several_and_none_has_a_line_of_the_solution(exercise: Exercise) -> None:
    assert len(exercise.hints) >= 3
    for hint in exercise.hints:
        assert [line for line in lines_of(exercise) if line.removeprefix("return ") in hint] == []


@each_exercise
def test_a_started_file_has_the_statement_and_can_be_read_and_run_alone(
    exercise: Exercise, here: Path
) -> None:
    file = here / f"{exercise.name}.py"
    source = started(exercise, file)
    file.write_text(source, encoding="utf-8")
    scope: dict[str, Any] = {"__name__": "alone"}
    exec(compile(source, str(file), "exec"), scope)
    assert exercise.statement in scope["__doc__"]
    assert f"derivations exercise check {file.name}" in scope["__doc__"]
    assert (scope["SHAPES"], scope["WRT"]) == (exercise.shapes, exercise.wrt)
    assert exercise_of(file).name == exercise.name
    with pytest.raises(NotImplementedError, match=EMPTY):
        scope["gradient"](*(None for _ in range(scope["gradient"].__code__.co_argcount)))
    helpers = source.replace(exercise.statement, "").partition("def gradient")[2]
    assert [line for line in lines_of(exercise) if line in helpers] == []
    assert [hint for hint in exercise.hints if hint[:30] in source] == []


# --- right and wrong --------------------------------------------------------------------------------


@each_exercise
def test_the_solution_is_right_and_the_empty_answer_is_not(exercise: Exercise, here: Path) -> None:
    solved: dict[str, Any] = {}
    exec(exercise.source, solved)
    shapes, wrt = exercise.shapes, exercise.wrt
    report = check_gradient(exercise.loss, solved["gradient"], shapes, wrt=wrt, examples=4)
    assert report.right, str(report)
    empty: dict[str, Any] = {}
    exec(started(exercise, here / f"{exercise.name}.py"), empty)
    report = check_gradient(exercise.loss, empty["gradient"], shapes, wrt=wrt, examples=1)
    assert not report.right
    assert EMPTY in str(report)


@pytest.mark.slow
@each_exercise
def test_the_file_with_the_solution_is_right_and_the_file_with_the_empty_answer_is_not(
    exercise: Exercise, here: Path
) -> None:
    file = here / f"{exercise.name}.py"
    file.write_text(started(exercise, file), encoding="utf-8")
    empty = check_answer(exercise, file)
    assert (empty.right, empty.score) == (False, 0.0)
    assert [finding.message for finding in empty.report.findings] == [EMPTY]
    body = exercise.solution.split('"""')[-1]
    file = answered(exercise, "pass" + body.replace("\n    ", "\n"), here)
    solved = check_answer(exercise, file)
    assert solved.right, str(solved.report)
    assert solved.score == 1.0
    assert solved.report.notes == ()


@pytest.mark.slow
@pytest.mark.usefixtures("in_process")
def test_a_new_student_starts_wrong_follows_the_diagnosis_and_passes(here: Path) -> None:
    assert "sigmoid_unit" in run("list").output
    assert run("start", "sigmoid_unit").exit_code == 0
    nothing = run("check")
    assert nothing.exit_code == 1
    assert EMPTY in nothing.output
    answered(FIRST, RIGHT.replace("y - t", "t - y"), here)
    wrong = run("check")
    assert wrong.exit_code == 1
    assert "wrong-sign" in wrong.output
    assert "derivations exercise hint sigmoid_unit" in wrong.output
    assert [line for line in lines_of(FIRST) if line in wrong.output] == []
    answered(FIRST, RIGHT, here)
    right = run("check", "sigmoid_unit")
    assert right.exit_code == 0, right.output
    assert "✓ gradient is right" in right.output
    assert "derivations exercise start output_delta" in right.output


MISTAKES = {
    "hidden_delta": (
        "missing-factor",
        """h = sigmoid(u)
        y = sigmoid(h @ W_prime)
        return W_prime @ ((y - t) * y * (1 - y))""",
    ),
    "skipgram": (
        "counted-once",
        """h = x @ W
        EI = softmax(h @ W_prime) - t.sum(axis=0)
        return np.outer(x, W_prime @ EI), np.outer(h, EI)""",
    ),
    "cbow": (
        "constant-factor",
        """h = X.mean(axis=0) @ W
        e = softmax(h @ W_prime) - t
        return np.outer(X.sum(axis=0), W_prime @ e), np.outer(h, e)""",
    ),
    "embedding_lookup": (
        "overwritten",
        """dW = np.zeros_like(W)
        dW[words] += W[words] - T
        return dW""",
    ),
}
"""A typical mistake in each exercise: the kind that the diagnosis has for it, and the answer."""


@pytest.mark.slow
@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize("name", MISTAKES)
def test_a_typical_mistake_gets_its_diagnosis_and_not_the_solution(name: str, here: Path) -> None:
    exercise, (kind, body) = COURSES[name], MISTAKES[name]
    answered(exercise, textwrap.dedent(f"        {body}"), here)
    result = run("check", "--json")
    found = json.loads(result.output)
    assert result.exit_code == 1
    assert kind in {explanation["kind"] for explanation in found["diagnosis"]}, found["output"]
    assert [line for line in lines_of(exercise) if line in found["output"] and line not in body] == []


@pytest.mark.slow
def test_the_score_is_the_share_of_gradients_that_are_right(here: Path, linear: Exercise) -> None:
    linear.file.write_text(LINEAR.replace('WRT = "x"', 'WRT = "x v"'), encoding="utf-8")
    both = read(linear.file)
    for body, score in {
        "return v.copy(), -x": 0.5,
        "return v.copy(), x[:, None]": 0.5,
        "return -v, -x": 0.0,
        "y = x.copy()\nx += 1\nreturn v.copy(), -y": 0.0,
        "return v.copy(), x.copy()": 1.0,
    }.items():
        found = check_answer(both, answered(both, body, here))
        assert (body, found.score, found.right) == (body, score, score == 1.0)


@pytest.mark.usefixtures("in_process")
def test_json_is_what_an_autograder_reads(here: Path, linear: Exercise) -> None:
    answered(linear, "return -v", here)
    found = json.loads(run("check", "--json").output)
    expected = {
        "exercise": "linear",
        "title": "A weighted sum",
        "file": "linear.py",
        "score": 0.0,
        "max_score": 1.0,
        "right": False,
    }
    assert {name: found[name] for name in expected} == expected
    assert {"diagnosis", "findings", "arguments", "output"} <= set(found)
    assert found["output"].startswith("✗ gradient is wrong")


# --- starting, hints, solution ----------------------------------------------------------------------


def test_start_does_not_overwrite_an_answer(here: Path) -> None:
    file = answered(FIRST, RIGHT, here)
    again = run("start", "sigmoid_unit")
    assert again.exit_code == 1
    assert "exists already" in again.output
    assert RIGHT.splitlines()[0] in file.read_text()
    assert run("start", "sigmoid_unit", "--force").exit_code == 0
    assert EMPTY in file.read_text()


START = """
import resource, signal, sys
from derivations.cli.main import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
main()
"""


@pytest.mark.parametrize("command", ["start", "hint"])
def test_a_full_disk_names_the_file_and_leaves_no_empty_one(command: str, here: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START, "exercise", command, "skipgram"],
        cwd=here, env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    file = "skipgram.py" if command == "start" else STATE
    assert (done.returncode, done.stderr) == (1, f"Error: {file}: File too large\n")
    assert list(here.iterdir()) == []


@pytest.mark.usefixtures("in_process")
def test_check_takes_the_file_that_was_saved_last(here: Path) -> None:
    assert "there is no exercise in this folder" in run("check").output
    for number, name in enumerate(("output_delta", "sigmoid_unit", "skipgram")):
        run("start", name)
        os.utime(f"{name}.py", (1000 + number % 2, 1000 + number % 2))
    assert "sigmoid_unit.py: One sigmoid unit (§2, p. 2)" in run("check").output
    assert "derivations exercise start cbow writes one" in run("check", "cbow").output
    assert "there is no exercise cboww: give one of" in run("start", "cboww").output


def test_hints_come_one_at_a_time(here: Path) -> None:
    run("start", "sigmoid_unit")
    outputs = [" ".join(run("hint").output.split()) for _ in range(4)]
    assert [hint in output for hint, output in zip(FIRST.hints, outputs, strict=False)] == [True] * 3
    assert FIRST.hints[1] not in outputs[0]
    assert [output[:11] for output in outputs] == [
        "Hint 1 of 3",
        "Hint 2 of 3",
        "Hint 3 of 3",
        "Hint 3 of 3",
    ]
    assert "derivations exercise solution" in outputs[2]
    assert "Hint 1 of 3 on output_delta" in run("hint", "output_delta").output
    assert "Hint 1 of 3 on sigmoid_unit" in run("hint", "sigmoid_unit.py", "--reset").output
    (here / STATE).write_text('{"sigmoid_unit": "many"')
    assert "Hint 1 of 3" in run("hint").output


def test_the_solution_is_shown_after_a_confirmation(here: Path) -> None:
    refused = run("solution", "sigmoid_unit", input="n\n")
    assert refused.exit_code != 0
    assert lines_of(FIRST)[-1] not in refused.output
    assert lines_of(FIRST)[-1] in run("solution", "sigmoid_unit", input="y\n").output
    assert run("solution", "sigmoid_unit", "--yes").output.strip() == FIRST.solution


# --- a teacher's own --------------------------------------------------------------------------------

OWN = '''"""The square of a length

Write ∂E/∂x for E = Σ_k x_k². A backslash \\\\ and 'quotes' are no trouble.
"""

import numpy as np

SHAPES = "x: K"
WRT = "x"


def loss(x):
    """E."""
    import jax.numpy as jnp

    return jnp.sum(x * x)


def gradient(x):
    """∂E/∂x, shape (K,)."""

    # twice is the secret
    dE_dx = 2 * x  # secret
    return dE_dx

    # and here, the secret again


HINTS = """
It is linear
in x.

Try K = 1.
"""
'''


@pytest.fixture
def own(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An exercise in a teacher's folder; the current folder is a student's beside it."""
    for folder in ("teacher", "student"):
        (here / folder).mkdir()
    (here / "teacher" / "length.py").write_text(OWN, encoding="utf-8")
    monkeypatch.chdir(here / "student")
    return here / "teacher" / "length.py"


@pytest.mark.slow
@pytest.mark.usefixtures("in_process")
def test_a_teachers_own_file_is_an_exercise_as_it_stands(own: Path) -> None:
    assert run("check", str(own), "--exercise", str(own)).exit_code == 0
    assert run("start", "../teacher/length.py").exit_code == 0
    file = Path("length.py")
    source = file.read_text(encoding="utf-8")
    assert "secret" not in source
    assert 'EXERCISE = "../teacher/length.py"' in source
    assert EMPTY in run("check", "length.py").output
    assert "It is linear in x." in run("hint", "length.py").output
    file.write_text(
        source.replace(f'raise NotImplementedError("{EMPTY}")', "return 2 * x"), encoding="utf-8"
    )
    assert run("check").exit_code == 0
    assert "derivations exercise start ../teacher/length.py" not in run("check").output


@pytest.mark.usefixtures("in_process")
def test_an_exercise_file_that_was_moved_is_named_in_the_error(own: Path) -> None:
    run("start", "../teacher/length.py")
    own.rename(own.with_name("moved.py"))
    result = run("check")
    assert result.exit_code == 1
    assert "belongs to the exercise ../teacher/length.py" in result.output
    assert "Correct its line EXERCISE, or give --exercise FILE" in result.output
    assert EMPTY in run("check", "length.py", "--exercise", "../teacher/moved.py").output
    Path("other.py").write_text("def gradient(x): pass\n", encoding="utf-8")
    assert "other.py does not say which exercise it is" in run("check", "other.py").output


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("SHAPES", "SHAPE"), "has no SHAPES"),
        (lambda text: text.replace("def loss", "def lost"), "has no loss"),
        (lambda text: text.replace("HINTS = ", "HINTS = 5 or "), "has no HINTS"),
        (
            lambda text: text.replace("def gradient(x):", "gradient = lambda x: x\ndef other(x):"),
            "defined with def",
        ),
        (lambda text: text.replace("return", "retur"), "does not run: SyntaxError"),
        (lambda text: "", "has no docstring, SHAPES, WRT, HINTS, loss, gradient"),
    ],
)
def test_an_error_says_what_a_file_lacks_to_be_an_exercise(
    change: Callable[[str], str], message: str, own: Path
) -> None:
    own.write_text(change(OWN), encoding="utf-8")
    result = run("start", str(own))
    assert result.exit_code == 1
    assert message in result.output
    assert result.output.count("\n") == 1
    assert not Path("length.py").exists()


def test_an_exercise_is_found_by_name_or_file_and_not_started_over_itself(own: Path) -> None:
    assert find("sigmoid_unit").source == FIRST.source
    assert not read(own).ours
    os.chdir(own.parent)
    assert "start it in another folder" in run("start", "./length.py").output


# --- options of check -------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", ["nan", "inf", "-1", "0"])
def test_a_time_limit_that_is_none_is_refused(limit: str, here: Path) -> None:
    result = run("check", "--time-limit", limit)
    assert result.exit_code == 2
    assert "Invalid value for '--time-limit'" in result.output


@pytest.mark.slow
@pytest.mark.usefixtures("in_process")
def test_the_line_to_paste_runs_in_a_shell(here: Path) -> None:
    answered(FIRST, RIGHT.replace("y - t", "t - y"), here)
    line = run("check").output.partition("see it again:\n")[2].partition("\n")[0]
    words = shlex.split(line)
    assert words[:2] == ["python", "-c"]
    command = [sys.executable, *words[1:]]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("✗ gradient is wrong")
    assert "has the wrong sign" in done.stdout


def reports(process: subprocess.Popen[str], lines: queue.Queue[str]) -> str:
    """What a watching process prints up to the end of a report; fail after a minute."""
    said = ""
    while "float64" not in said:
        try:
            said += lines.get(timeout=60)
        except queue.Empty:
            process.kill()
            pytest.fail(f"no report within a minute, but {said!r}")
    return said


@pytest.mark.slow
def test_watch_checks_again_on_every_save(here: Path, linear: Exercise) -> None:
    answered(linear, "return -v", here)
    starts = (  # a shell in the background ignores Ctrl-C, and so would what it starts
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        " sys.argv[1:] = ['exercise', 'check', '--watch'];"
        " from derivations.cli.main import main; main()"
    )
    line = [sys.executable, "-c", starts]
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=here, env=ENVIRONMENT
    ) as process:
        assert process.stdout is not None
        lines: queue.Queue[str] = queue.Queue()
        reader = threading.Thread(target=lambda: [lines.put(text) for text in process.stdout or ()])
        reader.start()
        try:
            assert "gradient is wrong" in reports(process, lines)
            time.sleep(0.3)
            answered(linear, "return v.copy()", here)
            assert "gradient is right" in reports(process, lines)
            time.sleep(0.3)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=60)
            finally:
                process.kill()
            reader.join(timeout=60)
    assert process.returncode == 0


def test_watch_without_its_package_says_what_to_install(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("start", "sigmoid_unit")
    monkeypatch.setattr(_watch, "find_spec", lambda name: None)
    result = run("check", "--watch")
    assert result.exit_code == 1
    assert "pip install 'derivations[watch]'" in result.output
    assert run("check", "--watch", "--json").exit_code == 2
