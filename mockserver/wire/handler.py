"""Every door's one way in: a Request becomes a Response, in two steps so that a door can wait between them."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from mockserver import openapi
from mockserver.engine.decide import Ask, Seen
from mockserver.engine.model import Operation, Reason
from mockserver.errors import ConflictError, StoreUnavailable
from mockserver.faults import NONE, effect_of
from mockserver.faults.effect import Effect
from mockserver.ids import token_owner
from mockserver.service import Outcome, Platform
from mockserver.wire import schemas
from mockserver.wire.bodies import FORM, Body, read_form, read_json
from mockserver.wire.credentials import basic, bearer
from mockserver.wire.message import Request, Response
from mockserver.wire.notes import CallNote
from mockserver.wire.render import Context, plain, render

DOCUMENT = "/openapi.json"
"""Where the platform's OpenAPI document is served."""

ROUTES: dict[str, Operation] = {
    "/oauth/token": "token",
    "/login/oauth/token": "token",
    "/api/v2/conversations/webchat/sessions": "create",
    "/api/v2/conversations/messaging/external/guests/sendmessage": "send",
}
METHOD = "POST"

_log = logging.getLogger("dayfly")


class Pending(Struct, frozen=True, kw_only=True):
    """A request that has arrived: what was read of it, what was seen, and the fault that hits it. `delay` in seconds."""

    note: CallNote
    ask: Ask
    seen: Seen
    effect: Effect = NONE
    refused: Reason | None = None
    secret: str = ""
    scopes: tuple[str, ...] | None = None
    answered: Response | None = None

    @property
    def delay(self) -> float:
        """Seconds to wait before the platform acts."""
        return self.effect.before / 1000

    @property
    def context_id(self) -> str:
        """Unique to the request."""
        return self.note.context_id


