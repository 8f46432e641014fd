"""Which requests are answered, and the headers of every answer.

The server listens on loopback, but every page in the same browser can send requests there, and a page whose
host name is made to point to 127.0.0.1 (DNS rebinding) could read the answers. So a request must name this
machine as its host, and its origin, if it has one, must be this server.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS = ("127.0.0.1", "localhost")

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


class SecurityMiddleware:
    """Answer only requests to this machine from the server's own page; add the headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.checked = TrustedHostMiddleware(self.check_origin, HOSTS, www_redirect=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers, and check the host; only HTTP requests are answered."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        if scope["type"] == "http":
            await self.checked(scope, receive, with_headers)

    async def check_origin(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse requests of other sites; they may only link to the page."""
        headers = Headers(scope=scope)
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "same-origin")
        other_origin = origin is not None and origin.lower() != f"http://{headers['host'].lower()}"
        if other_origin or (site not in {"same-origin", "none"} and scope["path"] != "/"):
            sender = f"origin {origin[:100]!r}" if origin is not None else f"sec-fetch-site {site[:20]!r}"
            reason = f"{sender}: only the page of this server may send requests to it"
            await JSONResponse({"error": reason}, 403)(scope, receive, send)
        else:
            await self.app(scope, receive, send)
