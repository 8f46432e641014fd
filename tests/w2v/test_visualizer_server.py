"""The visualizer's server: what it answers, to whom, and what it refuses; the page in one file."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from w2v.stepper import Stepper, StepSettings
from w2v.stepper.settings import MAX_TEXT
from w2v.visualizer import app, assets, command, export, serve
from w2v.visualizer.app import create_app
from w2v.visualizer.security import CONTENT_SECURITY_POLICY, HEADERS
from w2v.visualizer.sessions import MAX_SESSIONS, Sessions

PAGE = {
    "index.html": """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><link rel="stylesheet" href="static/style.css"></head><body>
<!-- data -->
<script type="module" src="static/main.js"></script></body></html>""",
    "style.css": "body { color: black }",
    "main.js": 'import {\n  one, two\n} from "./parts.js";\nimport { three } from "./more.js";\n'
    "one(two, three);\n",
    "parts.js": 'import { three } from "./more.js";\nexport function one() { return "</script>"; }\n'
    "export const two = 2;\n",
    "more.js": "export class three {}\n",
    "notes.txt": "not served",
}


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small page in the place of the real one."""
    folder = tmp_path / "page"
    folder.mkdir()
    for name, text in PAGE.items():
        (folder / name).write_text(text)
    monkeypatch.setattr(assets, "PAGE", folder)
    return folder


@pytest.fixture
def client() -> TestClient:
    return TestClient(create_app(), base_url="http://127.0.0.1", raise_server_exceptions=False)


def opened(client: TestClient, **settings: Any) -> str:
    answer = client.post("/api/session", json=settings)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


# --- routes -----------------------------------------------------------------------------------------


def test_the_page_and_its_files_are_served_with_their_types(client: TestClient, page: Path) -> None:
    answers = {name: client.get(path) for name, path in (("html", "/"), ("css", "/static/style.css"),
               ("javascript", "/static/main.js"))}  # fmt: skip
    for kind, answer in answers.items():
        assert answer.status_code == 200
        assert kind in answer.headers["content-type"]


ELSEWHERE = """/static/notes.txt /static/none.js /static/..%2fapp.py /static/%2e%2e/app.py /static/ /docs
    /api/none /static/../app.py /static/.js /static/%00.js"""


@pytest.mark.parametrize("path", ELSEWHERE.split())
def test_nothing_else_is_served(client: TestClient, page: Path, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "POST"])
def test_other_methods_are_refused(client: TestClient, page: Path, method: str) -> None:
    assert client.request(method, "/api/step").status_code == 405


@pytest.mark.parametrize("loss", ["softmax", "negative", "hs"])
def test_session_and_steps_are_the_stepper_s(client: TestClient, loss: str) -> None:
    stepper = Stepper("a b c a", window=2, loss=loss, alpha=0.1)
    session = client.post("/api/session", json=stepper.settings.as_dict()).json()
    assert session == json.loads(json.dumps(stepper.session()))
    step = client.get("/api/step", params={"session": session["id"], "epoch": 1, "word": 2}).json()
    assert step == json.loads(json.dumps(stepper.step(1, 2)))
    badge = client.get("/api/badge", params={"session": session["id"], "epoch": 1, "word": 2}).json()
    assert badge["agrees"] is True


def test_default_session_is_the_paper_s_example(client: TestClient) -> None:
    assert client.post("/api/session", json={}).json()["sentences"] == [
        ["i", "like", "text", "information", "systems"]
    ]


def test_the_defaults_are_those_of_the_command_line() -> None:
    client = TestClient(create_app(StepSettings("a b", alpha=0.5)), base_url="http://localhost")
    assert client.get("/api/defaults").json()["settings"]["alpha"] == 0.5


def test_verdicts_are_returned_as_they_are_computed(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("w2v.stepper.reference.verdict_of", lambda label, examples: {"text": label})
    client.get("/api/verdicts")
    deadline = time.monotonic() + 10
    while not (known := client.get("/api/verdicts").json())["done"] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert known["labels"]["skipgram.flow.EI"] == {"text": "skipgram.flow.EI"}
    assert "hierarchical_softmax.EH" in known["labels"]


# --- headers, hosts and origins ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/static/main.js", "/static/none", "/api/defaults", "/api/step", "/none"]
)
def test_every_answer_has_the_security_headers(client: TestClient, page: Path, path: str) -> None:
    answer = client.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)
    assert "access-control-allow-origin" not in answer.headers


def test_the_policy_allows_this_server_and_nothing_inline() -> None:
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none';")
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "*" not in CONTENT_SECURITY_POLICY


