"""The exercises: what a student is given, what the check says, and that no solution does harm."""

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

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from derivations.cli.main import cli
from derivations.exercises import watching, wire
from derivations.exercises.apart import Apart, Ended
from derivations.exercises.course import ORDER
from derivations.exercises.format import (
    COURSE,
    EMPTY,
    Exercise,
    course,
    exercise_of,
    find,
    read,
    started,
)
from derivations.exercises.hints import STATE
from derivations.exercises.judge import judge
from tests.support import LEDGER

COURSES = {exercise.name: exercise for exercise in course()}
FIRST = COURSES["sigmoid_unit"]
RIGHT = "y = sigmoid(x @ w)\nreturn (y - t) * y * (1 - y) * x"


def run(*arguments: str, **options: Any) -> Result:
    return CliRunner(env={"COLUMNS": "100"}).invoke(cli, ["exercise", *arguments], **options)


def answered(exercise: Exercise, body: str, folder: Path) -> Path:
    """The file that a student starts from, with this body in the place of the empty one."""
    file = folder / f"{exercise.name}.py"
    source = started(exercise, file)
    empty = f'raise NotImplementedError("{EMPTY}")'
    assert source.count(empty) == 1
    file.write_text(source.replace(empty, body.replace("\n", "\n    ")), encoding="utf-8")
    return file


def lines_of(exercise: Exercise) -> list[str]:
    """The lines of the solution that give it away: those of its body."""
    return [line.strip() for line in exercise.solution.split('"""')[-1].splitlines() if line.strip()]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


LINEAR = '''"""A weighted sum

Write ∂E/∂x for E = Σ_k x_k v_k.
"""

SHAPES = "x: K, v: K"
WRT = "x"


def loss(x, v):
    """E."""
    return x @ v


def gradient(x, v):
    """∂E/∂x, shape (K,)."""
    return v.copy()


HINTS = """
It is linear.
"""
'''


@pytest.fixture
def linear(here: Path) -> Exercise:
    """The simplest exercise, judged in no time."""
    (here / "theirs").mkdir()
    file = here / "theirs" / "linear.py"
    file.write_text(LINEAR, encoding="utf-8")
    return read(file)


# --- what is in an exercise -------------------------------------------------------------------------


def test_the_course_is_in_order_and_complete() -> None:
    assert {file.stem for file in COURSE.glob("[!_]*.py")} == set(ORDER)
    assert len(ORDER) >= 10
    pages = [int(re.search(r"pp?\. (\d+)", exercise.paper)[1]) for exercise in COURSES.values()]  # type: ignore[index]
    sections = [exercise.paper[1] for exercise in COURSES.values()]
    assert sections == sorted(sections)
    assert min(pages) == 2
    assert max(pages) == 11


@pytest.mark.parametrize("exercise", COURSES.values(), ids=lambda exercise: exercise.name)
def test_an_exercise_refers_to_equations_that_the_ledger_has(exercise: Exercise) -> None:
    labels = re.findall(r"[a-z_]+\.[a-zA-Z_.]*[a-zA-Z_]", exercise.paper.partition(":")[2])
    assert labels
    functions = {entry.label for entry in LEDGER}
    assert [label for label in labels if label not in functions] == []


@pytest.mark.parametrize("exercise", COURSES.values(), ids=lambda exercise: exercise.name)
def test_hints_are_several_and_none_has_a_line_of_the_solution(exercise: Exercise) -> None:
    assert len(exercise.hints) >= 3
    for hint in exercise.hints:
        assert [line for line in lines_of(exercise) if line.removeprefix("return ") in hint] == []


@pytest.mark.parametrize("exercise", COURSES.values(), ids=lambda exercise: exercise.name)
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


@pytest.mark.parametrize("exercise", COURSES.values(), ids=lambda exercise: exercise.name)
def test_the_solution_of_an_exercise_is_right_and_its_empty_body_is_not(
    exercise: Exercise, here: Path
) -> None:
    file = here / f"{exercise.name}.py"
    file.write_text(started(exercise, file), encoding="utf-8")
    empty = judge(exercise, file)
    assert (empty.right, empty.score) == (False, 0.0)
    assert [finding.message for finding in empty.report.findings] == [EMPTY]
    body = exercise.solution.split('"""')[-1]
    file = answered(exercise, "pass" + body.replace("\n    ", "\n"), here)
    solved = judge(exercise, file)
    assert solved.right, str(solved.report)
    assert solved.score == 1.0
    assert solved.report.notes == ()


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
"""What people write, by exercise, and what it is called."""