class Handler:
    """Answers requests of the platform's operations; `opaque` hides reasons from clients, never from the journal."""

    def __init__(self, platform: Platform, *, opaque: bool = False) -> None:
        self.platform, self.opaque = platform, opaque

    def handle(self, request: Request) -> Response:
        """The answer to a request, without waiting: its delays are told in it, for the door to keep."""
        return self.finish(self.arrive(request))

    # -- arriving ----------------------------------------------------------------------------------------------------

    def arrive(self, request: Request) -> Pending:
        """Reads a request, journals its arrival and picks the fault that hits it. Never blocks but for the store."""
        operation = ROUTES.get(request.path)
        if request.path == DOCUMENT and request.method == "GET":
            return self._arrive_reader(request)
        if operation is None or request.method != METHOD:
            return self._arrive_lost(request, operation)
        return self._arrive_token(request) if operation == "token" else self._arrive_bearer(request, operation)

    def _arrive_bearer(self, request: Request, operation: Operation) -> Pending:
        token = bearer(request.authorization)
        owner = token_owner(token) if token else None
        body = read_json(request)
        reason, detail = _check_json(operation, body, request)
        sound = reason is None and type(body.document) is dict
        ask = Ask(
            operation=operation,
            organization=owner[0] if owner else None,
            client_id=owner[1] if owner else "",
            bearer=token or "",
            credential=None if token else Reason.AUTH_MISSING if token == "" else Reason.AUTH_MALFORMED,
            media=body.media,
            body=reason,
            size=request.size,
            **(_content(operation, body.document) if sound else {}),
        )
        return self._arrive(request, ask, detail=detail)

    def _arrive_token(self, request: Request) -> Pending:
        body = read_form(request)
        fields = body.document
        pair = basic(request.authorization)
        client_id, secret = pair or (fields.get("client_id", ""), fields.get("client_secret", ""))
        problem, detail = _check_form(body)
        ask = Ask(
            operation="token",
            organization=self._organization_of(client_id),
            client_id=client_id,
            media=body.media,
            body=problem,
            size=request.size,
        )
        scope = fields.get("scope")
        scopes = tuple(scope.split(" ")) if scope else None
        return self._arrive(request, ask, detail=detail, media=FORM, secret=secret, scopes=scopes)

    def _arrive_reader(self, request: Request) -> Pending:
        """A reader of the document is answered at once, and not journalled: it is no part of the platform."""
        context = Context(context_id=self.platform.ids.context(self.platform.stray))
        document = plain(msgspec.json.encode(openapi.document()), self.platform.system(), context)
        note = CallNote(request, None, context)
        return Pending(note=note, ask=Ask(operation="token"), seen=Seen(self.platform.nobody()), answered=document)

    def _arrive_lost(self, request: Request, operation: Operation | None) -> Pending:
        """A path or method there is not: answered alike for everybody, journalled with whoever shows a token."""
        owner = token_owner(bearer(request.authorization) or "")
        ask = Ask(operation=operation or "token", organization=owner[0] if owner else None)
        known = operation is not None or request.path == DOCUMENT
        allow = "GET" if request.path == DOCUMENT else METHOD
        refused = Reason.ROUTE_METHOD if known else Reason.ROUTE_UNKNOWN
        return self._arrive(request, ask, routed=operation, refused=refused, allow=allow, faulty=False)

    def _organization_of(self, client_id: str) -> str | None:
        try:
            return self.platform.find_client(client_id) if client_id else None
        except StoreUnavailable:
            return None  # `arrive` meets the same store and answers for it

    def _arrive(
        self,
        request: Request,
        ask: Ask,
        *,
        detail: str = "",
        media: str = "application/json",
        allow: str = METHOD,
        routed: Operation | None = None,
        refused: Reason | None = None,
        secret: str = "",
        scopes: tuple[str, ...] | None = None,
        faulty: bool = True,
    ) -> Pending:
        platform = self.platform
        context = Context(
            context_id=platform.ids.context(ask.organization or platform.stray),
            detail=detail,
            client_id=ask.client_id,
            media=media,
            allow=allow,
            opaque=self.opaque,
        )
        note = CallNote(request, ask.operation if faulty else routed, context)
        try:
            seen, plan = platform.arrive(note, ask)
            fault = platform.draw_fault(seen, plan, ask, note) if plan is not None and faulty else None
        except (StoreUnavailable, ConflictError) as error:
            return Pending(note=note, ask=ask, seen=Seen(platform.nobody()), answered=self._unavailable(context, error))
        if seen.client is not None:
            note.secret = seen.client.secret
        effect = effect_of(fault)
        return Pending(note=note, ask=ask, seen=seen, effect=effect, refused=refused, secret=secret, scopes=scopes)

    # -- answering ---------------------------------------------------------------------------------------------------

    def finish(self, pending: Pending) -> Response:
        """Decides, commits and journals the answer, and renders it."""
        if pending.answered is not None:
            return pending.answered
        try:
            outcome = self._act(pending)
        except (StoreUnavailable, ConflictError) as error:
            return self._unavailable(pending.note.context, error)
        response = render(outcome, pending.effect, pending.note.context)
        return replace(response, body=b"") if pending.note.request.method == "HEAD" else response

    def _act(self, pending: Pending) -> Outcome:
        platform, note, ask, effect = self.platform, pending.note, pending.ask, pending.effect
        seen = platform.look(ask) if effect.before else pending.seen
        if not effect.acts:
            return platform.refuse(note, seen, Reason.FAULT, effect)
        if pending.refused is not None:
            return platform.refuse(note, seen, pending.refused, effect)
        if ask.operation == "token":
            return platform.grant(note, ask, pending.secret, pending.scopes, seen, effect)
        return platform.answer(note, ask, seen, effect)

    def _unavailable(self, context: Context, error: Exception) -> Response:
        return self._failed(context, Reason.STORE_UNAVAILABLE, error)

    def broken(self, error: Exception) -> Response:
        """The answer where the mock itself failed: a 500 in the platform's shape."""
        return self._failed(Context(context_id=self.platform.ids.context(self.platform.stray)), Reason.INTERNAL, error)

    def _failed(self, context: Context, reason: Reason, error: Exception) -> Response:
        _log.error("%s %s: %s", context.context_id, reason, error, exc_info=reason is Reason.INTERNAL)
        nobody = Seen(self.platform.nobody())
        return render(Outcome(reason=reason, at=self.platform.system(), seen=nobody), NONE, context)


def _content(operation: Operation, document: dict[str, Any]) -> dict[str, Any]:
    """What the engine needs to know of a valid document."""
    if operation == "send":
        return {"session_id": document["webChatSessionId"], "text_length": len(document["text"])}
    guest = document.get("guest")
    return {"guest": (guest["name"], guest["email"])} if guest else {}


def _check_json(operation: Operation, body: Body, request: Request) -> tuple[Reason | None, str]:
    """What is wrong with a JSON body, and how to say it; an empty body is one that was not sent."""
    if body.problem is not None or request.size > len(request.body):
        return body.problem, body.detail
    if body.document is None and operation == "create":
        return None, ""
    if type(body.document) is not dict:
        empty = operation == "send" and not request.size
        return (Reason.NOT_JSON, "The request body is empty.") if empty else (Reason.NOT_OBJECT, "")
    problem = schemas.problem(operation, body.document)
    return (None, "") if problem is None else (Reason.INVALID, problem)


def _check_form(body: Body) -> tuple[Reason | None, str]:
    """What is wrong with a token request's form, and how to say it."""
    if body.problem is not None:
        return body.problem, body.detail
    grant = body.document.get("grant_type")
    if grant is None:
        return Reason.OAUTH_INVALID_REQUEST, "the field grant_type is missing"
    return (None, "") if grant == "client_credentials" else (Reason.OAUTH_UNSUPPORTED_GRANT, "")
