"""Records a run as a trace, which reports and exports read like the trace of a client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import UNSET

from contracts.judge import Clock
from contracts.platform_requests import PlatformReply
from contracts.probe.shape import CORRELATION
from mockserver.engine.model import MESSAGES, SESSIONS, TOKENS, Operation
from mockserver.ids import pseudonym
from mockserver.journal import SESSION_ID, Answer, Arrival, Entry, Header, Perturbed
from mockserver.wire.credentials import credential
from mockserver.wire.message import Request

OPERATIONS: Mapping[str, Operation] = {TOKENS: "token", SESSIONS: "create", MESSAGES: "send"}

LONGEST = 400
"""Most characters of a body that is not JSON, and most bytes of one that is, in a trace."""


class RecordedExchange(NamedTuple):
    """A request with its answer; `seq` is its place in the trace."""

    request: Request
    reply: PlatformReply
    seq: int


class Recorder:
    """The trace of one run. Times are in milliseconds on the provider's clock, or on this machine's."""

    def __init__(self, *, virtual: bool, in_process: bool, policy: dict[str, Any]) -> None:
        clock: Clock = "virtual" if virtual else "wall"
        door: Literal["socket", "in_process"] = "in_process" if in_process else "socket"
        self._header = Header(source="dayfly probe", clock=clock, door=door, policy=policy)
        self._entries: list[Entry] = []
        self._names: set[str] = set()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The trace so far, its header first."""
        return (self._header, *self._entries)

    def exchange(self, request: Request, reply: PlatformReply, at: int) -> RecordedExchange:
        """Record a request and its answer."""
        return self.exchanges([(request, reply)], at)[0]

    def exchanges(self, pairs: list[tuple[Request, PlatformReply]], at: int) -> list[RecordedExchange]:
        """Record requests that were under way at the same time, and then their answers."""
        names = [self._name(reply) for _, reply in pairs]
        made = []
        for (request, reply), name in zip(pairs, names, strict=True):
            made.append(RecordedExchange(request, reply, self._next))
            self._entries.append(_arrival(request, self._next, at, name))
        for (request, reply), name in zip(pairs, names, strict=True):
            self._entries.append(_answer(request, reply, self._next, at, name))
        return made

    def change(self, what: str, detail: dict[str, Any], at: int) -> None:
        """Record a change of the provider."""
        self._entries.append(Perturbed(self._next, at, what, detail))

    @property
    def _next(self) -> int:
        return len(self._entries) + 1

    def _name(self, reply: PlatformReply) -> str:
        """Return the contextId, unless it is missing or not unique."""
        told = reply.headers.get(CORRELATION, "")
        name = told if told and told not in self._names else f"exchange-{len(self._names) + 1}"
        self._names.add(name)
        return name


def _arrival(request: Request, seq: int, at: int, name: str) -> Arrival:
    body, text = _shown(request.body)
    return Arrival(
        seq=seq,
        at=at,
        context_id=name,
        method=request.method,
        path=request.path,
        operation=OPERATIONS.get(request.path),
        credential=credential(request.authorization),
        media_type=request.content_type,
        size=request.size,
        body=body,
        text=text,
        truncated=request.size > LONGEST,
    )


def _shown(body: bytes) -> tuple[Any, str | None]:
    """Return a body for a trace: decoded if it is short JSON, else the beginning of its text."""
    if body and len(body) <= LONGEST:
        try:
            return msgspec.json.decode(body), None
        except (ValueError, RecursionError):
            pass
    return UNSET, body[:LONGEST].decode("utf-8", "backslashreplace") or None


def _answer(request: Request, reply: PlatformReply, seq: int, at: int, name: str) -> Answer:
    done, document = reply.status == 200, dict(reply.document)
    token = reply.told("access_token") if done and request.path == TOKENS else ""
    if "access_token" in document:
        document["access_token"] = "[REDACTED]"
    lifetime = document.get("expires_in")
    return Answer(
        seq=seq,
        at=at,
        context_id=name,
        status=reply.status,
        reason=reply.headers.get("dayfly-reason") or reply.code or "",
        code=reply.code,
        accepted=done and request.path == MESSAGES,
        body=document or UNSET,
        retry_after=reply.retry_after,
        issued=(reply.told(SESSION_ID) or None) if done and request.path == SESSIONS else None,
        token=pseudonym(token) if token else None,
        token_expires_in=lifetime if token and isinstance(lifetime, int) else None,
    )
