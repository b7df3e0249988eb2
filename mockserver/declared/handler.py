"""Answers requests in two steps, which every front end takes: the request arrives, and it is answered."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from mockserver.clock import http_date, iso
from mockserver.declared.decide import Decision
from mockserver.declared.entries import FAILED, FailureNote, arrival
from mockserver.declared.mock import Mock
from mockserver.engine.decide import Ask
from mockserver.engine.model import DEFAULT_ORGANIZATION
from mockserver.errors import ConflictError, StoreUnavailable
from mockserver.faults import NONE, effect_of
from mockserver.faults.effect import Effect
from mockserver.journal import Entry
from mockserver.platform.message import Message
from mockserver.platform.model import Answer, Kind, Operation, Values
from mockserver.platform.places import parse, reader
from mockserver.wire import altered
from mockserver.wire.encoding import GZIP, encoding_of, opened
from mockserver.wire.handler import LARGE, weight_of
from mockserver.wire.message import MAX_READ, Request, Response
from mockserver.wire.notes import hiding
from mockserver.wire.redaction import Secrets

CONTEXT, REASON = "Dayfly-Context", "Dayfly-Reason"
"""Headers of every answer, unless it is opaque: its contextId, and the guard and cause of a refusal."""

_log = logging.getLogger("mockserver")


class Call(Struct):
    """A request that has arrived, with what it shows by kind, and the fault that hits it.

    `called` is None if its path leads to no operation; then `row` names its answer. `read` is what the store had for it.
    `decision` and `response` are None until it is answered; `arrived_at` is in milliseconds.
    """

    request: Request
    message: Message
    context_id: str
    called: Operation | None
    kinds: Mapping[str, Kind]
    known_secrets: Secrets
    shown: Mapping[str, str] = {}
    row: str = ""
    detail: str = ""
    effect: Effect = NONE
    read: Any = None
    answered_with: Response | None = None
    arrived_at: int = 0
    decision: Decision | None = None
    response: Response | None = None
    key_header: str = ""

    @property
    def operation(self) -> str | None:
        """The name of the operation that is called."""
        return None if self.called is None else self.called.name

    @property
    def ask(self) -> Ask:
        """The request as far as a fault is drawn for it."""
        return Ask(self.operation or "", DEFAULT_ORGANIZATION)

    @property
    def delay(self) -> float:
        """Seconds to wait before the platform acts."""
        return self.effect.before / 1000

    @property
    def takes_forms(self) -> bool:
        """True: a form is decoded, whatever is called."""
        return True

    @property
    def own_secrets(self) -> tuple[str, ...]:
        """The ids shown that are secret."""
        return tuple(id for name, id in self.shown.items() if self.kinds[name].duty.get("secret"))

    @property
    def weight(self) -> int:
        """The bytes chosen by the sender."""
        return weight_of(self.request)

    def entry(self, seq: int, at: int) -> Entry:
        """Return the journal entry for the arrival."""
        return arrival(self, seq, at)

    def hidden(self, text: str) -> str:
        """Return a text without this request's secrets."""
        return hiding(self).text(text) if text else ""


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
        mock, message = self.mock, self.read(request)
        operation, row, detail = self._match(message)
        shown = {} if operation is None else _shown(operation, message, mock.platform.kinds)
        context_id = mock.ids.context(mock.organization)
        if request.size > LARGE or request.unheld:
            request = replace(request, body=request.body[:LARGE])
        call = Call(request, message, context_id, operation, mock.platform.kinds, mock.secrets, shown, row, detail)
        try:
            seen = mock.arrive(call)
            if operation is not None and seen.faults is not None and seen.faults.faults:
                call.effect = effect_of(mock.service.draw_fault(call, seen))
        except (StoreUnavailable, ConflictError) as error:
            call.answered_with = self._unavailable(call, error)
        return call

    @staticmethod
    def read(request: Request) -> Message:
        """Return a request as places read it; a gzip body is unpacked."""
        return _message(request)

    def finish(self, call: Call) -> Response:
        """Decide a request, and render its answer."""
        if call.answered_with is not None:
            return call.answered_with
        try:
            return self.mock.answer(call, self._render)
        except (StoreUnavailable, ConflictError) as error:
            return self._unavailable(call, error)
        finally:  # the journal keeps the call, and not the whole of its body
            message = call.message
            call.message = Message(message.method, message.path, message.query, headers_kept(call.request), call.request.body)

    def _render(self, call: Call, decision: Decision) -> Response:
        render = self._answer if call.effect.status is None else self._injected
        response = render(call, decision)
        return replace(response, body=b"") if call.request.method == "HEAD" else response

    def busy(self, request: Request) -> Response:  # noqa: ARG002 - the request is not read
        """Return the answer to a request that is not read because too many wait."""
        return self._own_answer(503, "Too many requests wait here already.", "server.busy")

    def broken(self, error: Exception, call: Call | None = None, request: Request | None = None) -> Response:  # noqa: ARG002
        """Return the answer for a failure of the mock itself."""
        answer = self._own_answer(500, "The mock failed; its log says how.", FAILED, call)
        _log.error("%s internal.error: %s", answer.headers[2][1], error, exc_info=error)
        if call is not None:
            mock = self.mock
            with suppress(StoreUnavailable):
                mock.store.note(mock.organization, FailureNote(call, 500, FAILED), mock.service.system())
        return answer

    def _unavailable(self, call: Call, error: Exception) -> Response:
        reason, words = "store.unavailable", "The store cannot be reached; try again."
        if isinstance(error, ConflictError):
            reason, words = "store.contended", "Other requests kept changing the same record; try again."
        _log.warning("%s %s: %s", call.context_id, reason, error)
        return self._own_answer(503, words, reason, call)

    def _own_answer(self, status: int, message: str, reason: str, call: Call | None = None) -> Response:
        """Return an answer that is not the platform's."""
        context_id = self.mock.ids.context(self.mock.organization) if call is None else call.context_id
        body = msgspec.json.encode({"message": message, "contextId": context_id})
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), (CONTEXT, context_id)]
        headers += [("Retry-After", "1")] if status == 503 else []
        headers += [(REASON, reason)] if not self.opaque else []
        return Response(status, headers, body)

    def _match(self, message: Message) -> tuple[Operation | None, str, str]:
        """Return the operation, or the row and the detail of the refusal."""
        platform = self.mock.platform
        found = platform.route(message.path, message.method)
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
        values = self._values(call, replace(decision, detail="" if wait is None else str(wait)))
        body = b"" if effect.emptied or row is None else row.body(values)
        headers = self._headers_of(
            call, row.media if body and row is not None else "", body, _reason(decision) or "fault.injected"
        )
        headers += [(name, text(values)) for name, text in row.headers] if row is not None else []
        if not effect.emptied:
            headers += self._always(decision)
        written = altered.retry_after_text(wait, effect.retry_after_form, call.read.seen.now)
        if written is not None:
            headers.append(("Retry-After", written))
        if 300 <= status < 400:
            headers.append(("Location", altered.PAGE))
        delivery = "complete" if effect.only_ok else effect.delivery
        return Response(status, headers, body, effect.after / 1000, delivery, effect.split)

    def _headers_of(self, call: Call, media: str, body: bytes, reason: str) -> list[tuple[str, str]]:
        headers = [("Content-Type", media)] if media else []
        if call.called is None or body or call.request.method != "HEAD":
            headers.append(("Content-Length", str(len(body))))
        headers.append(http_date(call.read.seen.now // 1000))
        if not self.opaque:
            headers.append((CONTEXT, call.context_id))
            headers += [(REASON, reason)] if reason else []
        return headers

    def _values(self, call: Call, decision: Decision) -> Values:
        def value(expression: str) -> Any:
            head, _, name = expression.partition(".")
            match head:
                case "$issued":
                    return decision.issued.get(name) or call.shown.get(name, "")
                case "$presented":
                    return call.shown.get(name, "")
                case "$told":
                    return self._told(name, call)
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
                return call.read.seen.now // 1000

    def _told(self, name: str, call: Call) -> Any:
        """Return the lifetime of an id in the declared form: seconds, or the moment of its end."""
        kind, _, word = name.rpartition(".")
        lasting = getattr(self.mock.platform.kinds[kind].life, word)
        if lasting is None:
            return None
        form, place = self.mock.platform.kinds[kind].told.get(word, ("seconds", "body"))
        if form == "seconds":
            return lasting // 1000 if lasting % 1000 == 0 else lasting / 1000
        at = call.read.seen.now + lasting
        return formatdate(at // 1000, usegmt=True) if place == "header" else iso(at)


def _shown(operation: Operation, message: Message, kinds: Mapping[str, Kind]) -> dict[str, str]:
    """Return the credentials that a request shows, by kind."""
    read = ((name, kinds[name].carried[operation.name](message)) for name in operation.carries)
    return {name: _plain(id) for name, id in read if id is not None}


def _plain(id: Any) -> str:
    """Return an id as text that can be stored and journalled: a lone surrogate is escaped, and so belongs to no credential."""
    return str(id).encode("utf-8", "backslashreplace").decode()


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
    return Message(request.method, request.path, request.query, headers_kept(request), body)


def headers_kept(request: Request) -> list[tuple[str, str]]:
    """Return the headers that were kept of a request."""
    told = [("Authorization", request.authorization), ("Content-Type", request.content_type), ("User-Agent", request.agent)]
    told.append(("Host", request.host))
    return [(name, value) for name, value in told if value is not None] + list(request.others)
