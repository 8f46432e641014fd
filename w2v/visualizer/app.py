"""The page and its data: what a browser on this machine may ask for.

=======================  =====================================================================
``GET /``                the page; ``GET /static/NAME`` its styles and modules
``GET /api/defaults``    the settings of the command line
``POST /api/session``    for settings as JSON: what all their steps have in common, and a name
``GET /api/step``        a step with all its stages: ``session``, ``epoch``, ``word``
``GET /api/badge``       the difference of its gradients to JAX's
``GET /api/verdicts``    the verification results of the equations so far
=======================  =====================================================================

An error is ``{"error": one line}``, with ``field`` where a setting is wrong: status 422 for a value, 410
for a session that is no longer kept (post the settings again), 413 for a request that is too large.
"""

from __future__ import annotations

import json

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from w2v.stepper import Stepper, StepSettings, WrongSettingError
from w2v.stepper.quantities import labels_of
from w2v.stepper.reference import Verdicts
from w2v.stepper.settings import LOSSES, MAX_TEXT, short_repr
from w2v.visualizer import assets
from w2v.visualizer.security import SecurityMiddleware
from w2v.visualizer.sessions import Sessions

MAX_BODY = 6 * MAX_TEXT + 4096
"""The largest number of bytes of a request: JSON may escape a character as six."""


class GoneError(LookupError):
    """A session that is no longer kept."""


def create_app(settings: StepSettings | None = None) -> SecurityMiddleware:
    """Return the application for the settings of the command line."""
    server = Server(settings or StepSettings())
    routes = [
        Route("/", server.page),
        Route("/static/{name}", server.static),
        Route("/api/defaults", server.defaults),
        Route("/api/session", server.session, methods=["POST"]),
        Route("/api/step", server.step),
        Route("/api/badge", server.badge),
        Route("/api/verdicts", server.known_verdicts),
    ]
    errors = (HTTPException, WrongSettingError, GoneError, MemoryError, ClientDisconnect)
    return SecurityMiddleware(Starlette(routes=routes, exception_handlers=dict.fromkeys(errors, failed)))


class Server:
    """The routes; Starlette runs those that are not ``async`` in threads."""

    def __init__(self, settings: StepSettings) -> None:
        self.settings = settings
        self.sessions = Sessions()
        self.verdicts = Verdicts(label for loss in LOSSES for label in labels_of(loss))

    def page(self, request: Request) -> Response:
        """Return the page."""
        return asset("index.html")

    def static(self, request: Request) -> Response:
        """Return a file of the page."""
        return asset(request.path_params["name"])

    async def session(self, request: Request) -> Response:
        """Return what all steps of the posted settings have in common."""
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise HTTPException(415, "post the settings as application/json")
        return await run_in_threadpool(self.create, await read(request))

    def create(self, body: bytes) -> Response:
        """Return the session of settings in JSON."""
        try:
            given = json.loads(body)
        except (ValueError, RecursionError) as problem:
            raise WrongSettingError("", f"the settings are not JSON: {str(problem)[:100]}") from None
        return JSONResponse(self.sessions.create(StepSettings.of(given)).session())

    def defaults(self, request: Request) -> Response:
        """Return the settings of the command line."""
        return JSONResponse({"settings": self.settings.as_dict()})

    def step(self, request: Request) -> Response:
        """Return one step."""
        return JSONResponse(self.stepper(request).step(number(request, "epoch"), number(request, "word")))

    def badge(self, request: Request) -> Response:
        """Return the difference of one step's gradients to JAX's."""
        stepper = self.stepper(request)
        return JSONResponse(
            stepper.badge(stepper.checked(number(request, "epoch"), number(request, "word")))
        )

    def known_verdicts(self, request: Request) -> Response:
        """Return the verification results so far; the first request starts the verification."""
        self.verdicts.start()
        return JSONResponse(self.verdicts.record())

    def stepper(self, request: Request) -> Stepper:
        """Return the stepper of the session that a request names."""
        found = self.sessions.find(request.query_params.get("session", ""))
        if found is None:
            raise GoneError("this session is no longer kept: post its settings again")
        return found


async def read(request: Request) -> bytes:
    """Return the body of a request; of one that is too long, no more than that is read."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY:
            raise HTTPException(413, f"a request of more than {MAX_BODY:,} bytes: give a shorter text")
    return bytes(body)


def number(request: Request, name: str) -> int:
    """Return a parameter that is an integer, 0 where it is not given."""
    text = request.query_params.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise WrongSettingError(name, f"{name}={short_repr(text)}: give an integer, 0 or more")
    return int(text)


def asset(name: str) -> Response:
    """Return a file of the page; 404 for another name."""
    try:
        return Response(assets.read(name), media_type=assets.TYPES[name[name.rindex(".") :]])
    except (KeyError, ValueError):
        raise HTTPException(404) from None


def failed(request: Request, problem: Exception) -> Response:
    """Return an error as JSON."""
    status, reason = 422, str(problem)
    if isinstance(problem, HTTPException):
        status, reason = problem.status_code, f"{request.method} {request.url.path[:100]}: {problem.detail}"
    elif isinstance(problem, GoneError):
        status = 410
    elif isinstance(problem, ClientDisconnect):
        status, reason = 400, "the request was not complete"
    elif isinstance(problem, MemoryError):
        reason = "this does not fit into memory: give a shorter text or smaller vectors"
    field = getattr(problem, "field", "")
    return JSONResponse({"error": " ".join(reason.split())} | ({"field": field} if field else {}), status)
