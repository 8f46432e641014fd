"""What stands between the server and anything but its own page: hosts, origins, sizes, headers.

The server listens on loopback, but every page in the same browser can send requests there, and one whose
host name is made to point to 127.0.0.1 (DNS rebinding) could read the answers. So a request must name this
server as its host, and if it says where it comes from, that must be this server too.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


class Guard:
    """The application behind the checks; ``port`` is the server's own, or None for any."""

    def __init__(self, app: ASGIApp, port: int | None = None) -> None:
        self.app = app
        ports = [""] if port is None else [f":{port}"] + [""] * (port == 80)
        self.hosts = {host + end for host in LOOPBACK for end in ports}
        self.any_port = port is None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it; either way with all headers."""
        if scope["type"] != "http":  # no web sockets, no lifespan
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        reason = self.refused(Headers(scope=scope), scope["path"])
        if reason:
            await JSONResponse({"error": reason}, 403)(scope, receive, with_headers)
        else:
            await self.app(scope, receive, with_headers)

    def refused(self, headers: Headers, path: str) -> str:
        """Why a request is not answered; empty if it is."""
        hosts = headers.getlist("host")
        if len(hosts) != 1 or self.without_port(hosts[0].lower()) not in self.hosts:
            return f"host {', '.join(hosts)[:100]!r}: this server answers only as 127.0.0.1 or localhost"
        origin = headers.get("origin")
        if origin is not None and origin.lower() != f"http://{hosts[0].lower()}":
            return f"origin {origin[:100]!r}: only the page of this server may ask it"
        site = headers.get("sec-fetch-site", "same-origin")
        if site not in {"same-origin", "none"} and path != "/":  # a link to the page may be anywhere
            return f"a request from another site ({site[:20]}): only the page of this server may ask it"
        return ""

    def without_port(self, host: str) -> str:
        """The host as it is compared: without its port where any will do."""
        name, colon, port = host.rpartition(":")
        return name if self.any_port and colon and port.isdigit() else host
