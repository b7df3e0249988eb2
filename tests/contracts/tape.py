"""Writes traces by hand, as the mock and its world would: short enough that a test can show a whole story."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET

from contracts.judge import Judgement, Parameters
from mockserver.engine.model import Operation, State
from mockserver.journal import (
    Answer,
    Arrival,
    Began,
    Ended,
    Entry,
    Guest,
    Header,
    Perturbed,
    Returned,
    SessionChange,
    ShownCredential,
)

START = 1_767_261_600_000

PATHS = {
    "token": "/oauth/token",
    "create": "/api/v2/conversations/webchat/sessions",
    "send": "/api/v2/conversations/messaging/external/guests/sendmessage",
}
CODES = {
    400: ("body.invalid", "constraint.validation"),
    401: ("auth.revoked", "bad.credentials"),
    403: ("session.consumed", "not.authorized"),
    404: ("route.unknown", "not.found"),
    413: ("body.too-large", "request.entity.too.large"),
    415: ("body.media-type", "unsupported.media.type"),
    429: ("rate.limited", "too.many.requests.retry.after"),
    500: ("fault.injected", "internal.server.error"),
    503: ("fault.injected", "service.unavailable"),
}
SUCCESS = {"token": "token.issued", "create": "session.created", "send": "message.accepted"}
SCOPE: dict[str, Any] = {"status": 403, "reason": "scope.missing", "code": "app.not.authorized.for.scope"}
DEAD: dict[str, Any] = {"status": 403}
OPAQUE: dict[str, Any] = {"status": 403, "reason": "fault.injected", "code": None, "fault": "opaque 403"}
LOST_REQUEST: dict[str, Any] = {"delivery": "lost_request", "accepted": False, "fault": "lost request"}
LOST_RESPONSE: dict[str, Any] = {"delivery": "lost_response", "fault": "lost response"}


def guest(name: str) -> Guest:
    return Guest(name, f"{name}@example.com")


class Tape:
    """A trace in the making. Times are in seconds; a call takes none unless told to."""

    def __init__(
        self,
        clock: Literal["virtual", "wall", "mixed"] = "virtual",
        door: Literal["socket", "in_process"] = "in_process",
        **policy: Any,
    ) -> None:
        self.entries: list[Entry] = [Header(clock=clock, door=door, policy=policy)]
        self.now = START
        self._open: list[Began] = []
        self._sessions = 0
        self._intents = 0
        self._items = 0
        self._calls: dict[str, Arrival] = {}

    # -- the client's side -------------------------------------------------------------------------------------------

    def begin(self, text: str = "hello", name: str = "ann", item: int | None = None) -> int:
        """Begin an intent. Give parallel ones the same `item`."""
        self._items += 1
        began = Began(self._seq, self.now, self._intents, guest(name), text, self._items if item is None else item)
        self._intents += 1
        self._open.append(began)
        self.entries.append(began)
        return began.intent

    def end(self, outcome: Literal["accepted", "failed", "never"] = "accepted", intent: int | None = None) -> None:
        """The oldest open intent ends, or the one named."""
        began = next(began for began in self._open if intent in {None, began.intent})
        self._open.remove(began)
        self.entries.append(Ended(self._seq, self.now, began.intent, outcome))

    def wait(self, seconds: float) -> None:
        """The client sleeps."""
        self.now += round(seconds * 1000)

    def perturb(self, what: str, former: dict[str, Any] | None = None, **detail: Any) -> None:
        """The world does something. A change of the policy may tell the `former` values."""
        if what == "advance":
            self.wait(detail["seconds"])
        self.entries.append(Perturbed(self._seq, self.now, what, detail, former or {}))

    # -- calls -------------------------------------------------------------------------------------------------------

    def token(self, issued: str = "t:1", **answer: Any) -> str:
        """A whole token call that brings `issued`."""
        self.answer_token(self.leave_token(), issued, **answer)
        return issued

    def leave_token(self) -> str:
        return self.leave("token", ShownCredential("basic", client_id="client", seen_in=("header",)))

    def answer_token(self, context: str, issued: str = "t:1", **answer: Any) -> None:
        """A token call is answered."""
        whole = answer.get("status", 200) == 200
        brought: dict[str, Any] = {"token": issued, "token_expires_in": 86_400} if whole else {}
        self.answer(context, **brought | answer)

    def create(
        self, name: str | None = None, token: str | None = "t:1", credential: ShownCredential | None = None, **answer: Any
    ) -> str:
        """Add a whole create, and return the id that it brings if it is answered with 200."""
        return self.created(self.leave_create(name, token, credential), **answer)

    def send(self, session: Any, text: str | None = None, token: str | None = "t:1", **answer: Any) -> None:
        """A whole send."""
        self.answer(self.leave_send(session, text, token), **answer)

    def leave_create(
        self, name: str | None = None, token: str | None = "t:1", credential: ShownCredential | None = None
    ) -> str:
        who = guest(name) if name else self._open[0].guest if self._open else guest("ann")
        return self.leave("create", credential or bearer(token), {"guest": {"name": who.name, "email": who.email}})

    def leave_send(self, session: Any, text: str | None = None, token: str | None = "t:1") -> str:
        text = text if text is not None else self._open[0].text if self._open else "hello"
        return self.leave("send", bearer(token), {"webChatSessionId": session, "text": text})

    def created(self, context: str, **answer: Any) -> str:
        """A create is answered."""
        self._sessions += 1
        id = f"session-{self._sessions}"
        acts = answer.get("status", 200) == 200 and answer.get("delivery") != "lost_request"
        change = SessionChange(id, 1, None, State.ACTIVE)
        made: dict[str, Any] = {"issued": id, "session": change} if acts else {}
        self.answer(context, **made | answer)
        return id

    def leave(
        self,
        operation: Operation | None,
        credential: ShownCredential,
        body: Any = UNSET,
        path: str | None = None,
        media_type: str | None = "application/json",
        size: int = 64,
        **arrival: Any,
    ) -> str:
        """A request arrives at the mock; its contextId."""
        context = f"context-{len(self._calls) + 1}"
        entry = Arrival(
            self._seq,
            self.now,
            context,
            arrival.pop("method", "POST"),
            path or PATHS[operation or "send"],
            operation,
            credential,
            media_type=media_type,
            size=size,
            body=body,
            **arrival,
        )
        self._calls[context] = entry
        self.entries.append(entry)
        return context

    def answer(self, context: str, status: int = 200, delay: float = 0, **fields: Any) -> None:
        """It is answered; the answer leaves after `delay` seconds."""
        operation = self._calls[context].operation
        reason, code = CODES.get(status, (SUCCESS[operation or "send"], None))
        accepted = operation == "send" and status == 200
        values = {"reason": reason, "code": code, "accepted": accepted} | self._session(context, accepted) | fields
        self.entries.append(Answer(self._seq, self.now + round(delay * 1000), context, status=status, **values))
        self.now += round(delay * 1000)

    def returned(self, context: str, answered: bool = True) -> None:
        """The answer reaches the client, or the client stops waiting for it."""
        self.entries.append(Returned(self._seq, self.now, context, answered))

    def _session(self, context: str, accepted: bool) -> dict[str, Any]:
        body = self._calls[context].body
        id = body.get("webChatSessionId") if isinstance(body, dict) else None
        if not isinstance(id, str) or not id.startswith("session-"):
            return {}
        return {"session": SessionChange(id, 2, State.ACTIVE, State.CONSUMED if accepted else State.ACTIVE)}

    @property
    def _seq(self) -> int:
        return len(self.entries)

    # -- the verdict -------------------------------------------------------------------------------------------------

    def judged(self, **parameters: Any) -> Judgement:
        """Return the judge's result."""
        from contracts.clauses import judged

        return judged(self.entries, Parameters(**parameters))

    def status(self, code: str, **parameters: Any) -> str:
        """Return the result of one clause."""
        return str(self.judged(**parameters).of(code).status)

    def roots(self, **parameters: Any) -> list[str]:
        """The clauses violated that no other violation explains."""
        return [verdict.code for verdict in self.judged(**parameters).violated]


def bearer(token: str | None) -> ShownCredential:
    return ShownCredential("none") if token is None else ShownCredential("bearer", token=token, seen_in=("header",))
