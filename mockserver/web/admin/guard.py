"""Access to the control API.

With a token set, a call must show it. Without one, only processes of this machine may call, and no web page in a browser on it.
Such a page could reach a loopback address by a name of its own (DNS rebinding) or post across origins.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

import flask
from flask import Response

from mockserver.web.admin.answers import error, routing_error
from mockserver.web.admin.tries import TooManyTries, Tries

PREFIX = "/__admin"

OPEN = frozenset({f"{PREFIX}/health", f"{PREFIX}/ready"})
"""The paths that everyone may call, such as a load balancer."""

ROOTS = frozenset({PREFIX, f"{PREFIX}/"})
"""The paths that a person may type. They redirect to the console, which has its own guard."""

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

FORWARDED = (
    *("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto"),
    *("X-Forwarded-Server", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "X-Original-Forwarded-For"),
    *("True-Client-Ip", "CF-Connecting-IP", "Fastly-Client-Ip", "X-Envoy-External-Address"),
)
"""Headers that proxies add. With one of them, the caller is on another machine, even if the connection is from this one."""


class AccessGuard:
    """Runs before every request, and answers instead of the view if the call is not allowed."""

    def __init__(self, token: str) -> None:
        self._token, self._tries = token, Tries()

    def __call__(self) -> Response | None:
        """Return the refusal, or None to let the request pass."""
        path, problem = flask.request.path, flask.request.routing_exception
        if path != PREFIX and not path.startswith(f"{PREFIX}/"):
            return None
        if path in ROOTS and flask.request.method in {"GET", "HEAD"}:
            return flask.redirect(f"{PREFIX}/console", 302)  # type: ignore[return-value]
        refused = None if path in OPEN else self._refusal()
        if refused is not None:
            return refused
        return routing_error(problem) if problem is not None else None

    def _refusal(self) -> Response | None:
        try:
            if not self._token or shows_token(self._token, self._tries):
                return self._elsewhere()
        except TooManyTries as problem:
            return too_many_tries(problem)
        return error(401, "the control API requires its token: Authorization: Bearer TOKEN")

    def _elsewhere(self) -> Response | None:
        """Return the refusal of a call from another machine, or from a page of another origin."""
        if not self._token and not is_local():
            return error(403, "without a token the control API is for this machine only; start the server with --admin-token")
        if flask.request.method not in SAFE and not is_same_origin():
            return error(403, "the control API does not accept changes from pages of another origin")
        return None


def shows_token(token: str, tries: Tries) -> bool:
    """Return whether the request has this token in its Authorization header. Raises TooManyTries."""
    scheme, _, shown = flask.request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and tries.fits(shown, token, flask.request.remote_addr)


def too_many_tries(problem: TooManyTries) -> Response:
    """Return the answer to a token that was not compared."""
    response = error(429, f"too many wrong tokens came from this address; try again in {problem.retry_after} s")
    response.headers["Retry-After"] = str(problem.retry_after)
    return response


def is_local() -> bool:
    """Return whether the request comes from this machine, by a name of its own or through a Unix socket."""
    headers = flask.request.headers
    if any(name in headers for name in FORWARDED):
        return False
    if not flask.request.remote_addr and flask.request.environ.get("SERVER_NAME", "").startswith("/"):
        return True  # in this way granian says that the socket has a path instead of an address
    return is_loopback(flask.request.remote_addr or "") and names_loopback(headers.get("Host", ""))


def names_loopback(host: str) -> bool:
    """Return whether a Host header names this machine: ``localhost:8403``, ``127.0.0.1``, ``[::1]:8403``."""
    name = host.rpartition("]")[0].removeprefix("[") if host.startswith("[") else host.partition(":")[0]
    return name.lower() == "localhost" or is_loopback(name)


def is_loopback(address: str) -> bool:
    """Return whether an IP address is a loopback address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return (mapped or parsed).is_loopback


def is_same_origin() -> bool:
    """Return whether the request may change something: it comes from a page of this server, or not from a web page."""
    headers = flask.request.headers
    if headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
        return False
    origin = headers.get("Origin")
    return origin is None or origin.lower().partition("://")[2] == headers.get("Host", "").lower()
