"""Recorded requests: the operation of each, and its answer."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote

from msgspec import UNSET

from contracts.har import bodies, secrets
from contracts.har.bodies import Attached, nothing_attached
from contracts.har.document import HarEntry
from contracts.har.routes import MESSAGING, RouteTraits, platform_path
from contracts.history import message_in
from mockserver.engine.model import Operation
from mockserver.journal import SESSION_ID
from mockserver.wire import METHOD, ROUTES
from mockserver.wire.message import USUAL, bounded

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
DEAD = "not.authorized"
"""The code that refuses a message because of its session."""

_USUAL = USUAL - {"user-agent"}

KEPT_TEXT = 64 << 10
"""Bytes that are kept of a body that cannot be decoded."""

_KEPT_HEADERS = frozenset({"retry-after", "dayfly-reason", "inin-correlation-id"})

_STAYED = (
    "err_internet_disconnected", "err_blocked_by", "err_name_not_resolved", "err_connection_refused",
    "err_address_unreachable", "err_proxy_connection_failed", "err_cert_", "err_ssl_", "err_unsafe_port",
    "err_connection_timed_out", "err_disallowed_url", "err_name_resolution", "blocked_by_client",
    "ns_error_unknown_host", "ns_error_offline", "ns_error_connection_refused", "ns_error_net_timeout_external",
    "econnrefused", "connect call failed", "connection refused", "enotfound", "eai_again", "name or service not known",
)  # fmt: skip
"""Errors, in lower case, after which the request has reached nothing."""


@dataclass(eq=False, slots=True)
class HarRequest:
    """One entry of the file, read.

    `path` is the platform's own path if it has one, and `prefix` what a gateway puts before it. `began`, `left` and `returned`
    are milliseconds. `status` is None if nothing came back. A body is None if it is missing, for the reason `lacks` (request)
    or `got_lacks` (answer). A document is UNSET if it cannot be decoded. `correlation` is the platform's id of the exchange.
    `aside` is why the entry is not a request to the platform.
    """

    number: int
    host: str
    method: str
    prefix: str
    path: str
    query: str
    began: float
    left: float
    returned: float
    authorization: str | None
    media_type: str | None
    body: bytes | None
    lacks: str
    sent: Any
    size: int
    status: int | None
    headers: dict[str, str]
    answered: bool
    got_lacks: str
    got: Any
    correlation: str = ""
    via_worker: bool = False
    aside: str = ""
    others: tuple[tuple[str, str], ...] = ()
    """The request's headers besides the usual ones, with names in lower case."""

    @property
    def operation(self) -> Operation | None:
        """The operation it asks the platform for, or None."""
        return ROUTES.get(self.path)

    @property
    def is_call(self) -> bool:
        """Return whether it certainly is one of the operations."""
        return self.method == METHOD and self.operation is not None

    @property
    def may_be_a_slip(self) -> bool:
        """Return whether it is one of the operations, or was meant to be."""
        if self.operation is not None:
            return self.method != "OPTIONS"  # a browser's own request, before a call to another origin
        return self.method not in _SAFE and self.path.startswith(MESSAGING)

    @property
    def lacks_body(self) -> bool:
        """Return whether its operation needs a body that the recording does not hold."""
        return self.body is None and self.operation in {"create", "send"}

    @property
    def message(self) -> tuple[str | None, str | None]:
        """The session id that a send shows and its text; None for each that is missing."""
        return message_in(self.sent) if self.operation == "send" and isinstance(self.sent, dict) else (None, None)

    @property
    def presented(self) -> str | None:
        """The session id that a send shows, or None."""
        return self.message[0]

    @property
    def created(self) -> str | None:
        """The id of the session that it created, or None."""
        return self.brought("create", SESSION_ID)

    @property
    def logged_in(self) -> str | None:
        """The token that it was issued, or None."""
        return self.brought("token", "access_token")

    @property
    def asked(self) -> RouteTraits:
        """The part that identifies its host."""
        token = self.logged_in
        return RouteTraits(
            self.host,
            self.operation,
            shown=secrets.credential_of(self.authorization).token,
            issued=None if token is None else secrets.name_of(token),
        )

    @property
    def whole(self) -> bool:
        """Return whether its answer came back complete. A success that cannot be decoded was cut."""
        return self.status != 200 or not self.is_call or not self.answered or self.got is not UNSET

    def told(self, name: str) -> str | None:
        """Return a string in the answer's JSON, or None."""
        value = self.got.get(name) if isinstance(self.got, dict) else None
        return value if isinstance(value, str) else None

    def brought(self, operation: Operation, name: str) -> str | None:
        """Return the same if it was this operation and succeeded."""
        return self.told(name) if self.is_call and self.operation == operation and self.status == 200 else None


