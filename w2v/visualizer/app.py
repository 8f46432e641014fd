"""The page and its data: what a browser on this machine may ask for.

=======================  =====================================================================
``GET /``                the page; ``GET /static/NAME`` its styles and modules
``GET /api/defaults``    the settings of the command line
``POST /api/session``    settings, as JSON: what all their steps have in common, and a name
``GET /api/step``        a step, all its stages: ``session``, ``epoch``, ``word``
``GET /api/badge``       the difference of its gradients to JAX's
``GET /api/derivation``  where one number comes from: ``quantity`` and ``index``, from 0
``GET /api/verdicts``    what the referee found about the equations so far
=======================  =====================================================================

What cannot be answered is ``{"error": one line}``, with ``field`` where a setting is wrong: 422 for a
value, 410 for a session that was let go of (post the settings again), 413 for too much.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from w2v.stepper import Stepper, StepSettings, WrongSettingError
from w2v.stepper.addresses import Address
from w2v.stepper.losses import KINDS
from w2v.stepper.quantities import quantities_of
from w2v.stepper.recipes import Reference, Rest, Term
from w2v.stepper.referee import Verdicts
from w2v.stepper.settings import LARGEST_TEXT, shown
from w2v.visualizer import assets
from w2v.visualizer.guard import Guard
from w2v.visualizer.sessions import Sessions

LARGEST_BODY = 6 * LARGEST_TEXT + 4096
"""Bytes of a request, at most: JSON may say a character in six."""


class GoneError(LookupError):
    """A session that is no longer at hand."""


def create_app(settings: StepSettings | None = None, port: int | None = None) -> Guard:
    """The application, guarded, for the settings of the command line."""
    server = Server(settings or StepSettings())
    routes = [
        Route("/", server.page),
        Route("/static/{name}", server.static),
        Route("/api/defaults", answered(server.defaults)),
        Route("/api/session", server.session, methods=["POST"]),
        Route("/api/step", answered(server.step)),
        Route("/api/badge", answered(server.badge)),
        Route("/api/derivation", answered(server.derivation)),
        Route("/api/verdicts", answered(server.known_verdicts)),
    ]
    return Guard(Starlette(routes=routes, exception_handlers={HTTPException: refused}), port)


class Server:
    """What the routes answer; each takes the request's parameters and gives plain data."""

    def __init__(self, settings: StepSettings) -> None:
        self.settings = settings
        self.sessions = Sessions()
        labels = [
            label for loss in KINDS for named in quantities_of(loss).values() for label in named.labels
        ]
        self.verdicts = Verdicts(labels)

    async def page(self, request: Request) -> Response:
        """The page."""
        return asset("index.html")

    async def static(self, request: Request) -> Response:
        """A file of the page."""
        return asset(request.path_params["name"])

    async def session(self, request: Request) -> Response:
        """What all steps of the posted settings have in common."""
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return error("post the settings as application/json", 415)
        try:
            body = await read(request)
        except ClientDisconnect:
            return error("the request broke off", 400)  # which nobody hears
        if body is None:
            return error(f"a request of more than {LARGEST_BODY:,} bytes: give a shorter text", 413)
        return await run_in_threadpool(answered_with, self.opened, body)

    def opened(self, body: bytes) -> dict[str, Any]:
        """The session of settings in JSON."""
        try:
            given = json.loads(body)
        except (ValueError, RecursionError) as problem:
            raise WrongSettingError("", f"the settings are not JSON: {str(problem)[:100]}") from None
        return self.sessions.make(StepSettings.of(given)).session()

    def defaults(self, asked: dict[str, str]) -> dict[str, Any]:
        """The settings of the command line."""
        return {"settings": self.settings.as_dict()}

    def step(self, asked: dict[str, str]) -> dict[str, Any]:
        """One step."""
        return self.stepper(asked).step(number(asked, "epoch"), number(asked, "word"))

    def badge(self, asked: dict[str, str]) -> dict[str, Any]:
        """How far one step's gradients are from JAX's."""
        stepper = self.stepper(asked)
        return stepper.badge(self.address(stepper, asked))

    def derivation(self, asked: dict[str, str]) -> dict[str, Any]:
        """Where one number of a step comes from."""
        stepper = self.stepper(asked)
        frame = stepper.frame(self.address(stepper, asked))
        name, at = asked.get("quantity", ""), index(asked)
        try:
            terms, value = frame.derivation(name, at), frame.number(Reference(name, at))
        except (KeyError, IndexError, TypeError, ValueError):
            place = ",".join(map(str, at))
            raise WrongSettingError(
                "index", f"there is no number {shown(name)}[{place}] in a step"
            ) from None
        texts = {"rounded": frame.written(name, at), "full": frame.written(name, at, None)}
        return {"quantity": name, "at": at, "value": value, **texts, "terms": [plain(t) for t in terms]}

    def known_verdicts(self, asked: dict[str, str]) -> dict[str, Any]:
        """The verdicts that were reached by now; the first question sets the referee to work."""
        self.verdicts.start()
        return self.verdicts.record()

    def stepper(self, asked: dict[str, str]) -> Stepper:
        """The walk that is asked for."""
        found = self.sessions.find(asked.get("session", ""))
        if found is None:
            raise GoneError("this session is no longer at hand: post its settings again")
        return found

    def address(self, stepper: Stepper, asked: dict[str, str]) -> Address:
        """The step that is asked for."""
        return stepper.checked(number(asked, "epoch"), number(asked, "word"))