@pytest.mark.parametrize("name", MISTAKES)
def test_a_typical_mistake_gets_its_diagnosis_and_not_the_solution(name: str, here: Path) -> None:
    exercise, (kind, body) = COURSES[name], MISTAKES[name]
    answered(exercise, textwrap.dedent(f"        {body}"), here)
    result = run("check", "--json")
    found = json.loads(result.output)
    assert result.exit_code == 1
    assert kind in {explanation["kind"] for explanation in found["diagnosis"]}, found["output"]
    assert [line for line in lines_of(exercise) if line in found["output"] and line not in body] == []


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
        found = judge(both, answered(both, body, here))
        assert (body, found.score, found.right) == (body, score, score == 1.0)


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


# --- what a solution may do besides -----------------------------------------------------------------

FORK = "import ctypes\nctypes.CDLL(None).fork()\n"

MISCHIEF = {
    "raises": ("return x @ x[1:]", "ValueError"),
    "is not Python": ("return x +", "SyntaxError: invalid syntax"),
    "returns nothing": ("x * 2", "it returns None"),
    "returns something else": ("return {1, 2}", "is a set"),
    "exits": ("import sys\nsys.exit(0)", "it ends the whole program"),
    "exits at once": ("import os\nos._exit(0)", "the process ended itself (exit status 0)"),
    "crashes": ("import ctypes\nctypes.string_at(0)", "the process crashed: Segmentation fault"),
    "kills itself": ("import os\nos.kill(os.getpid(), 9)", "the process was killed"),
    "reads": ("return float(input())", "EOFError"),
    "takes memory": ("return x.repeat(10**10)", "it takes more memory than there is for it, 1 GiB"),
    "takes memory bit by bit": ("a = [x]\nwhile True: a = a + a", "takes more memory than there is for it"),
    "recurs without end": ("return gradient(x, v)", "RecursionError"),
    "closes everything": ("import os\nos.closerange(0, 100)\nreturn x", "the process ended itself"),
    "imports jax": ("import jax\nreturn x", "ImportError: jax is out of reach here"),
    "imports torch": ("import torch\nreturn x", "ImportError: torch is out of reach here"),
    "imports this package": ("from derivations import mlp\nreturn x", "derivations is out of reach"),
    "imports jax by name": ("import importlib\nimportlib.import_module('jax')", "jax is out of reach"),
    "calls JAX behind a helper": ("def f():\n    import jaxlib\nreturn f()", "jaxlib is out of reach"),
    "imports past the finders": ("import sys\nsys.meta_path[:-1] = []\nimport jax", "jax is out of"),
    "reads the solution": ("return open('theirs/linear.py').read()", "the solution is out of reach"),
    "starts a program": ("import subprocess\nsubprocess.run(['ls'])", "starting another program is out of"),
    "forks": ("import os\nos.fork()", "starting another program is out of"),
    "raises what cannot be told": (
        "class Odd(Exception):\n    def __str__(self): raise self\nraise Odd", "it raises Odd"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISCHIEF)
def test_a_solution_that_misbehaves_is_reported_in_a_line(
    name: str, here: Path, linear: Exercise, capfd: pytest.CaptureFixture[str]
) -> None:
    body, message = MISCHIEF[name]
    found = judge(linear, answered(linear, body, here))
    assert (found.right, found.score) == (False, 0.0)
    text = " ".join(str(found.report).split())
    assert message in text
    assert "Traceback" not in text
    assert found.report.unexplained == ()
    assert capfd.readouterr() == ("", "")


def test_a_solution_that_hangs_is_ended_in_time(here: Path, linear: Exercise) -> None:
    file = answered(linear, "import os\nprint(os.getpid())\nwhile True: pass", here)
    found = judge(linear, file, seconds=1.5)
    assert [finding.kind for finding in found.report.findings] == ["too-slow"]
    assert "more than 1.5 s" in str(found.report)
    (note,) = found.report.notes
    with pytest.raises(ProcessLookupError):
        os.kill(int(re.sub(r"\D", "", note)), 0)


def test_a_file_that_hangs_or_exits_while_it_is_loaded_is_told_so(here: Path) -> None:
    for line, message in {
        "while True: pass": "loading the file: all calls together took more than 1 s",
        "import sys; sys.exit(3)": "loading the file raises SystemExit: 3, in line 1",
        "import os; os._exit(3)": "loading the file: the process ended itself (exit status 3)",
        "gradient = 5": "no function gradient",
    }.items():
        file = here / "mine.py"
        file.write_text(line + "\n", encoding="utf-8")
        assert message in " ".join(str(judge(FIRST, file, seconds=1.0).report).split())


def test_what_a_solution_prints_is_a_note_and_changes_no_verdict(here: Path, linear: Exercise) -> None:
    body = "import os\nprint('so far', x.shape)\nos.write(1, b'x' * 9999)\nreturn v.copy()"
    found = judge(linear, answered(linear, body, here))
    assert found.right, str(found.report)
    assert [note for note in found.report.notes if "your code printed: so far" in note]
    assert len(str(found.report)) < 1000


def test_a_fork_that_nobody_saw_does_not_answer(here: Path) -> None:
    file = answered(FIRST, FORK + RIGHT, here)
    with Apart(file, seconds=20) as gradient:
        gradient.load()
        values = [gradient(np.ones(2), np.full(2, scale), 0.0) for scale in (0.0, 1.0, 2.0)]
    assert len({float(value[0]) for value in values}) == 3


def test_what_it_reached_for_in_vain_is_noted(here: Path, linear: Exercise) -> None:
    body = "try:\n    import jax\nexcept ImportError:\n    pass\nreturn v.copy()"
    found = judge(linear, answered(linear, body, here))
    assert found.right
    assert "your code reached for jax, which does not help it here" in found.report.notes


def test_helpers_beside_the_file_can_be_imported(here: Path, linear: Exercise) -> None:
    (here / "helpers.py").write_text("def copied(v):\n    return v.copy()\n", encoding="utf-8")
    assert judge(linear, answered(linear, "from helpers import copied\nreturn copied(v)", here)).right


# --- a function in another process looks as if it were here -----------------------------------------


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("v *= 2\nreturn v / 2", "mutates-argument"),
        ("return v", "returns-view"),
        ("return v[::-1][::-1]", "returns-view"),
        ("import random\nreturn v * random.random()", "differs-between-calls"),
        ("gradient.n = getattr(gradient, 'n', 0) + 1\nreturn v * gradient.n", "differs-between-calls"),
        ("b = gradient.__dict__.setdefault(len(v), v.copy())\nb[:] = v\nreturn b", "returns-view"),
        ("return v.astype('float32')", "float32"),
        ("return v / 0", "not-finite"),
    ],
)
def test_what_it_does_besides_its_numbers_is_found_through_the_pipe(
    body: str, kind: str, here: Path, linear: Exercise
) -> None:
    found = judge(linear, answered(linear, body, here))
    assert kind in {finding.kind for finding in found.report.findings}
    assert found.right == (kind == "float32")


