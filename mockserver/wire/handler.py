"""The one handler behind every front end. A Request becomes a Response in two steps, so that the front end can wait between."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from operator import attrgetter
from threading import Lock
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from mockserver import openapi
from mockserver.engine.decide import Outcome, ParsedRequest, refusal, secret_of
from mockserver.engine.model import ROUTES, SESSION_ID, Credential, Operation, Reason
from mockserver.errors import StoreUnavailable
from mockserver.ids import token_owner
from mockserver.service import PlatformService
from mockserver.stores.base import LIGHT
from mockserver.wire import altered, schemas
from mockserver.wire.bodies import FORM, JSON, ParsedBody, is_json, read_form, read_json
from mockserver.wire.call import ArrivedCall
from mockserver.wire.credentials import basic, bearer, shown_as
from mockserver.wire.encoding import GZIP, encoding_of, opened, whole
from mockserver.wire.message import Request, Response
from mockserver.wire.notes import LONGEST_REMEMBERED, AnswerNote
from mockserver.wire.redaction import Secrets
from mockserver.wire.render import headers_of, render
from mockserver.wire.serving import CALL, LARGE, Serving, beginning, weight_of

DOCUMENT = "/openapi.json"
"""The path of the platform's OpenAPI document."""

METHOD = "POST"

NOT_OBJECT = "The request body must be a JSON object."

UNREAD = frozenset(reason for reason in Reason if reason.startswith(("auth.", "scope.", "body.")))
"""Refusals that do not depend on the body."""