@pytest.mark.parametrize("host", ["127.0.0.1:8123", "localhost:8123", "LOCALHOST:8123", "localhost"])
def test_this_machine_s_names_are_answered(host: str) -> None:
    client = TestClient(create_app())
    assert client.get("/api/defaults", headers={"host": host}).status_code == 200


OTHERS = """evil.example evil.example:8123 127.0.0.1.evil.example:8123 localhost.evil.example 0.0.0.0:8123
    127.0.0.1:8123@evil.example evil.example:8123:8123 user@localhost:8123"""


@pytest.mark.parametrize("host", ["", *OTHERS.split()])
def test_other_hosts_are_refused_so_that_no_name_can_be_rebound(host: str) -> None:
    answer = TestClient(create_app()).get("/api/defaults", headers={"host": host})
    assert answer.status_code == 400
    assert "host" in answer.text
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1", "http://localhost", ""],
)
def test_other_origins_are_refused(client: TestClient, origin: str) -> None:
    answer = client.post("/api/session", json={}, headers={"origin": origin})
    assert answer.status_code == 403
    assert client.post("/api/session", json={}, headers={"origin": "http://127.0.0.1"}).status_code == 200


def test_another_site_may_link_to_the_page_and_ask_for_nothing_else(client: TestClient, page: Path) -> None:
    elsewhere = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert client.get("/", headers=elsewhere).status_code == 200
    assert client.get("/api/defaults", headers=elsewhere).status_code == 403
    assert client.get("/static/main.js", headers={"sec-fetch-site": "same-site"}).status_code == 403


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_content_types_that_a_form_can_post_are_refused(client: TestClient, kind: str) -> None:
    answer = client.post("/api/session", content=b"{}", headers={"content-type": kind})
    assert answer.status_code == 415


# --- limits and wrong input -------------------------------------------------------------------------


