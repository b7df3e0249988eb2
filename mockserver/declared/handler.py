"""Answers requests in two steps, which every front end takes: the request arrives, and it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from mockserver.clock import http_date
from mockserver.declared.decide import Decision
from mockserver.declared.entries import arrival
from mockserver.declared.mock import Mock
from mockserver.engine.decide import ParsedRequest, Seen
from mockserver.engine.model import DEFAULT_ORGANIZATION, Reason
from mockserver.faults import NONE, Effect
from mockserver.journal import Answer as Recorded
from mockserver.journal import Entry
from mockserver.platform.message import HttpMessage
from mockserver.platform.model import Answer, Kind, Operation, Values
from mockserver.wire import altered
from mockserver.wire.bodies import JSON
from mockserver.wire.encoding import GZIP, encoding_of, opened
from mockserver.wire.message import MAX_READ, Request, Response
from mockserver.wire.notes import hiding
from mockserver.wire.redaction import Secrets
from mockserver.wire.serving import LARGE, Serving, beginning, weight_of
from mockserver.wire.table import answer_of
from mockserver.wire.unserved import Known

CONTEXT, REASON = "Dayfly-Context", "Dayfly-Reason"
"""Headers of every answer, unless it is opaque: its contextId, and the guard and cause of a refusal."""

_ANSWERED = HttpMessage()
"""Takes the place of a message that is answered."""


class DeclaredCall(Struct, gc=False):
    """A request that has arrived, with what it shows by kind, and the fault that hits it.

    `called` is None if its path leads to no operation; then `row` names its answer. `read` is what the store had for it, None
    when it is decided. `decision` is None until it is answered. `arrived_at` and `now`, when it is decided, are in
    milliseconds.
    """

    request: Request
    message: HttpMessage
    context_id: str
    called: Operation | None
    kinds: Mapping[str, Kind]
    known_secrets: Secrets
    shown: Mapping[str, str] = {}
    row: str = ""
    detail: str = ""
    effect: Effect = NONE
    read: Any = None
    seen: Seen | None = None
    now: int = 0
    answered_with: Response | None = None
    arrived_at: int = 0
    decision: Decision | None = None
    key_header: str = ""
    weight: int = 0
    """The bytes chosen by the sender."""

    @property
    def operation(self) -> str | None:
        return None if self.called is None else self.called.name

    @property
    def ask(self) -> ParsedRequest:
        """The request as far as a fault is drawn for it."""
        return ParsedRequest(self.operation or "", DEFAULT_ORGANIZATION)

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

    def entry(self, seq: int, at: int) -> Entry:
        return arrival(self, seq, at)

    def hidden(self, text: str) -> str:
        """Return a text without this request's secrets."""
        return hiding(self).text(text) if text else ""