class Handler(Serving):
    """Answers requests of the operations in ROUTES.

    `key_header` names, in lower case, a header of the client's own that makes a request idempotent. It is journalled as a
    digest, as are headers with a usual name for that.
    """

    key_header = ""
    clients_known = 1024
    """Clients whose secrets are redacted in requests of others too."""

    def __init__(self, platform: PlatformService, *, opaque: bool = False) -> None:
        super().__init__(platform, opaque=opaque)
        self._known: dict[str, tuple[str, ...]] = {}
        self._secrets, self._learning, self._reading = Secrets(), Lock(), Lock()
        platform.hide = self.hide

    def takes(self, path: str, authorization: str | None) -> int:
        """Return how many bytes of a body are needed at `path` with this Authorization.

        That is the maximum in the policy of the token's organisation. Of other bodies only the beginning is needed.
        """
        operation, shown = ROUTES.get(path), _show(authorization)
        if operation is None or operation == "token" or shown.organization is None:
            return LARGE
        try:
            seen = self.platform.look(shown.asks(operation))
        except StoreUnavailable:
            return LARGE
        return seen.organization.policy.max_body if seen.token is not None else LARGE

    # -- arriving ----------------------------------------------------------------------------------------------------

    def arrive(self, request: Request) -> ArrivedCall:
        operation = ROUTES.get(request.path)
        if operation is None or request.method != METHOD:
            return self._arrive_lost(request, operation)
        if request.others and request.size and (encoding := encoding_of(request)) is not None:
            return self._arrive_packed(operation, request, encoding)
        if operation == "token":
            return self._arrive_token(request)
        if request.size > LARGE or request.unheld:
            return self._arrive_large(operation, request, lambda: request)
        ask, detail = _read(operation, request)
        platform = self.platform
        context_id = platform.ids.context(ask.organization or platform.stray)
        return self._arrived(ArrivedCall(request, operation, ask, context_id, detail, known_secrets=self._secrets))

    def _arrived(self, call: ArrivedCall) -> ArrivedCall:
        """Journal a call's arrival and read its snapshot. If the store cannot be reached, the call is answered already."""
        request = call.request
        if request.size > LARGE or request.unheld:
            request = call.request = beginning(request)
        if call.known_secrets is None or self.key_header:
            call.known_secrets, call.key_header = self._secrets, self.key_header
        size = request.size + len(request.authorization or "") + len(request.agent or "")
        unusual = request.query or request.others or request.content_type != JSON or call.refused is not None
        if size > LIGHT or unusual:
            call.weight = weight_of(request)
        self.receive(call, self.platform.arrive, call.refused is None)
        return call

    def _arrive_packed(self, operation: Operation, request: Request, encoding: str) -> ArrivedCall:
        """Unpack a gzip body as far as the policy accepts it. Any other encoding is an unsupported media type."""
        if encoding not in GZIP:
            return self._arrive_unread(operation, replace(request, body=b""), "")
        if request.unheld or request.size > len(request.body):
            cut = replace(request, body=b"")
            return self._arrive_token(cut) if operation == "token" else self._arrive_large(operation, cut, lambda: request)
        takes = partial(self.takes, request.path, request.authorization)
        beginning, size, problem = opened(request, LARGE, takes)
        plain = replace(request, body=beginning, size=size)
        if problem:
            return self._arrive_unread(operation, plain, problem)
        if operation == "token":
            return self._arrive_token(plain)
        return self._arrive_large(operation, plain, lambda: plain if size <= LARGE else whole(request))

    def _arrive_unread(self, operation: Operation, request: Request, problem: str) -> ArrivedCall:
        """Refuse a body because of `problem`, or because of its encoding if that is empty."""
        media, body = None if problem else Reason.MEDIA_TYPE, None
        words = f"{FORM if operation == 'token' else JSON}, with no Content-Encoding but gzip"
        if operation == "token":
            body = Reason.OAUTH_INVALID_REQUEST if problem else None
            client_id, secret = basic(request.authorization) or ("", "")
            ask = ParsedRequest("token", self._organization_of(client_id), client_id, media=media, body=body, size=request.size)
            return self._arrived(ArrivedCall(request, operation, ask, self._context(ask), problem, words, secret=secret))
        body, shown = Reason.NOT_JSON if problem else None, _show(request.authorization)
        ask = shown.asks(operation, media, body, request.size)
        return self._arrived(ArrivedCall(request, operation, ask, self._context(ask), problem, words))

    def _arrive_large(self, operation: Operation, request: Request, whole: Callable[[], Request]) -> ArrivedCall:
        """Read a large body only when nothing else refuses the request, and one at a time.

        `whole` returns the request with all of its body; `request` needs only the beginning. Reading a body takes many times
        its size in memory.
        """
        shown = _show(request.authorization)
        if request.unheld:
            ask = ParsedRequest(operation, shown.organization, shown.client_id, shown.token)
            return self._arrived(ArrivedCall(request, operation, ask, self._context(ask), refused=Reason.CAPACITY_BODIES))
        media = None if is_json(request.content_type) else Reason.MEDIA_TYPE
        ask = shown.asks(operation, media, None, request.size)
        call = self._arrived(ArrivedCall(request, operation, ask, self._context(ask)))
        if call.answered_with is not None or call.seen is None or refusal(ask, call.seen) in UNREAD:
            return call
        try:
            with self._reading:
                call.ask, call.detail = _read(operation, whole())
            call.seen = self.platform.look(call.ask)
        except StoreUnavailable as error:
            call.answered_with = self.failed(call, error, Reason.STORE_UNAVAILABLE)
        except Exception as error:
            vars(error)[CALL] = call
            raise
        return call

    def _arrive_token(self, request: Request) -> ArrivedCall:
        body = read_form(request)
        fields: dict[str, str] = body.document
        pair = basic(request.authorization)
        client_id, secret = pair or (fields.get("client_id", ""), fields.get("client_secret", ""))
        problem, detail = _check_form(body)
        organization = self._organization_of(client_id)
        if organization is None:
            self._learn_of(secret)
        ask = ParsedRequest("token", organization, client_id, media=body.media, body=problem, size=request.size)
        scope = fields.get("scope")
        scopes = tuple(scope.split(" ")) if scope else None
        call = ArrivedCall(request, "token", ask, self._context(ask), detail, FORM, secret=secret, scopes=scopes)
        self._arrived(call)
        if call.seen is not None and call.seen.client is not None:
            self._remember(call.seen.client)
        return call

    def _remember(self, client: Credential) -> None:
        """Learn a client's secret, to redact it everywhere. The oldest are forgotten first."""
        known, forms = self._known, shown_as(client.id, secret_of(client))
        if known.get(client.id) == forms:
            return
        with self._learning:
            forgotten = known.pop(client.id, ())
            known[client.id] = forms
            if len(known) > self.clients_known:
                forgotten += known.pop(next(iter(known)))
            for form in forms:
                self._secrets.add(form)
            for form in forgotten:
                self._secrets.discard(form)

    def hide(self, text: str) -> str:
        """Return a text with tokens and known secrets redacted."""
        return self._secrets.hide(text)

    def _arrive_lost(self, request: Request, operation: Operation | None) -> ArrivedCall:
        """Answer an unknown path or method. The answer is the same for everyone; the journal entry goes to the token's
        organisation."""
        shown = _show(request.authorization)
        ask = ParsedRequest(operation or "token", shown.organization, shown.client_id)
        context_id = self._context(ask)
        if request.path == altered.PAGE:
            headers = headers_of(self.platform.system(), context_id, altered.PAGE_BODY)
            body = b"" if request.method == "HEAD" else altered.PAGE_BODY
            page = Response(200, [("Content-Type", altered.media_type("html")), *headers[1:]], body)
            return ArrivedCall(request, None, ask, context_id, answered_with=page)
        if request.path != DOCUMENT:
            refused = Reason.ROUTE_UNKNOWN if operation is None else Reason.ROUTE_METHOD
            return self._arrived(ArrivedCall(request, operation, ask, context_id, refused=refused))
        if request.method not in {"GET", "HEAD"}:
            return self._arrived(ArrivedCall(request, None, ask, context_id, allow="GET, HEAD", refused=Reason.ROUTE_METHOD))
        document = msgspec.json.encode(openapi.document())
        headers = headers_of(self.platform.system(), context_id, document)
        sent = document if request.method == "GET" else b""
        return ArrivedCall(request, None, ask, context_id, answered_with=Response(200, headers, sent))

    def _organization_of(self, client_id: str) -> str | None:
        try:
            return self.platform.find_client(client_id) if client_id else None
        except StoreUnavailable:
            return None  # `_arrived` uses the same store, and answers for it

    def _learn_of(self, shown: str) -> None:
        """Learn the secret of a client whose id was sent as the secret: then the secret was probably sent as the id."""
        organization = self._organization_of(shown)
        if organization is not None:
            found = self.platform.look(ParsedRequest("token", organization, shown)).client
            if found is not None:
                self._remember(found)

    def _context(self, ask: ParsedRequest) -> str:
        return self.platform.ids.context(ask.organization or self.platform.stray)

    # -- answering ---------------------------------------------------------------------------------------------------

    def answered(self, call: ArrivedCall) -> Response:
        return render(call, self._act(call), opaque=self.opaque)

    def _act(self, call: ArrivedCall) -> Outcome:
        platform, effect = self.platform, call.effect
        seen = platform.look(call.ask) if effect.before or call.seen is None else call.seen
        if not effect.acts:
            return platform.refuse(call, seen, Reason.FAULT)
        if call.refused is not None:
            return platform.refuse(call, seen, call.refused)
        if call.operation == "token":
            return platform.grant(call, seen, call.secret, call.scopes)
        return platform.answer(call, seen)

    def unread(self, request: Request) -> ArrivedCall:
        operation, shown = ROUTES.get(request.path), _show(request.authorization)
        ask = ParsedRequest(operation or "token", shown.organization, shown.client_id, size=request.size)
        call = ArrivedCall(request, operation, ask, self._context(ask), known_secrets=self._secrets, key_header=self.key_header)
        call.weight = weight_of(request)
        return call

    def own_answer(self, call: ArrivedCall, reason: Reason) -> tuple[Response, AnswerNote]:
        """See Serving. A failure of the mock itself is not subject to the call's fault."""
        if reason is Reason.INTERNAL:
            call = ArrivedCall(Request(method=METHOD, path=""), None, ParsedRequest("token"), call.context_id)
        outcome = Outcome(reason, self.platform.nobody(), acted=False)
        return render(call, outcome, opaque=self.opaque), AnswerNote(call, outcome)


