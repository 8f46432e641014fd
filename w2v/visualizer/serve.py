"""The running server: a socket on loopback, uvicorn, and the browser."""

from __future__ import annotations

import errno
import os
import socket
import threading
import webbrowser
from collections.abc import Callable

import uvicorn

from w2v.stepper import StepSettings
from w2v.visualizer.app import create_app

HOST = "127.0.0.1"
PORT = 8123
"""The default port, if it is free: a fixed one, so that a link to a step works tomorrow as well."""


def listen(port: int | None) -> socket.socket:
    """Return a socket on loopback, at ``port``; for None at 8123 or, if that is taken, at any free port.

    Raises OSError, with the fix, for a port that is taken.
    """
    # With its protocol named, asyncio switches off Nagle's algorithm, which delays every answer by 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":  # elsewhere it would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, PORT if port is None else port))
    except OSError as problem:
        if port is not None:
            listener.close()
            taken = problem.errno == errno.EADDRINUSE
            why = "is taken" if taken else f"is not available ({problem.strerror})"
            raise OSError(problem.errno, f"port {port} {why}: give another, or --port 0") from None
        listener.bind((HOST, 0))
    listener.listen(128)
    return listener


def serve(
    settings: StepSettings,
    port: int | None = None,
    *,
    browser: bool = True,
    say: Callable[[str], None] = print,
) -> None:
    """Serve the page until Ctrl-C, which raises KeyboardInterrupt; ``browser`` opens it.

    Raises OSError for a port that is taken.
    """
    with listen(port) as listener:
        address = f"http://{HOST}:{listener.getsockname()[1]}/"
        config = uvicorn.Config(
            create_app(settings),
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            ws="none",
            limit_concurrency=64,
            timeout_graceful_shutdown=1,
        )
        say(f"{address}  (Ctrl-C stops)")
        if browser:  # the socket listens already, so the page is answered as soon as the server runs
            threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()
        uvicorn.Server(config).run([listener])