NUMBERS = npst.arrays(
    st.sampled_from(["f8", "f4", "i8", "?", "c16"]), npst.array_shapes(min_dims=0, min_side=0, max_side=4)
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False)
    | st.text()
    | NUMBERS,
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple | list):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray | np.generic):
        return bool(
            one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
        )
    return type(one) is type(other) and one == other


@given(VALUES)
@settings(max_examples=50, deadline=None)
def test_a_message_brings_its_value(value: Any) -> None:
    assert same(value, wire.decode(wire.encode(value)))


def test_an_array_within_a_known_one_arrives_as_a_view_of_it() -> None:
    W = np.arange(6.0).reshape(2, 3)
    there, here_ = [W], [W.copy()]
    sent = (W.T, W[1:, ::-1], W, W + 1, W.astype("f4")[:1])
    received = wire.decode(wire.encode(sent, there), here_)
    assert all(map(same, map(np.ascontiguousarray, sent), map(np.ascontiguousarray, received)))
    assert [np.shares_memory(array, here_[0]) for array in received] == [True, True, True, False, False]
    assert received[2] is here_[0]
    assert len(there) == len(here_) == 3


@given(st.binary(max_size=40) | st.sampled_from([
    b'{"is": "array", "dtype": "O", "shape": [1]}\n12345678',
    b'{"is": "array", "dtype": "f8", "shape": [1000000000000]}\n',
    b'{"is": "view", "number": 0, "dtype": "f8", "shape": [9], "offset": 8, "strides": [8]}\n',
    b'{"is": "other"}\n', b"[" * 100_000,
]))  # fmt: skip
@settings(max_examples=50, deadline=None)
def test_what_is_no_message_is_refused_without_harm(message: bytes) -> None:
    try:
        wire.decode(message, [np.zeros(2)])
    except wire.WireError:
        return
    json.loads(message.partition(b"\n")[0])


