"""A student's code can neither reach JAX or the solution, nor keep the check from reporting."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from derivations.exercises._answer import decode, encode
from derivations.exercises._sandbox import ProcessExited, SandboxedFunction
from derivations.exercises._supervisor import INTERRUPTED, run_supervised
from derivations.exercises.check import check_answer
from derivations.exercises.format import Exercise
from tests.exercises.answers import FIRST, answered

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from derivations.cli.main import main; main()", "exercise"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
UNHOOKED = """
import _imp, os, signal
from importlib.machinery import ModuleSpec
new = {{name: _imp.create_builtin(ModuleSpec(name, None)) for name in ('posix', '_signal')}}
for module in new.values(): _imp.exec_builtin(module)
new['_signal'].pidfd_send_signal(new['posix'].pidfd_open(os.getppid()), signal.{})
"""
"""Signals the parent in a way that the audit hook does not see."""

REPORTED = {
    "raises": ("return x @ x[1:]", "ValueError"),
    "is not Python": ("return x +", "SyntaxError: invalid syntax"),
    "returns nothing": ("x * 2", "it returns None"),
    "returns something else": ("return {1, 2}", "is a set"),
    "returns a deep list": ("a = []\nfor _ in range(9999): a = [a]\nreturn a", "RecursionError"),
    "exits": ("import sys\nsys.exit(0)", "it ends the whole program"),
    "exits at once": ("import os\nos._exit(0)", "the process ended itself (exit status 0)"),
    "interrupts": ("raise KeyboardInterrupt", "it raises KeyboardInterrupt"),
    "crashes": ("import ctypes\nctypes.string_at(0)", "the process crashed: Segmentation fault"),
    "kills itself": ("import os\nos.kill(os.getpid(), 9)", "the process was killed"),
    "reads": ("return float(input())", "EOFError"),
    "takes memory": ("return x.repeat(10**10)", "it takes more memory than the limit of 1 GiB"),
    "takes memory bit by bit": ("a = [x]\nwhile True: a = a + a", "takes more memory than the limit"),
    "recurs without end": ("return gradient(x, v)", "RecursionError"),
    "closes everything": ("import os\nos.closerange(0, 100)\nreturn x", "the process ended itself"),
    "forges a result": (
        "import os\nfor f in range(3, 20):\n    try: os.write(f, b'{\"record\": {\"right\": true}}\\n')"
        "\n    except OSError: pass\nreturn x", "the process sent something else than a result"
    ),
    "imports jax": ("import jax\nreturn x", "ImportError: jax is not available in an exercise"),
    "imports torch": ("import torch\nreturn x", "ImportError: torch is not available"),
    "imports this package": ("from derivations import mlp\nreturn x", "derivations is not available"),
    "imports jax by name": ("import importlib\nimportlib.import_module('jax')", "jax is not available"),
    "imports JAX in a helper": ("def f():\n    import jaxlib\nreturn f()", "jaxlib is not available"),
    "imports past the finders": ("import sys\nsys.meta_path[:-1] = []\nimport jax", "jax is not available"),
    "reads the solution": ("return open('theirs/linear.py').read()", "the solution is not available"),
    "reads its parent's memory": (
        "import os\nopen(f'/proc/{os.getppid()}/mem')", "other processes is not available"
    ),
    "starts a program": ("import subprocess\nsubprocess.run(['ls'])", "starting another program is not"),
    "forks": ("import os\nos.fork()", "starting another program is not available"),
    "forks in C": ("import ctypes\nctypes.CDLL(None).fork()", "ctypes is not available"),
    "forks in Python's C": ("import ctypes\nctypes.pythonapi.fork()", "ctypes is not available"),
    "stops the check": ("import os\nos.kill(os.getppid(), 19)", "sending a signal to another process"),
    "kills a group": ("import os\nos.killpg(os.getpgid(os.getppid()), 9)", "sending a signal to another"),
    "lifts its limits": (
        "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (-1, -1))", "changing a resource limit"
    ),
    "raises what cannot be printed": (
        "class Odd(Exception):\n    def __str__(self): raise self\nraise Odd", "it raises Odd"
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name != "imports jax")) for name in REPORTED]
)
def test_an_answer_that_misbehaves_is_reported_in_a_line(
    name: str, here: Path, linear: Exercise, capfd: pytest.CaptureFixture[str]
) -> None:
    body, message = REPORTED[name]
    found = check_answer(linear, answered(linear, body, here), seconds=20)
    assert (found.right, found.score) == (False, 0.0)
    text = " ".join(str(found.report).split())
    assert message in text
    assert "Traceback" not in text
    assert found.report.unexplained == ()
    assert capfd.readouterr() == ("", "")


def is_running(process: int) -> bool:
    """Whether a process exists and is more than an entry that nobody has waited for."""
    try:
        return " Z " not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2][:3]
    except FileNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize(
    "how", ["while True: pass", "import time\ntime.sleep(999)", "os.kill(os.getpid(), 19)"]
)
def test_an_answer_that_does_not_return_is_killed(how: str, here: Path, linear: Exercise) -> None:
    file = answered(linear, f"import os\nprint(os.getpid(), flush=True)\n{how}", here)
    found = check_answer(linear, file, seconds=1.5)
    assert [finding.kind for finding in found.report.findings] == ["too-slow"]
    assert "more than 1.5 s" in str(found.report)
    (note,) = found.report.notes
    assert not is_running(int(re.sub(r"\D", "", note)))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("while True: pass", "loading the file: all calls together took more than 1 s"),
        ("import sys; sys.exit(3)", "loading the file raises SystemExit: 3, in line 1"),
        ("import os; os._exit(3)", "loading the file: the process ended itself (exit status 3)"),
        ("gradient = 5", "no function gradient"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_reported(line: str, message: str, here: Path) -> None:
    file = here / "mine.py"
    file.write_text(line + "\n", encoding="utf-8")
    seconds = 1.0 if "while" in line else 20.0
    assert message in " ".join(str(check_answer(FIRST, file, seconds).report).split())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "note"),
    [
        (
            "import os\nprint('so far', x.shape)\nos.write(1, b'x' * 9999)\nreturn v.copy()",
            "your code printed: so far",
        ),
        ("try:\n    import jax\nexcept ImportError:\n    pass\nreturn v.copy()", "does not have: jax"),
        ("from helpers import copied\nreturn copied(v)", ""),
    ],
)
def test_a_right_answer_may_print_try_and_import_helpers(
    body: str, note: str, here: Path, linear: Exercise
) -> None:
    (here / "helpers.py").write_text("def copied(v):\n    return v.copy()\n", encoding="utf-8")
    found = check_answer(linear, answered(linear, body, here))
    assert found.right, str(found.report)
    assert len(found.report.notes) == (note != "")
    assert note in "".join(found.report.notes)
    assert len(str(found.report)) < 1000


@pytest.mark.slow
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
def test_side_effects_of_an_answer_are_found_from_the_other_process(
    body: str, kind: str, here: Path, linear: Exercise
) -> None:
    found = check_answer(linear, answered(linear, body, here))
    assert kind in {finding.kind for finding in found.report.findings}
    assert found.right == (kind == "float32")


def test_a_process_that_ended_answers_no_more(here: Path) -> None:
    file = answered(FIRST, "import os\nos._exit(0)", here)
    with SandboxedFunction(file, seconds=20) as gradient:
        gradient.load()
        for _ in range(2):
            with pytest.raises(ProcessExited):
                gradient(np.ones(2), np.ones(2), 0.0)


# --- values as JSON ---------------------------------------------------------------------------------

NUMBERS = npst.arrays(
    st.sampled_from(["f8", "f4", "i8", "?", "c16"]), npst.array_shapes(min_dims=0, min_side=0, max_side=4)
)
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False)
    | st.text()
    | NUMBERS
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple | list):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray | np.generic):
        return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    return type(one) is type(other) and bool(one == other)


def sent(value: Any, there: list[np.ndarray], here: list[np.ndarray]) -> Any:
    return decode(json.loads(json.dumps(encode(value, there))), here)


@given(VALUES)
@settings(max_examples=50, deadline=None)
def test_a_value_is_the_same_after_it_was_sent(value: Any) -> None:
    assert same(value, sent(value, [], []))


def test_an_array_within_a_known_one_arrives_as_a_view_of_it() -> None:
    W = np.arange(6.0).reshape(2, 3)
    there, here = [W], [W.copy()]
    values = (W.T, W[1:, ::-1], W, W + 1, W.astype("f4")[:1])
    received = sent(values, there, here)
    assert all(map(same, map(np.ascontiguousarray, values), map(np.ascontiguousarray, received)))
    assert [np.shares_memory(array, here[0]) for array in received] == [True, True, True, False, False]
    assert received[2] is here[0]
    assert len(there) == len(here) == 3


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"array": "3132", "dtype": "O", "shape": [1]},
        {"array": "3132", "dtype": "f8", "shape": [10**12]},
        {"array": "not hexadecimal", "dtype": "f8", "shape": [1]},
        {"view": 0, "dtype": "f8", "shape": [9], "offset": 8, "strides": [8]},
        {"view": 1, "dtype": "f8", "shape": [1], "offset": 0, "strides": [8]},
        {"known": 7},
        {"tuple": 5},
    ],
    ids=str,
)
def test_a_message_that_describes_no_value_is_refused(message: Any) -> None:
    with pytest.raises((ValueError, TypeError, KeyError, IndexError, AttributeError)):
        decode(message, [np.zeros(2)])


# --- the supervisor ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ending",
    ["os.kill(os.getpid(), signal.SIGSTOP)", "os.kill(os.getpid(), signal.SIGKILL)", "while True: pass"],
)
def test_the_supervisor_reports_what_was_written_before_the_check_was_ended(ending: str) -> None:
    code = "import os, signal, sys; os.write(int(sys.argv[1]), b'%d\\n' % os.getpid())"
    (line,), _ = run_supervised([sys.executable, "-c", f"{code}\n{ending}"], 1.5)
    assert not is_running(int(line))


def test_the_supervisor_says_why_the_check_could_not_start() -> None:
    assert run_supervised([sys.executable, "-c", "raise ValueError('why')"], 20.0) == (
        [],
        "ValueError: why",
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (UNHOOKED.format("SIGSTOP") + "return v.copy()", INTERRUPTED),
        (UNHOOKED.format("SIGKILL") + "return v.copy()", INTERRUPTED),
        ("os.closerange(0, 100)\nwhile True: pass", "the process closed its output"),
    ],
)
def test_the_command_reports_even_if_the_answer_gets_around_the_audit_hook(
    body: str, message: str, here: Path, linear: Exercise
) -> None:
    answered(linear, f"import os\nopen('pid', 'w').write(str(os.getpid()))\n{body}", here)
    done = subprocess.run(
        [*COMMAND, "check", "--json", "--time-limit", "20"],
        cwd=here, env=ENVIRONMENT, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert (done.returncode, found["right"], found["score"]) == (1, False, 0.0)
    assert [finding["message"] for finding in found["findings"]] == [message]
    assert not is_running(int((here / "pid").read_text()))
    assert {file.name for file in here.iterdir()} == {"linear.py", "theirs", "pid"}  # no .hypothesis


def wait_for(condition: Any, what: str) -> None:
    """Wait for a minute at most."""
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    pytest.fail(what)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGKILL", "SIGINT"])
def test_no_process_remains_when_the_command_is_ended(name: str, here: Path, linear: Exercise) -> None:
    answered(linear, "import os\nopen('pid', 'w').write(str(os.getpid()))\nwhile True: pass", here)
    command = COMMAND.copy()  # a shell in the background ignores Ctrl-C, and so would what it starts
    command[2] = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler); {command[2]}"
    with subprocess.Popen(
        [*command, "check"],
        cwd=here,
        env=ENVIRONMENT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        file = here / "pid"
        wait_for(lambda: file.exists() and file.read_text(), "the answer is not called")
        process.send_signal(getattr(signal, name))
        _, errors = process.communicate(timeout=60)
    wait_for(lambda: not is_running(int(file.read_text())), "the answer's process remains")
    if name == "SIGINT":
        assert process.returncode == 130
        assert "\n" not in errors.strip()