def test_a_request_that_is_too_long_is_refused_without_being_read_to_its_end(client: TestClient) -> None:
    read = 0

    def pieces() -> Iterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 1 << 20
            yield b" " * (1 << 20)

    answer = client.post("/api/session", content=pieces(), headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert "give a shorter text" in answer.json()["error"]


def test_an_incomplete_request_is_no_error_of_the_server() -> None:
    messages = iter(
        [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    )
    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/session",
        "headers": headers,
        "query_string": b"",
    }
    said: list[Any] = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        said.append(message)

    with ThreadPoolExecutor(1) as thread:  # in this one a browser may have its own loop
        thread.submit(lambda: asyncio.run(create_app()(scope, receive, send))).result()
    assert said[0]["status"] == 400


def test_a_megabyte_of_text_is_windowed_and_more_is_refused(client: TestClient) -> None:
    text = "".join(f"w{n} w{n + 1}\n" for n in range(60_000))[: MAX_TEXT - 10]
    step = client.get("/api/step", params={"session": opened(client, text=text), "word": 7})
    assert len(step.content) < 60_000
    assert "words" in step.json()["windowed"]
    answer = client.post("/api/session", json={"text": "é b " * (MAX_TEXT // 4) + "c"})
    assert answer.status_code == 422
    assert answer.json() == {
        "error": "text has 1,048,577 characters: give 1,048,576 or fewer",
        "field": "text",
    }


@pytest.mark.parametrize(
    ("body", "says", "field"),
    [
        (b'{"alpha": Infinity}', "alpha=inf: give a number above 0", "alpha"),
        (b'{"alpha": 1e999}', "alpha=inf: give a number above 0", "alpha"),
        (b'{"alpha": NaN}', "alpha=nan: give a number above 0", "alpha"),
        (b'{"vector_size": 1000000000}', "vector_size=1000000000: give an integer", "vector_size"),
        (b'{"vector_size": 1' + b"0" * 5000 + b"}", "the settings are not JSON", None),
        (b'{"text": ""}', "text='' holds no words", "text"),
        (b'{"text": "one"}', "put two or more on a line", "text"),
        (b'{"text": "a \\ud800"}', "lone surrogate", "text"),
        (b'{"window": "<b>"}', "window='<b>': give an integer", "window"),
        (b'{"loss": {"a": 1}}', "loss={'a': 1}: give softmax", "loss"),
        (b'{"\\ud800": 1}', "there is no setting '\\ud800'", None),
        (b"[]", "settings are of type list: give a JSON object", None),
        (b"[" * 100_000, "the settings are not JSON", None),
        (b"", "the settings are not JSON", None),
        (b"\xff\xfe", "the settings are not JSON", None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_invalid_settings_are_answered_in_one_line(
    client: TestClient, body: bytes, says: str, field: str | None
) -> None:
    answer = client.post("/api/session", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert says in answer.json()["error"]
    assert answer.json().get("field") == field
    assert len(answer.json()["error"]) < 250


NOWHERE = "epoch=x epoch=-1 word=5 epoch=999999999999999999999999999999 epoch=1e3 epoch=999999999999 word=٣"


@pytest.mark.parametrize("place", [dict([place.split("=")]) for place in NOWHERE.split()], ids=str)
def test_a_step_that_does_not_exist_is_refused(client: TestClient, place: dict[str, str]) -> None:
    answer = client.get("/api/step", params={"session": opened(client), **place})
    assert answer.status_code == 422
    assert answer.json()["field"] in place


def test_a_session_that_is_no_longer_kept_can_be_created_again(client: TestClient) -> None:
    answer = client.get("/api/step", params={"session": "0" * 24})
    assert answer.status_code == 410
    assert "post its settings again" in answer.json()["error"]


def test_words_that_are_markup_are_returned_as_text(client: TestClient) -> None:
    word = "<img/src=x/onerror=alert(1)>"
    answer = client.get("/api/step", params={"session": opened(client, text=f"{word} b")})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["target"]["word"] == word


def test_sessions_are_bounded_in_number_and_text() -> None:
    sessions = Sessions()
    for seed in range(MAX_SESSIONS + 5):
        sessions.create(StepSettings(seed=seed))
    assert len(sessions) == MAX_SESSIONS
    assert sessions.find(StepSettings(seed=0).key) is None
    for seed in range(6):
        sessions.create(StepSettings("a b\n" * (MAX_TEXT // 4), seed=seed))
    assert len(sessions) == 4


def test_two_browsers_do_not_disturb_each_other(client: TestClient) -> None:
    settings = [{"seed": 1}, {"seed": 2}, {"seed": 1, "alpha": 0.3}, {}]
    alone = [[Stepper(**given).step(n // 5, n % 5)["values"] for n in range(20)] for given in settings]
    found: list[Any] = [None] * len(settings)

    def browse(number: int) -> None:
        name = opened(client, **settings[number])
        places = [{"session": name, "epoch": n // 5, "word": n % 5} for n in reversed(range(20))]
        found[number] = [client.get("/api/step", params=place).json()["values"] for place in places][::-1]

    threads = [threading.Thread(target=browse, args=[number]) for number in range(len(settings))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == json.loads(json.dumps(alone))


def test_long_seek_does_not_block_other_requests() -> None:
    stepper = Stepper("a b c d e")
    far = threading.Thread(target=stepper.step, args=[1500, 0])
    far.start()
    served = 0
    while far.is_alive():
        stepper.step(served % 3, 1)
        served += far.is_alive()
    far.join()
    assert served >= 5
    assert stepper.step(1500, 0)["iteration"] == 7500


# --- the server -------------------------------------------------------------------------------------


@pytest.fixture
def served() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command at work, and its address."""
    line = ["visualize", "--no-browser", "--port", "0", "--alpha", "0.25"]
    process = subprocess.Popen([sys.executable, "-m", "w2v", *line], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        found = re.match(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
        assert found
        yield process, found[0]
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()


def test_server_answers_on_loopback_and_ctrl_c_ends_it_with_status_130(
    served: tuple[subprocess.Popen[str], str],
) -> None:
    process, address = served
    with httpx2.Client(base_url=address) as client:
        answer = client.get("/api/defaults")
    assert answer.json()["settings"]["alpha"] == 0.25
    assert "server" not in answer.headers
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 130


def test_socket_is_on_loopback_and_a_taken_port_is_refused() -> None:
    with serve.listen(0) as listener:
        host, port = listener.getsockname()
        assert host == "127.0.0.1"
        assert listener.proto == socket.IPPROTO_TCP  # else asyncio leaves Nagle's delay on, 40 ms an answer
        with pytest.raises(OSError, match=rf"port {port} is taken: give another, or --port 0"):
            serve.listen(port)


def test_any_free_port_is_used_if_the_default_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setattr(serve, "PORT", other.getsockname()[1])
        with serve.listen(None) as listener:
            assert listener.getsockname()[1] != other.getsockname()[1]


# --- the command ------------------------------------------------------------------------------------


def test_a_missing_extra_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None if name == "uvicorn" else name)
    result = CliRunner().invoke(command.visualize, ["--no-browser"])
    assert str(result.exception) == "w2v visualize needs uvicorn: pip install 'derivations[visualize]'"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--text", ""], "text='' holds no words"),
        (["--alpha", "inf"], "alpha=inf: give a number above 0"),
        (["--vector-size", "1000000000"], "vector_size=1000000000: give an integer from 1 to 256"),
        (["--window", "0"], "window=0: give"),
    ],
)
def test_wrong_options_are_one_line(options: list[str], says: str) -> None:
    result = CliRunner().invoke(command.visualize, [*options, "--no-browser"])
    assert isinstance(result.exception, ValueError)
    assert says in str(result.exception)


# --- one file ---------------------------------------------------------------------------------------


def inlined(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="inlined">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_an_export_holds_every_step_with_its_badge_and_needs_nothing_else(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("w2v.visualizer.export.verdict_of", lambda label: {"text": label})
    stepper = Stepper("a </script><script>alert(1)</script> b")
    export.export(stepper, tmp_path / "step.html", epochs=2)
    text = (tmp_path / "step.html").read_text(encoding="utf-8")
    data = inlined(text)
    assert [(s["epoch"], s["word"]) for s in data["steps"]] == [
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 0),
        (1, 1),
        (1, 2),
    ]
    assert all(step["badge"]["agrees"] for step in data["steps"])
    assert data["steps"][4]["values"] == json.loads(json.dumps(stepper.step(1, 1)["values"]))
    assert data["session"]["sentences"][0][1] == "</script><script>alert(1)</script>"
    assert data["epochs"] == 2
    assert text.count("<script") == text.count("</script>") == 2
    assert "static/" not in text
    assert "connect-src" not in text  # so default-src 'none' holds


def test_the_policy_of_an_export_names_its_own_script_and_style(page: Path) -> None:
    text = export.assembled("{}", assets.texts())
    script = re.search(r'<script type="module">(.*?)</script>', text, re.DOTALL)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert script
    assert style
    policy = re.search(r'Policy" content="([^"]*)"', text)
    assert policy
    assert export.hash_of(script[1]) in policy[1]
    assert export.hash_of(style[1]) in policy[1]
    assert policy[1].startswith("default-src 'none'")


def test_modules_are_joined_after_their_imports() -> None:
    joined = export.bundle("main.js", PAGE)
    assert re.findall(r"^// (.*)$", joined, re.MULTILINE) == ["more.js", "parts.js", "main.js"]
    assert not re.search(r"^(import|export)\b", joined, re.MULTILINE)
    assert "</script" not in joined


def test_the_page_that_is_shipped_can_be_put_into_one_file() -> None:
    text = export.assembled("{}", assets.texts())
    assert text.count("<script") == 2
    assert "static/" not in text


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"main.js": 'import { gone } from "./gone.js";'}, "main.js imports gone.js, which does not exist"),
        ({"more.js": 'import { one } from "./parts.js";'}, "parts.js -> more.js -> parts.js"),
        ({"main.js": 'import { one as two } from "./parts.js";'}, "main.js: an import that renames"),
        ({"main.js": 'import one from "./parts.js";'}, "main.js: an import or export that is not"),
        (
            {"more.js": "export class three {}\nconst two = 1;"},
            "two is declared by more.js and by parts.js",
        ),
    ],
)
def test_modules_that_cannot_be_joined_are_named(changed: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        export.bundle("main.js", {**PAGE, **changed})


def test_a_file_that_no_browser_would_open_is_refused(page: Path) -> None:
    with pytest.raises(
        ValueError, match="epochs=401 of 5 steps each do not fit into one file: give 1 to 400"
    ):
        export.one_file(Stepper(), 401)
    with pytest.raises(ValueError, match="give a text of fewer than 2,000 steps"):
        export.one_file(Stepper("a b c\n" * 1000), 1)


def test_notebook_shows_the_page_in_an_iframe(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("w2v.visualizer.export.verdict_of", lambda label: {"text": label})
    shown = Stepper('a "quoted" b')._repr_html_()
    found = re.fullmatch(
        r'<iframe srcdoc="([^"]*)" sandbox="allow-scripts" title="[^"]*" style="[^"]*"></iframe>', shown
    )
    assert found
    assert inlined(unescape(found[1]))["session"]["sentences"][0][1] == '"quoted"'


def test_the_routes_are_those_that_the_module_lists() -> None:
    listed = {
        path.removesuffix("NAME") for path in re.findall(r"``(?:GET|POST) (/[\w/]*)", app.__doc__ or "")
    }
    routes = {route.path for route in create_app().app.routes}  # type: ignore[attr-defined]
    assert {path.partition("{")[0] for path in routes} == listed