def test_a_process_that_ended_answers_no_more(here: Path) -> None:
    file = answered(FIRST, "import os\nos._exit(0)", here)
    with Apart(file, seconds=20) as gradient:
        gradient.load()
        for _ in range(2):
            with pytest.raises(Ended):
                gradient(np.ones(2), np.ones(2), 0.0)


# --- starting, hints, solution ----------------------------------------------------------------------


def test_start_does_not_write_over_what_somebody_wrote(here: Path) -> None:
    file = answered(FIRST, RIGHT, here)
    again = run("start", "sigmoid_unit")
    assert again.exit_code == 1
    assert "is there already" in again.output
    assert RIGHT.splitlines()[0] in file.read_text()
    assert run("start", "sigmoid_unit", "--force").exit_code == 0
    assert EMPTY in file.read_text()


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


def test_the_solution_is_shown_to_who_asks_twice(here: Path) -> None:
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
    """A teacher's folder with an exercise, beside a student's, in which we are."""
    for folder in ("teacher", "student"):
        (here / folder).mkdir()
    (here / "teacher" / "length.py").write_text(OWN, encoding="utf-8")
    monkeypatch.chdir(here / "student")
    return here / "teacher" / "length.py"


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


def test_a_file_that_was_moved_says_what_it_misses(own: Path) -> None:
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
            "written out",
        ),
        (lambda text: text.replace("return", "retur"), "does not run: SyntaxError"),
        (lambda text: "", "has no docstring, SHAPES, WRT, HINTS, loss, gradient"),
    ],
)
def test_a_file_that_is_no_exercise_is_told_what_is_missing(
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


# --- --watch ----------------------------------------------------------------------------------------


def test_the_line_to_paste_runs_in_a_shell(here: Path) -> None:
    answered(FIRST, RIGHT.replace("y - t", "t - y"), here)
    line = run("check").output.partition("see it again:\n")[2].partition("\n")[0]
    words = shlex.split(line)
    assert words[:2] == ["python", "-c"]
    done = subprocess.run([sys.executable, *words[1:]], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("✗ gradient is wrong")
    assert "has the wrong sign" in done.stdout


def reports(process: subprocess.Popen[str], lines: queue.Queue[str]) -> str:
    """What a watching process prints, up to the end of a report; it may take a minute, not for ever."""
    said = ""
    while "float64" not in said:
        try:
            said += lines.get(timeout=60)
        except queue.Empty:
            process.kill()
            pytest.fail(f"no report within a minute, but {said!r}")
    return said


def test_watch_checks_again_on_every_save(here: Path, linear: Exercise) -> None:
    answered(linear, "return -v", here)
    starts = (  # a shell in the background ignores Ctrl-C, and so would what it starts
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        " sys.argv[1:] = ['exercise', 'check', '--watch'];"
        " from derivations.cli.main import main; main()"
    )
    line = [sys.executable, "-c", starts]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "100"}
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=here, env=environment
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
    monkeypatch.setattr(watching, "find_spec", lambda name: None)
    result = run("check", "--watch")
    assert result.exit_code == 1
    assert "pip install 'derivations[watch]'" in result.output
    assert run("check", "--watch", "--json").exit_code == 2
