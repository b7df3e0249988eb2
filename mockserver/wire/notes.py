"""Journal entries for requests and answers. They are worded when somebody reads them; on the way they are references."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import UNSET

from mockserver.engine.lifecycle import state_of
from mockserver.engine.model import Operation, Reason
from mockserver.faults.effect import Effect
from mockserver.ids import pseudonym, redact_tokens
from mockserver.journal import Answer, Arrival, Entry, SessionChange
from mockserver.service import Outcome
from mockserver.wire.bodies import is_form, read_form
from mockserver.wire.credentials import basic, bearer, credential
from mockserver.wire.message import Request
from mockserver.wire.render import Context, render, retry_after, row_of

KEPT = 64 << 10
"""Bytes of a body that the journal keeps."""

_SECRET_NAMES = frozenset({"client_secret", "access_token", "authorization", "password"})
_SECRET_PARAMETER = re.compile(r"((?:client_secret|access_token|authorization|password)=)[^&\s]*", re.IGNORECASE)
REDACTED = "[REDACTED]"


class CallNote:
    """A call on its way, which is its own arrival entry. `secret` is its OAuth client's, once known: to be found and hidden."""

    __slots__ = ("context", "operation", "request", "secret")

    def __init__(self, request: Request, operation: Operation | None, context: Context) -> None:
        self.request = request if len(request.body) <= KEPT else msgspec.structs.replace(request, body=request.body[:KEPT])
        self.operation: Operation | None = operation
        self.context = context
        self.secret = ""

    @property
    def context_id(self) -> str:
        """Unique to the request."""
        return self.context.context_id

    def answered(self, outcome: Outcome, effect: Effect) -> AnswerNote:
        """The entry for the answer to this call."""
        return AnswerNote(outcome, effect, self.context)

    def entry(self, seq: int, at: int) -> Entry:
        """The arrival, its secrets redacted."""
        request = self.request
        hidden = _Hiding(self._secrets(), self.operation)
        shown = credential(request.authorization)
        path = hidden.text(request.path + ("?" + request.query if request.query else ""))
        in_url, hidden.found = hidden.found, False
        body, text = self._body(hidden)
        places = (("url",) if in_url else ()) + (("body",) if hidden.found else ())
        return Arrival(
            seq=seq,
            at=at,
            context_id=self.context.context_id,
            method=request.method,
            path=path,
            operation=self.operation,
            credential=msgspec.structs.replace(shown, seen_in=shown.seen_in + places) if places else shown,
            media_type=request.content_type,
            size=request.size,
            body=body,
            text=text,
            truncated=request.size > len(request.body),
        )

    def _secrets(self) -> tuple[str, ...]:
        pair = basic(self.request.authorization)
        shown = (bearer(self.request.authorization), pair.secret if pair else "", self.secret)
        return tuple(secret for secret in shown if secret and len(secret) >= 8)

    def _body(self, hidden: _Hiding) -> tuple[Any, str | None]:
        raw = self.request.body
        if not raw:
            return UNSET, None
        if self.operation == "token" and is_form(self.request.content_type):
            fields = read_form(self.request).document
            return hidden.form(fields), None
        try:
            return hidden.value(msgspec.json.decode(raw)), None
        except (ValueError, RecursionError):
            return UNSET, hidden.text(raw.decode("utf-8", "backslashreplace"))


class _Hiding:
    """Replaces secrets, and remembers whether it found one."""

    def __init__(self, secrets: tuple[str, ...], operation: Operation | None) -> None:
        self._secrets, self._operation, self.found = secrets, operation, False

    def text(self, text: str) -> str:
        hidden = _SECRET_PARAMETER.sub(r"\1" + REDACTED, text)
        for secret in self._secrets:
            hidden = hidden.replace(secret, REDACTED)
        hidden = redact_tokens(hidden)
        self.found = self.found or hidden != text
        return hidden

    def value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(name): self._member(name, member) for name, member in value.items()}
        return [self.value(item) for item in value] if isinstance(value, list) else value

    def _member(self, name: str, member: Any) -> Any:
        if name.lower() in _SECRET_NAMES and isinstance(member, str) and member:
            self.found = True
            return REDACTED
        return self.value(member)

    def form(self, fields: dict[str, str]) -> dict[str, str]:
        """A token request's own form may carry the secret: that is hidden too, but no leak."""
        shown = {name: REDACTED if name == "client_secret" else self.text(value) for name, value in fields.items()}
        self.found = False
        return shown


class AnswerNote:
    """The entry for an answer, made from the outcome it was made from."""

    __slots__ = ("context", "effect", "outcome")

    def __init__(self, outcome: Outcome, effect: Effect, context: Context) -> None:
        self.outcome, self.effect, self.context = outcome, effect, context

    def entry(self, seq: int, at: int) -> Entry:
        """The answer as it was put on the wire, or would have been where its delivery was broken."""
        outcome, effect = self.outcome, self.effect
        row = row_of(outcome, effect)
        response = render(outcome, effect, self.context)
        body = msgspec.json.decode(response.body) if response.body else UNSET
        issued = outcome.issued.token if outcome.issued is not None else None
        if issued is not None and isinstance(body, dict) and "access_token" in body:
            body["access_token"] = REDACTED
        return Answer(
            seq=seq,
            at=at,
            context_id=self.context.context_id,
            status=row.status,
            reason=str(outcome.reason),
            code=row.code or None if not effect.emptied else None,
            accepted=outcome.reason is Reason.MESSAGE_ACCEPTED,
            acted=outcome.at if outcome.acted else None,
            delivery=response.delivery,
            body=body,
            retry_after=retry_after(outcome, effect, row),
            session=_change(outcome),
            issued=outcome.session.id if outcome.reason is Reason.SESSION_CREATED and outcome.session else None,
            token=pseudonym(issued.value) if issued else None,
            token_expires_in=(issued.expires_at - issued.issued) // 1000 if issued else None,
            fault=effect.label or None,
        )


def _change(outcome: Outcome) -> SessionChange | None:
    before, after = outcome.before, outcome.session
    session = after or before
    if session is None:
        return None
    was = state_of(before, outcome.at) if before is not None else None
    return SessionChange(session.id, session.version, was, state_of(session, outcome.at) if after is not None else was)