# --- what comes in ----------------------------------------------------------------------------------


async def read(request: Request) -> bytes | None:
    """The body of a request, or None if it is too long; no more than that is read."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_BODY:
            return None
    return bytes(body)


def number(asked: dict[str, str], name: str) -> int:
    """A parameter that is a whole number, 0 where it is not given."""
    text = asked.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise WrongSettingError(name, f"{name}={shown(text)}: give a whole number, 0 or more")
    return int(text)


def index(asked: dict[str, str]) -> tuple[int, ...]:
    """The place of a number: ``1,0``, or nothing for one that stands alone."""
    parts = [part for part in asked.get("index", "").split(",") if part]
    return tuple(number({"index": part}, "index") for part in parts[:8])


# --- what goes out ----------------------------------------------------------------------------------


def plain(term: Term) -> Any:
    """A term as plain data."""
    if isinstance(term, Reference):
        return {"q": term.quantity, "at": term.at}
    return {"rest": term.hidden} if isinstance(term, Rest) else term


def answered(answer: Callable[[dict[str, str]], Any]) -> Callable[[Request], Response]:
    """A route that gives an answer to the parameters of a request; it runs in a thread of its own."""

    @wraps(answer)
    def route(request: Request) -> Response:
        return answered_with(answer, dict(request.query_params))

    return route


def answered_with(answer: Callable[[Any], Any], asked: Any) -> Response:
    """The answer as JSON, or what is wrong with the question."""
    try:
        return as_json(answer(asked))
    except WrongSettingError as problem:
        return error(str(problem), 422, problem.field)
    except GoneError as problem:
        return error(str(problem), 410)
    except MemoryError:
        return error("this does not fit into memory: give a shorter text or smaller vectors", 422)


def as_json(data: Any, status: int = 200) -> Response:
    """Plain data as a response; a number that JSON does not have would be a ValueError."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(text.encode(), status, media_type="application/json")


def error(reason: str, status: int, field: str = "") -> Response:
    """What is wrong, and with which setting."""
    return as_json({"error": " ".join(reason.split()), **({"field": field} if field else {})}, status)


async def refused(request: Request, problem: Exception) -> Response:
    """A path or a method that there is not."""
    assert isinstance(problem, HTTPException)
    return error(f"{request.method} {request.url.path[:100]}: {problem.detail}", problem.status_code)


def asset(name: str) -> Response:
    """A file of the page; 404 for any other name."""
    try:
        content = assets.read(name)
    except KeyError:
        raise HTTPException(404) from None
    return Response(content, headers={"Content-Type": assets.TYPES[assets.kind(name)]})
