"""Answers requests in two steps, which every front end takes: the request arrives, and it is answered."""

from __future__ import annotations

import logging
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from mockserver.clock import http_date, iso
from mockserver.declared.decide import Decision
from mockserver.declared.mock import KEPT_BODY, Entry, Mock
from mockserver.faults import NONE
from mockserver.faults.effect import Effect
from mockserver.platform.message import Message
from mockserver.platform.model import Answer, Operation, Values
from mockserver.platform.places import parse, reader
from mockserver.wire import altered
from mockserver.wire.encoding import GZIP, encoding_of, opened
from mockserver.wire.message import MAX_READ, Request, Response

CONTEXT, REASON = "Dayfly-Context", "Dayfly-Reason"
"""Headers of every answer, unless it is opaque: its contextId, and the guard and cause of a refusal."""

_log = logging.getLogger("mockserver")


class Call(Struct, gc=False):
    """A request that has arrived. `operation` is None if its path leads to none; then `row` names its answer."""

    request: Request
    message: Message
    entry: Entry
    operation: Operation | None
    row: str = ""
    detail: str = ""
    effect: Effect = NONE

    @property
    def context_id(self) -> str:
        """The id by which the request can be found again."""
        return self.entry.context_id

    @property
    def delay(self) -> float:
        """Seconds to wait before the platform acts."""
        return self.effect.before / 1000


