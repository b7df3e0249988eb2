"""Requests as a recording tells them, told apart from those that are not the platform's, and written as a trace's entries."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote

from msgspec import UNSET

from contracts.har import bodies, document, secrets
from contracts.har.document import Exchange
from contracts.har.errors import HarError
from contracts.har.hosts import Asked, platforms
from contracts.har.routes import MESSAGING, platform_path
from mockserver.engine.model import Operation
from mockserver.ids import digest
from mockserver.journal import Answer, Arrival, Credential, Returned, SessionChange
from mockserver.wire import METHOD, ROUTES
from mockserver.wire.credentials import place_of
from mockserver.wire.message import USUAL, bounded

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
DEAD = "not.authorized"
"""The code that refuses a message for its session."""

_USUAL = USUAL - {"user-agent"}

KEPT_TEXT = 64 << 10
"""Bytes that are kept of a body that cannot be decoded."""


@dataclass(eq=False)
class Recorded:
    """One entry of the file, read. `path` is the platform's own where it is one, and `prefix` what a gateway puts before it.
    `left` and `returned` are milliseconds; `status` is None where nothing came back; bodies are None where the recording does
    not hold them, documents UNSET where they cannot be decoded."""

    number: int
    host: str
    method: str
    prefix: str
    path: str
    query: str
    left: float
    returned: float
    authorization: str | None
    media_type: str | None
    body: bytes | None
    sent: Any
    size: int
    status: int | None
    headers: dict[str, str]
    answer: bytes | None
    got: Any
    others: tuple[tuple[str, str], ...] = ()
    """The request's headers beside the usual ones, names in lower case."""

    @property
    def operation(self) -> Operation | None:
        """What it asks the platform for."""
        return ROUTES.get(self.path)

    @property
    def is_call(self) -> bool:
        """Whether it is one of the operations for sure."""
        return self.method == METHOD and self.operation is not None

    @property
    def may_be_a_slip(self) -> bool:
        """Whether it is one, or was meant to be."""
        if self.operation is not None:
            return self.method != "OPTIONS"  # a browser's own, before a call to another origin
        return self.method not in _SAFE and self.path.startswith(MESSAGING)

    @property
    def lacks_body(self) -> bool:
        """Whether what it asked for is not known, since the recording does not hold it."""
        return self.body is None and self.operation in {"create", "send"}

    @property
    def asked(self) -> Asked:
        """What it tells of its host."""
        token = self.brought("token", "access_token")
        return Asked(
            self.host,
            self.operation,
            shown=secrets.credential_of(self.authorization).token,
            issued=None if token is None else secrets.name_of(token),
        )

    @property
    def whole(self) -> bool:
        """Whether its answer came back as it should: a success that cannot be decoded was cut."""
        return self.status != 200 or not self.is_call or self.answer is None or self.got is not UNSET

    def told(self, name: str) -> str | None:
        """A string in the answer's JSON."""
        value = self.got.get(name) if isinstance(self.got, dict) else None
        return value if isinstance(value, str) else None

    def brought(self, operation: Operation, name: str) -> str | None:
        """The same, where it was an operation that succeeded."""
        return self.told(name) if self.is_call and self.operation == operation and self.status == 200 else None


def exchanged(exchange: Exchange, source: str, number: int) -> Recorded:
    """Reads an entry. Raises HarError."""
    request, response, timings = exchange.request, exchange.response, exchange.timings
    url = document.address(exchange, source, number)
    began = document.started(exchange, source, number)
    path = unquote(url.path)
    own = platform_path(path) or path
    media, body = bodies.media_type(request), bodies.of_request(request, source, number)
    answer = bodies.of_response(response, source, number)
    recorded = Recorded(
        number=number,
        host=url.netloc.rpartition("@")[2].lower(),
        method=request.method.upper(),
        prefix=path.removesuffix(own),
        path=own,
        query=url.query,
        left=began + sum(_passed(step, source, number) for step in (timings.blocked, timings.dns, timings.connect)),
        returned=began + _passed(exchange.time, source, number),
        authorization=document.header(request.headers, "authorization"),
        media_type=media,
        body=body,
        sent=bodies.decoded(body, media),
        size=len(body) if body is not None else max(0, request.body_size or 0),
        status=_status(response.status, source, number),
        headers={pair.name.lower(): pair.value for pair in response.headers},
        answer=answer,
        got=bodies.decoded(answer, None),
        others=bounded([(pair.name.lower(), pair.value) for pair in request.headers if pair.name.lower() not in _USUAL]),
    )
    return replace(recorded, body=None) if recorded.body == b"" and _had_a_body(recorded) else recorded


def _had_a_body(one: Recorded) -> bool:
    """Whether the answer shows that it did, whatever the recording says: the platform looks at a session after the body."""
    return one.is_call and one.operation == "send" and (one.status == 200 or one.told("code") == DEAD)


def _passed(milliseconds: float | None, source: str, number: int) -> float:
    if milliseconds is not None and not milliseconds < 1e13:
        raise HarError(source, number, f"{milliseconds} ms is longer than anything takes")
    return max(0.0, milliseconds or 0.0)


def _status(status: int, source: str, number: int) -> int | None:
    if status > 599 or 0 < status < 100:
        raise HarError(source, number, f"{status} is no HTTP status")
    return status if status > 0 else None


