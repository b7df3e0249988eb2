"""Cross-origin resource sharing: the pages of other origins that may use the platform's operations.

A browser asks before it lets a page read answers of another origin (WHATWG Fetch, section 3.3). The control API and the console
do not allow any other origin.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mockserver.errors import SettingsError
from mockserver.web.admin.answers import error
from mockserver.web.admin.guard import names_loopback

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LOOPBACK, ANY, OFF = "loopback", "*", "off"

EXPOSED = ", ".join(
    [
        *("Allow", "Date", "Dayfly-Reason", "ININ-Correlation-Id", "Retry-After", "WWW-Authenticate"),
        *("inin-ratelimit-allowed", "inin-ratelimit-count", "inin-ratelimit-reset"),
    ]
)
"""Headers that a page may read, besides the few that every page may."""

MAX_AGE = "600"
"""Seconds for which a browser caches the answer to a preflight."""

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s,]+")
_HEADER_NAMES = re.compile(r"[\w!#$%&'*+.^`|~-]+( *, *[\w!#$%&'*+.^`|~-]+)*", re.ASCII)


class Cors:
    """The allowed origins: `loopback`, `*`, `off`, or a list of origins such as http://localhost:5173."""

    def __init__(self, origins: Sequence[str], exposed: Sequence[str] = ()) -> None:
        """`exposed` are headers that a page may read, EXPOSED by default. Raise SettingsError if an origin is malformed."""
        self._exposed = ", ".join(exposed) or EXPOSED
        self._any, self._loopback = ANY in origins, LOOPBACK in origins
        listed = [origin.lower().rstrip("/") for origin in origins if origin not in {ANY, LOOPBACK, OFF}]
        for origin in listed:
            if not _ORIGIN.fullmatch(origin):
                problem = f"is not an origin; give one such as http://localhost:5173, or {LOOPBACK}, {ANY} or {OFF}"
                raise SettingsError("cors", origin, problem)
        if OFF in origins and len(origins) > 1:
            raise SettingsError("cors", ", ".join(origins), f"contradicts itself; use {OFF} alone, or leave it out")
        self._listed = frozenset(listed)

    def allows(self, origin: str) -> bool:
        """Return whether pages of this origin may use the platform."""
        return self._any or origin.lower() in self._listed or (self._loopback and _is_loopback(origin))

    def answer(self, app: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a call that may come from a page of another origin, or let `app` answer it."""
        origin, allowed = environ["HTTP_ORIGIN"], self.allows(environ["HTTP_ORIGIN"])
        if environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ:
            return _preflight(origin, environ, start_response) if allowed else _refusal(origin, environ, start_response)
        return app(environ, _sharing(origin, self._exposed, start_response) if allowed else start_response)


def _is_loopback(origin: str) -> bool:
    """Return whether an origin is on this machine. Browsers resolve `*.localhost` to it, whatever DNS says."""
    try:
        host = urlsplit(origin).hostname or ""
    except ValueError:
        return False
    return host.endswith(".localhost") or names_loopback(f"[{host}]" if ":" in host else host)


def _sharing(origin: str, exposed: str, start_response: StartResponse) -> StartResponse:
    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        shared = [("Access-Control-Allow-Origin", origin), ("Access-Control-Expose-Headers", exposed), ("Vary", "Origin")]
        return start_response(status, [*headers, *shared], exc_info)

    return start


def _preflight(origin: str, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Allow what the page asks for. If its request is wrong, the platform answers with its own error."""
    method, names = environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"], environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")
    headers = [
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Methods", method if _HEADER_NAMES.fullmatch(method) else "POST"),
        ("Access-Control-Max-Age", MAX_AGE),
        ("Vary", "Origin, Access-Control-Request-Headers"),
    ]
    if _HEADER_NAMES.fullmatch(names.strip()):
        headers.append(("Access-Control-Allow-Headers", names.strip()))
    if "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK" in environ:
        headers.append(("Access-Control-Allow-Private-Network", "true"))
    start_response("204 No Content", headers)
    return []


def _refusal(origin: str, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Return an error for a person who looks into the browser's network log."""
    problem = f"pages of {origin} may not use this mock; start it with --cors {origin}"
    return error(403, problem)(environ, start_response)