class DeclaredHandler(Serving):
    """Answers requests for a mock. `base_url` is the server's, for answers that name it."""

    def __init__(self, mock: Mock, *, base_url: str = "", opaque: bool = False) -> None:
        super().__init__(mock.service, opaque=opaque)
        self.mock, self.base_url = mock, base_url.rstrip("/")

    def use(self, mock: Mock) -> None:
        """Answer for another mock from now on."""
        super().__init__(mock.service, opaque=self.opaque)
        self.mock = mock

    def hide(self, text: str) -> str:
        return self.mock.secrets.hide(text)

    def takes(self, path: str, authorization: str | None) -> int:  # noqa: ARG002 - the front end's signature
        """Return how many bytes of a body are read at most."""
        limit = self.mock.platform.max_body
        return MAX_READ if limit is None else min(limit + 1, MAX_READ)

    def arrive(self, request: Request) -> DeclaredCall:
        message = self.read(request)
        operation, row, detail = self._match(message)
        shown = {}
        for name, read in operation.shows if operation is not None else ():
            id = read(message)
            if id is not None:
                shown[name] = id if type(id) is str and id.isascii() else _plain(id)
        if request.size > LARGE or request.unheld:
            request = beginning(request)
        call = self._call(request, message, operation, shown, row, detail)
        self.receive(call, self.mock.requests.arrive, operation is not None)
        if call.answered_with is not None:
            call.message = _ANSWERED
        return call

    def _call(
        self,
        request: Request,
        message: HttpMessage,
        operation: Operation | None,
        shown: Mapping[str, str],
        row: str = "",
        detail: str = "",
    ) -> DeclaredCall:
        mock, weight = self.mock, weight_of(request)
        context_id = mock.ids.context(mock.organization)
        kinds = mock.platform.kinds
        return DeclaredCall(request, message, context_id, operation, kinds, mock.secrets, shown, row, detail, weight=weight)

    @staticmethod
    def read(request: Request) -> HttpMessage:
        """Return a request as places read it; a gzip body is unpacked."""
        body = request.body
        if request.others and body and encoding_of(request) in GZIP:
            body = opened(request, MAX_READ, lambda: MAX_READ)[0]
        message = HttpMessage(request.method, request.path, request.query, request.others, body)
        message.usual = {
            "authorization": request.authorization,
            "content-type": request.content_type,
            "user-agent": request.agent,
            "host": request.host,
        }
        return message

    def answered(self, call: DeclaredCall) -> Response:
        try:
            return self.mock.requests.answer(call, self._render)
        finally:
            call.message = _ANSWERED  # the journal keeps the call, and not the whole of its body

    def _render(self, call: DeclaredCall, decision: Decision) -> Response:
        response = (self._answer if call.effect.status is None else self._injected)(call, decision)
        return replace(response, body=b"") if call.request.method == "HEAD" else response

    def unread(self, request: Request) -> DeclaredCall:
        return self._call(request, _ANSWERED, None, {})

    def own_answer(self, call: DeclaredCall, reason: Reason) -> tuple[Response, Known]:
        row = answer_of(reason)
        body = msgspec.json.encode({"message": row.message, "contextId": call.context_id})
        headers = [("Content-Type", JSON), ("Content-Length", str(len(body))), (CONTEXT, call.context_id)]
        headers += [("Retry-After", "1")] if row.status == 503 else []
        headers += [(REASON, reason.value)] if not self.opaque else []
        return Response(row.status, headers, body), Known(Recorded(0, 0, call.context_id, row.status, reason.value))

    def _match(self, message: HttpMessage) -> tuple[Operation | None, str, str]:
        """Return the operation, or the row and the detail of the refusal."""
        platform, method = self.mock.platform, message.method
        route = platform.exact.get(message.path)
        if route is None:
            found = platform.route(message.path, method)
            if found is None:
                return None, "route", ""
            route, message.params = found
        several = route.operations.get(method)
        if several is None and method == "HEAD":
            several = route.operations.get("GET")
        if several is None:
            return None, "method", ", ".join(sorted(route.operations))
        for operation in several:
            if not operation.conditions or operation.answers_to(message):
                return operation, "", ""
        return None, "route", ""

    # -- answers -----------------------------------------------------------------------------------------------------

    def _answer(self, call: DeclaredCall, decision: Decision) -> Response:
        effect = call.effect
        answer, values = decision.answer, self._values(call, decision)
        body, media = answer.body(values), answer.media
        if effect.body is not None and answer.status == 200:
            body, media = _unusable(body, effect.body), altered.media_type(effect.body)
        headers = self._headers_of(call, media, body, _reason(decision) if decision.refused_by else "")
        headers += answer.written(values)
        if self.mock.platform.always:
            headers += self._always(decision)
        if answer.cookies:
            cookies = ((name, decision.issued.get(kind)) for name, kind in answer.cookies)
            headers += [("Set-Cookie", f"{name}={id}; Path=/; HttpOnly") for name, id in cookies if id is not None]
        if decision.retry_after is not None and not any(name.lower() == "retry-after" for name, _ in headers):
            headers.append(("Retry-After", str(decision.retry_after)))
        if effect is NONE:
            return Response(answer.status, headers, body)
        whole = not effect.only_ok or answer.status == 200
        return Response(
            answer.status, headers, body, effect.after / 1000, effect.delivery if whole else "complete", effect.split
        )

    def _always(self, decision: Decision) -> list[tuple[str, str]]:
        """Return the headers that every answer brings, unless the answer has them already."""
        always = self.mock.platform.always
        own = {name.lower() for name, _ in decision.answer.headers}
        brought = ((kind.always, decision.issued.get(kind.name)) for kind in always)
        return [(place.name, id) for place, id in brought if place and id and place.name.lower() not in own]

    def _injected(self, call: DeclaredCall, decision: Decision) -> Response:
        """Return an error in place of the platform's own answer."""
        effect, status = call.effect, call.effect.status or 503
        row: Answer | None = self.mock.platform.refused.get(str(status))
        own = row is not None and any(name.lower() == "retry-after" for name, _ in row.headers)
        wait = 1 if effect.retry_after is None and status == HTTPStatus.TOO_MANY_REQUESTS and not own else effect.retry_after
        values = self._values(call, replace(decision, detail="" if wait is None else str(wait)))
        body = b"" if effect.emptied or row is None else row.body(values)
        headers = self._headers_of(
            call, row.media if body and row is not None else "", body, _reason(decision) or "fault.injected"
        )
        headers += row.written(values) if row is not None else []
        if not effect.emptied:
            headers += self._always(decision)
        written = altered.retry_after_text(wait, effect.retry_after_form, call.now)
        if written is not None:
            headers = [one for one in headers if one[0].lower() != "retry-after"] + [("Retry-After", written)]
        if 300 <= status < 400:
            headers.append(("Location", altered.PAGE))
        delivery = "complete" if effect.only_ok else effect.delivery
        return Response(status, headers, body, effect.after / 1000, delivery, effect.split)

    def _headers_of(self, call: DeclaredCall, media: str, body: bytes, reason: str) -> list[tuple[str, str]]:
        headers = [("Content-Type", media), ("Content-Length", str(len(body))), http_date(call.now // 1000)]
        if not body and call.called is not None and call.request.method == "HEAD":
            del headers[1]
        if not media:
            del headers[0]
        if not self.opaque:
            headers.append((CONTEXT, call.context_id))
            if reason:
                headers.append((REASON, reason))
        return headers

    def _values(self, call: DeclaredCall, decision: Decision) -> Values:
        return Values(
            call.message,
            call.context_id,
            call.now,
            call.shown,
            decision.issued,
            self.mock.ids.message,
            self.base_url,
            call.request.scheme,
            decision.detail,
            decision.field,
            decision.granted,
        )


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


def headers_kept(request: Request) -> list[tuple[str, str]]:
    """Return the headers that were kept of a request."""
    kept = []
    if request.authorization is not None:
        kept.append(("Authorization", request.authorization))
    if request.content_type is not None:
        kept.append(("Content-Type", request.content_type))
    if request.agent is not None:
        kept.append(("User-Agent", request.agent))
    if request.host is not None:
        kept.append(("Host", request.host))
    return [*kept, *request.others] if request.others else kept