class Recording:
    """The requests to the platform, `kept` in order of time, and what only all of them together tell."""

    def __init__(self, exchanges: Sequence[Recorded]) -> None:
        hosts = platforms([one.asked for one in exchanges if one.is_call])
        kept = [one for one in exchanges if one.host in hosts and one.may_be_a_slip]
        self.kept = sorted(kept, key=lambda one: one.left)
        self._secrets = set().union(*(_secrets_of(one) for one in self.kept))
        self._issued = {one.brought("create", "webChatSessionId") for one in self.kept}
        self._contexts = _contexts(self.kept)
        self._is_sanitized = _is_sanitized(self.kept)

    def arrival_of(self, one: Recorded, seq: int, at: int) -> Arrival:
        """The request."""
        hidden = secrets.Hiding(self._secrets)
        hidden.raw(one.prefix)
        path = hidden.raw(one.path + ("?" + one.query if one.query else ""))
        in_url, hidden.found = hidden.found, False
        body, text = self._shown_body(one, hidden)
        return Arrival(
            seq=seq,
            at=at,
            context_id=self._contexts[one.number],
            method=one.method,
            path=path,
            operation=one.operation,
            credential=_found_in(
                self._credential(one),
                *(["url"] if in_url else []),
                *(["body"] if hidden.found else []),
                *(place_of(name) for name, value in one.others if hidden.is_in(value)),
            ),
            media_type=one.media_type,
            size=one.size,
            body=body,
            text=text,
            truncated=one.body is None,
            keys={name: digest(value) for name, value in one.others if "idempoten" in name},
        )

    def return_of(self, one: Recorded, seq: int, at: int) -> Answer | Returned:
        """What came back: its answer, or that there was none."""
        if one.status is None:
            return Returned(seq, at, self._contexts[one.number], answered=False)
        token = one.brought("token", "access_token")
        return Answer(
            seq=seq,
            at=at,
            context_id=self._contexts[one.number],
            status=one.status,
            reason=one.headers.get("dayfly-reason") or one.told("code") or "",
            code=one.told("code") or one.told("error"),
            accepted=self._accepted(one),
            acted=at,
            delivery="complete" if one.whole else "truncated",
            body=UNSET if one.got is UNSET else secrets.Hiding(self._secrets).value(one.got),
            retry_after=retry_after(one, at),
            session=self._session(one),
            issued=one.brought("create", "webChatSessionId"),
            token=None if token is None else secrets.name_of(token),
            token_expires_in=expires_in(one) if token is not None else None,
        )

    def _shown_body(self, one: Recorded, hidden: secrets.Hiding) -> tuple[Any, str | None]:
        """The decoded body, or the beginning of one that cannot be. A login's form may carry the secret: that is no leak."""
        if not one.body:
            return UNSET, None
        if one.sent is UNSET:
            return UNSET, hidden.raw(one.body[:KEPT_TEXT].decode("utf-8", "backslashreplace"))
        shown = hidden.value(one.sent)
        if one.operation == "token":
            hidden.found = False
        return shown, None

    def _credential(self, one: Recorded) -> Credential:
        """What the request showed; where a tool has taken that out, something of which nothing more is known."""
        if not self._is_sanitized:
            return secrets.credential_of(one.authorization)
        if one.operation == "token":
            return Credential("basic", seen_in=("header",))
        return Credential("bearer", token=f"unknown {one.number}", seen_in=("header",))

    def _accepted(self, one: Recorded) -> bool:
        return one.is_call and one.operation == "send" and one.status == 200

    def _session(self, one: Recorded) -> SessionChange | None:
        """The session a request is about, as far as the recording shows that it is one."""
        created = one.brought("create", "webChatSessionId")
        if created is not None:
            return SessionChange(created)
        id = one.sent.get("webChatSessionId") if one.operation == "send" and isinstance(one.sent, dict) else None
        known = isinstance(id, str) and (id in self._issued or self._accepted(one))
        return SessionChange(secrets.Hiding(self._secrets).text(id)) if isinstance(id, str) and known else None


def _is_sanitized(kept: Sequence[Recorded]) -> bool:
    """Whether a tool has taken out the Authorization headers, or their values: a request that was let in must have had one."""
    shown = {secrets.credential_of(one.authorization).form for one in kept if one.operation != "token" and one.status == 200}
    return bool(shown - {"bearer"})


def _secrets_of(one: Recorded) -> set[str]:
    bodies_too = secrets.of_document(one.sent) | secrets.of_document(one.got)
    return secrets.of_header(one.authorization) | bodies_too


def _contexts(kept: Sequence[Recorded]) -> dict[int, str]:
    """What each request is called in the trace, by its number: its contextId where it was told one of its own."""
    told = {one.number: one.headers.get("inin-correlation-id") or one.told("contextId") or "" for one in kept}
    often = Counter(told.values())
    return {number: id if id and often[id] == 1 else f"entry {number}" for number, id in told.items()}


def _found_in(shown: Credential, *places: str) -> Credential:
    return Credential(shown.form, shown.token, shown.client_id, shown.literal, shown.seen_in + places)


def retry_after(one: Recorded, now: int) -> int | None:
    """Seconds, told as such or as a date (RFC 9110, 10.2.3)."""
    told = one.headers.get("retry-after", "").strip()
    if told.isascii() and told.isdecimal():
        return min(int(told[:12]), 10**9)
    try:
        date = parsedate_to_datetime(told)
    except ValueError:
        return None
    aware = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
    return max(0, math.ceil(aware.timestamp() - now / 1000))


def expires_in(one: Recorded) -> int | None:
    """For how many seconds a token was issued."""
    value = one.got.get("expires_in") if isinstance(one.got, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