# -- reading ---------------------------------------------------------------------------------------------------------


class _Shown(NamedTuple):
    """The contents of an Authorization header: the token and its owner, or the problem with it."""

    organization: str | None
    client_id: str
    token: str
    problem: Reason | None

    def asks(self, operation: Operation, *body: Any) -> ParsedRequest:
        """Return a request of an operation with this header, and what `body` says of the rest."""
        return ParsedRequest(operation, self.organization, self.client_id, self.token, self.problem, *body)


def _show(authorization: str | None) -> _Shown:
    return _remembered(authorization) if len(authorization or "") <= LONGEST_REMEMBERED else _shown_in(authorization)


def _shown_in(authorization: str | None) -> _Shown:
    token = bearer(authorization)
    if not token:
        return _Shown(None, "", "", Reason.AUTH_MALFORMED if token is None else Reason.AUTH_MISSING)
    organization, client_id = token_owner(token) or (None, "")
    return _Shown(organization, client_id, token, None)


_remembered = lru_cache(maxsize=256)(_shown_in)


_session_of = attrgetter(SESSION_ID)


def _read(operation: Operation, request: Request) -> tuple[ParsedRequest, str]:
    """Read a create or a send: fast if it has the usual shape, otherwise with care, and with an error message."""
    organization, client_id, token, problem = _show(request.authorization)
    size = request.size
    if size == len(request.body) and (request.content_type == JSON or is_json(request.content_type)):
        document = schemas.quick_decoder(operation)(request.body)
        if document is not None:
            if operation == "send":
                id, length, guest = _session_of(document), len(document.text), ("", "")
            else:
                id, length, guest = "", 0, (document.guest.name, document.guest.email)
            return ParsedRequest(operation, organization, client_id, token, problem, None, None, size, id, length, guest), ""
    return _read_with_care(operation, request, _show(request.authorization))