class DeclaredHandler:
    """Answers requests for a mock.

    `base_url` is the server's, for answers that name it; `opaque` leaves out the headers that no real server sends.
    """

    def __init__(self, mock: Mock, *, base_url: str = "", opaque: bool = False) -> None:
        self.mock, self.base_url, self.opaque = mock, base_url.rstrip("/"), opaque

    def handle(self, request: Request) -> Response:
        """Answer a request without waiting."""
        return self.finish(self.arrive(request))

    def hide(self, text: str) -> str:
        """Return a text without secrets."""
        return self.mock.secrets.hide(text)

    def takes(self, path: str, authorization: str | None) -> int:  # noqa: ARG002 - the front end's signature
        """Return how many bytes of a body are read at most."""
        limit = self.mock.platform.max_body
        return MAX_READ if limit is None else min(limit + 1, MAX_READ)

    def arrive(self, request: Request) -> Call:
        """Read a request, journal it, and draw the fault that hits it."""
        message = self.read(request)
        operation, row, detail = self._match(message)
        name = "" if operation is None else operation.name
        context_id = self.mock.context()

        def entry(number: int, at: int) -> Entry:
            return Entry(
                number=number,
                context_id=context_id,
                operation=name,
                arrived_at=at,
                method=request.method,
                path=request.path,
                query=request.query,
                headers=_headers(request),
                body=message.body[:KEPT_BODY],
            )

        call = Call(request, message, self.mock.arrived(entry), operation, row, detail)
        effect = self.mock.draw(name) if operation is not None else None
        if effect is not None:
            call.effect, call.entry.fault = effect, effect.label
        return call

    @staticmethod
    def read(request: Request) -> Message:
        """Return a request as places read it; a gzip body is unpacked."""
        return _message(request)

    def finish(self, call: Call) -> Response:
        """Decide a request, and render its answer."""
        effect, entry = call.effect, call.entry
        decision = self.mock.decide(call.operation, call.row, call.detail, call.message, entry, effect.acts)
        response = self._injected(call, decision) if effect.status is not None else self._answer(call, decision)
        if call.request.method == "HEAD":
            response = replace(response, body=b"")
        entry.answered_at = self.mock.now() + effect.after
        entry.delivery = response.delivery
        if response.delivery in {"complete", "truncated"}:
            entry.status, entry.answer_headers = response.status, response.headers
            body = response.half if response.delivery == "truncated" else response.body
            entry.answer_body = body[:KEPT_BODY]
        self.mock.answered(entry)
        return response

    def busy(self, request: Request) -> Response:  # noqa: ARG002 - the request is not read
        """Return the answer to a request that is not read because too many wait."""
        context_id = self.mock.context()
        body = msgspec.json.encode({"message": "Too many requests wait here already.", "contextId": context_id})
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), (CONTEXT, context_id)]
        return Response(503, [*headers, ("Retry-After", "1"), (REASON, "server.busy")], body)

    def broken(self, error: Exception, call: Call | None = None, request: Request | None = None) -> Response:  # noqa: ARG002
        """Return the answer for a failure of the mock itself."""
        context_id = self.mock.context() if call is None else call.context_id
        _log.error("%s internal.error: %s", context_id, error, exc_info=error)
        body = msgspec.json.encode({"message": "The mock failed; its log says how.", "contextId": context_id})
        if call is not None:
            call.entry.status, call.entry.answered_at, call.entry.cause = 500, self.mock.now(), "internal.error"
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), (CONTEXT, context_id)]
        return Response(500, headers, body)

    def _match(self, message: Message) -> tuple[Operation | None, str, str]:
        """Return the operation, or the row and the detail of the refusal."""
        platform = self.mock.platform
        found = platform.route(message.path)
        if found is None:
            return None, "route", ""
        route, message.params = found
        several = route.operations.get(message.method)
        if several is None and message.method == "HEAD":
            several = route.operations.get("GET")
        if several is None:
            return None, "method", ", ".join(sorted(route.operations))
        operation = next((one for one in several if one.answers_to(message)), None)
        return (operation, "", "") if operation is not None else (None, "route", "")

    # -- answers -----------------------------------------------------------------------------------------------------

    def _answer(self, call: Call, decision: Decision) -> Response:
        effect = call.effect
        answer, values = decision.answer, self._values(call, decision)
        body, media = answer.body(values), answer.media
        if effect.body is not None and answer.status == 200:
            body, media = _unusable(body, effect.body), altered.media_type(effect.body)
        headers = self._headers_of(call, media, body, _reason(decision))
        headers += [(name, text(values)) for name, text in answer.headers]
        headers += self._always(decision)
        headers += [
            ("Set-Cookie", f"{name}={values(value[1:-1])}; Path=/; HttpOnly") for name, value in self._cookies(decision)
        ]
        if decision.retry_after is not None and not any(name.lower() == "retry-after" for name, _ in headers):
            headers.append(("Retry-After", str(decision.retry_after)))
        whole = not effect.only_ok or answer.status == 200
        return Response(
            answer.status, headers, body, effect.after / 1000, effect.delivery if whole else "complete", effect.split
        )

    def _cookies(self, decision: Decision) -> list[tuple[str, str]]:
        """Return the answer's cookies for the ids that were just issued."""
        return [(name, value) for name, value in decision.answer.cookies if value[len("{$issued.") : -1] in decision.issued]

    def _always(self, decision: Decision) -> list[tuple[str, str]]:
        """Return the headers that every answer brings, unless the answer has them already."""
        own = {name.lower() for name, _ in decision.answer.headers}
        places = ((id, self.mock.platform.kinds[kind].always) for kind, id in decision.issued.items())
        return [(place.name, id) for id, place in places if place is not None and place.name.lower() not in own]

    def _injected(self, call: Call, decision: Decision) -> Response:
        """Return an error in place of the platform's own answer."""
        effect, status = call.effect, call.effect.status or 503
        row: Answer | None = self.mock.platform.refused.get(str(status))
        wait = effect.retry_after if effect.retry_after is not None or status != HTTPStatus.TOO_MANY_REQUESTS else 1
        decision.detail = "" if wait is None else str(wait)
        values = self._values(call, decision)
        body = b"" if effect.emptied or row is None else row.body(values)
        headers = self._headers_of(
            call, row.media if body and row is not None else "", body, _reason(decision) or "fault.injected"
        )
        headers += [(name, text(values)) for name, text in row.headers] if row is not None else []
        if not effect.emptied:
            headers += self._always(decision)
        written = altered.retry_after_text(wait, effect.retry_after_form, self.mock.now())
        if written is not None:
            headers.append(("Retry-After", written))
        if 300 <= status < 400:
            headers.append(("Location", altered.PAGE))
        delivery = "complete" if effect.only_ok else effect.delivery
        return Response(status, headers, body, effect.after / 1000, delivery, effect.split)

    def _headers_of(self, call: Call, media: str, body: bytes, reason: str) -> list[tuple[str, str]]:
        headers = [("Content-Type", media)] if media else []
        if call.operation is None or body or call.request.method != "HEAD":
            headers.append(("Content-Length", str(len(body))))
        headers.append(http_date(self.mock.now() // 1000))
        if not self.opaque:
            headers.append((CONTEXT, call.context_id))
            headers += [(REASON, reason)] if reason else []
        return headers

    def _values(self, call: Call, decision: Decision) -> Values:
        def value(expression: str) -> Any:
            head, _, name = expression.partition(".")
            match head:
                case "$issued":
                    return decision.issued.get(name) or call.entry.shown.get(name, "")
                case "$presented":
                    return call.entry.shown.get(name, "")
                case "$told":
                    return self._told(name)
                case "$request":
                    return reader(parse(expression))(call.message)
                case _:
                    return self._own(expression, call, decision)

        return value

    def _own(self, expression: str, call: Call, decision: Decision) -> Any:
        match expression:
            case "$context":
                return call.context_id
            case "$fresh":
                return self.mock.mint("")
            case "$server":
                return self.base_url or f"http://{call.message.header('host') or 'localhost'}"
            case "$detail":
                return decision.detail
            case "$field":
                return decision.field
            case "$scopes":
                return decision.granted
            case _:
                return self.mock.now() // 1000

    def _told(self, name: str) -> Any:
        """Return the lifetime of an id in the declared form: seconds, or the moment of its end."""
        kind, _, word = name.rpartition(".")
        lasting = getattr(self.mock.platform.kinds[kind].life, word)
        if lasting is None:
            return None
        form, place = self.mock.platform.kinds[kind].told.get(word, ("seconds", "body"))
        if form == "seconds":
            return lasting // 1000 if lasting % 1000 == 0 else lasting / 1000
        at = self.mock.now() + lasting
        return formatdate(at // 1000, usegmt=True) if place == "header" else iso(at)


def _reason(decision: Decision) -> str:
    """Return the guard that refused and the cause, "" if none did."""
    return f"{decision.refused_by}.{decision.cause}" if decision.refused_by else ""


def _unusable(body: bytes, how: Any) -> bytes:
    try:
        return altered.unusable(body, how)
    except (ValueError, StopIteration, AttributeError, TypeError):
        return body[: len(body) // 2]


def _message(request: Request) -> Message:
    body = request.body
    if encoding_of(request) in GZIP and body:
        body = opened(request, MAX_READ, lambda: MAX_READ)[0]
    return Message(request.method, request.path, request.query, _headers(request), body)


def _headers(request: Request) -> list[tuple[str, str]]:
    """Return the headers that were kept of a request."""
    told = [("Authorization", request.authorization), ("Content-Type", request.content_type), ("User-Agent", request.agent)]
    told.append(("Host", request.host))
    return [(name, value) for name, value in told if value is not None] + list(request.others)
