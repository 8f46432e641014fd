"""The server at work: a socket on loopback, and the browser that is sent there."""

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
"""Where the page is served if that port is free, so that a link to a step works tomorrow as well."""


def listen(port: int | None) -> socket.socket:
    """A socket on loopback: at ``port``, or where None is given at 8123 or any free one.

    Raises OSError, with the repair, for a port that is taken.
    """
    # Named as TCP, so that asyncio switches off Nagle's delay: without, every answer waits some 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":  # elsewhere it would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, PORT if port is None else port))
    except OSError as problem:
        if port is None:
            listener.bind((HOST, 0))
        else:
            listener.close()
            taken = (
                "is taken" if problem.errno == errno.EADDRINUSE else f"cannot be had ({problem.strerror})"
            )
            raise OSError(problem.errno, f"port {port} {taken}: give another, or --port 0") from None
    listener.listen(128)
    return listener


def serve(
    settings: StepSettings,
    port: int | None = None,
    *,
    browser: bool = True,
    say: Callable[[str], None] = print,
) -> None:
    """Serve the page until Ctrl-C; ``browser`` opens it. OSError for a port that is taken."""
    listener = listen(port)
    number = listener.getsockname()[1]
    address = f"http://{HOST}:{number}/"
    config = uvicorn.Config(
        create_app(settings, number),
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        limit_concurrency=64,
        timeout_graceful_shutdown=1,
    )
    say(f"{address}  (Ctrl-C stops)")
    if browser:  # the socket listens already: the page is answered as soon as the server runs
        threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()
    try:
        uvicorn.Server(config).run([listener])
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()