def _read_with_care(operation: Operation, request: Request, shown: _Shown) -> tuple[ParsedRequest, str]:
    body = read_json(request)
    reason, detail = _check_json(operation, body, request)
    id, length, guest = (
        _content(operation, body.document) if reason is None and type(body.document) is dict else ("", 0, ("", ""))
    )
    return shown.asks(operation, body.media, reason, request.size, id, length, guest), detail


def _content(operation: Operation, document: dict[str, Any]) -> tuple[str, int, tuple[str, str]]:
    """Return what the engine needs of a valid document: session id, length of the text, guest."""
    if operation == "send":
        return document[SESSION_ID], len(document["text"]), ("", "")
    guest = document.get("guest")
    return "", 0, (guest["name"], guest["email"]) if guest else ("", "")


def _check_json(operation: Operation, body: ParsedBody, request: Request) -> tuple[Reason | None, str]:
    """Return the problem with a JSON body, and its message. An empty body counts as none."""
    if body.problem is not None or request.size > len(request.body):
        return body.problem, body.detail
    if body.document is None and operation == "create":
        return None, ""
    if type(body.document) is not dict:
        empty = operation == "send" and not request.size
        return (Reason.NOT_JSON, "The request body is empty.") if empty else (Reason.NOT_OBJECT, NOT_OBJECT)
    problem = schemas.problem(operation, body.document)
    return (None, "") if problem is None else (Reason.INVALID, problem)


def _check_form(body: ParsedBody) -> tuple[Reason | None, str]:
    """Return the problem with a token request's form, and its message."""
    if body.problem is not None:
        return body.problem, body.detail
    grant = body.document.get("grant_type")
    if grant is None:
        return Reason.OAUTH_INVALID_REQUEST, "the field grant_type is missing"
    return (None, "") if grant == "client_credentials" else (Reason.OAUTH_UNSUPPORTED_GRANT, "")