def exchanged(exchange: HarEntry, number: int, attached: Attached = nothing_attached) -> HarRequest:
    """Read an entry."""
    path = unquote(exchange.url.path)
    own = _own_path(path, exchange.status)
    asked, got = bodies.of_request(exchange.sent, attached), bodies.of_response(exchange.got, attached)
    media = exchange.sent.media_type
    recorded = HarRequest(
        number=number,
        host=sys.intern(exchange.url.netloc.rpartition("@")[2].lower()),
        method=sys.intern(exchange.method),
        prefix=path.rstrip("/").removesuffix(own) if own != path else "",
        path=sys.intern(own),
        query=exchange.url.query,
        began=exchange.began,
        left=exchange.began + exchange.waited,
        returned=exchange.began + max(exchange.took, exchange.waited),
        authorization=_shared(exchange.sent_headers.get("authorization")),
        media_type=_shared(media),
        body=asked.data,
        lacks=asked.lacking,
        sent=bodies.decoded(asked.data, media),
        size=len(asked.data) if asked.data is not None else exchange.sent.size or 0,
        status=exchange.status,
        headers={name: value for name, value in exchange.headers.items() if name in _KEPT_HEADERS},
        answered=got.data is not None,
        got_lacks=got.lacking,
        got=bodies.decoded(got.data, None),
        via_worker=exchange.via_worker,
        aside=_aside(exchange),
        others=bounded([pair for pair in exchange.sent_headers.items() if pair[0] not in _USUAL and pair[0][:1] != ":"]),
    )
    told = recorded.headers.get("inin-correlation-id") or recorded.told("contextId") or ""
    recorded.correlation = "" if told in exchange.sent_headers.values() else told
    is_send = recorded.is_call and recorded.operation == "send"
    if recorded.body == b"" and is_send and (recorded.status == 200 or recorded.told("code") == DEAD):
        # it had a body, because the platform checks a session after the body
        recorded.body, recorded.lacks = None, bodies.NOT_RECORDED
    return recorded


def _shared(value: str | None) -> str | None:
    """Return a value shared by all requests that have it, because a recording may hold thousands."""
    return None if value is None else sys.intern(value)


def _own_path(path: str, status: int | None) -> str:
    """Return the platform's own path. Some gateways accept a slash at its end."""
    own = platform_path(path) or path
    bare = own.rstrip("/")
    return bare if bare in ROUTES and status is not None and status not in {404, 405} else own


def _aside(exchange: HarEntry) -> str:
    """Return why an entry is not a request that reached the platform; "" if it may be one."""
    if exchange.cached:
        return "answered by a cache"
    if exchange.method == "OPTIONS":
        return "asked by the browser itself (preflight)"
    if exchange.status is None and any(word in exchange.error.lower() for word in _STAYED):
        return "stopped before they left"
    if exchange.status in {301, 302, 303, 307, 308}:
        return "redirected by a gateway"
    return ""


def retry_after(one: HarRequest, now: int) -> int | None:
    """Return the seconds of Retry-After, which may be given as a date (RFC 9110, 10.2.3)."""
    told = one.headers.get("retry-after", "").strip()
    if told.isascii() and told.isdecimal():
        return min(int(told[:12]), 10**9)
    try:
        date = parsedate_to_datetime(told)
    except (ValueError, TypeError):
        return None
    aware = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
    return max(0, math.ceil(aware.timestamp() - now / 1000))


def expires_in(one: HarRequest) -> int | None:
    """Return for how many seconds a token was issued, or None."""
    value = one.got.get("expires_in") if isinstance(one.got, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
