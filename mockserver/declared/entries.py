"""Requests and answers of a declared platform in the journal, without secrets, and as people look for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from mockserver.declared.decide import Decision
from mockserver.engine.model import Reason
from mockserver.ids import pseudonym
from mockserver.journal import Answer, Arrival, Delivery, Entry
from mockserver.journal_queries import Pair
from mockserver.platform.model import Kind, Platform
from mockserver.wire import notes

if TYPE_CHECKING:
    from mockserver.declared.handler import DeclaredCall

ACCEPTED, INJECTED = "accepted", Reason.FAULT.value
"""Reasons of answers that no guard gave."""


class Recorded(Struct, frozen=True, kw_only=True):
    """A request and its answer, if there is one. Times are milliseconds of the platform's time.

    `number` is its place among the requests that the journal keeps, `answer_seq` its answer's in the journal. `status` is None
    before the answer, and if the connection was closed without one. `acted_at` is when the platform decided, None if it did
    not: a fault answered in its place. `refused_by` is a guard and `cause` its reason, both "" if none refused. `shown` and
    `issued` are credentials by kind; a secret one is its pseudonym. `strangers` are those whose kind the declaration does not
    have, see `within`.
    """

    number: int
    arrival: Arrival
    answer: Answer | None = None
    context_id: str
    operation: str
    arrived_at: int
    method: str
    path: str
    body: Any = UNSET
    status: int | None = None
    fault: str = ""
    acted_at: int | None = None
    answer_seq: int = 0
    shown: Mapping[str, str] = {}
    issued: Mapping[str, str] = {}
    strangers: Mapping[str, str] = {}
    refused_by: str = ""
    cause: str = ""
    detail: str = ""


def told_as(kind: Kind, id: str) -> str:
    """Return the name of a credential in the journal: a pseudonym if its id is secret."""
    return pseudonym(id) if kind.duty.get("secret") else id


def arrival(call: DeclaredCall, seq: int, at: int) -> Entry:
    """Return the entry for a request's arrival."""
    entry = notes.arrival(call, seq, at)
    assert isinstance(entry, Arrival)
    return replace(entry, shown={name: told_as(call.kinds[name], id) for name, id in call.shown.items()})


def retry_after(headers: Iterable[tuple[str, str]]) -> str:
    """Return the value of Retry-After, "" without one."""
    return next((value for name, value in headers if name.lower() == "retry-after"), "")


class DeclaredAnswerNote(Struct, frozen=True, gc=False):
    """The entry for an answer. `wait` is its Retry-After."""

    call: DeclaredCall
    decision: Decision
    status: int
    delivery: Delivery
    body: bytes
    wait: str
    weight: int = 0
    """The bytes of the body if they are many: an answer may repeat what the request sent."""

    def entry(self, seq: int, at: int) -> Entry:
        """Return the answer with its number and timestamp."""
        call, decision = self.call, self.decision
        reason = f"{decision.refused_by}.{decision.cause}" if decision.refused_by else ACCEPTED if decision.acted else INJECTED
        brought = {name: told_as(call.kinds[name], id) for name, id in decision.issued.items()}
        return Answer(
            seq=seq,
            at=at,
            context_id=call.context_id,
            status=None if self.delivery == "lost_request" else self.status,
            reason=reason,
            code=None if decision.answer.code is None or call.effect.status is not None else str(decision.answer.code),
            accepted=decision.acted and not decision.refused_by,
            acted=at - call.effect.after if decision.acted else None,
            delivery=self.delivery,
            body=_body(self.body, call, decision),
            retry_after=int(self.wait) if self.wait.isdecimal() else None,
            retry_after_text=None if self.wait.isdecimal() else self.wait or None,
            unusable=call.effect.body is not None and self.status == 200,
            fault=call.effect.on(self.status).label or None,
            brought=brought,
            detail=call.hidden(decision.detail),
        )


def _body(body: bytes, call: DeclaredCall, decision: Decision) -> Any:
    """Return an answer's body without the secrets that it brings."""
    if not body:
        return UNSET
    try:
        document = msgspec.json.decode(body[: notes.KEPT])
    except (msgspec.DecodeError, RecursionError):
        return UNSET
    secret = (id for name, id in decision.issued.items() if call.kinds[name].duty.get("secret"))
    return notes.Redactor((*call.own_secrets, *secret), call.known_secrets).value(document)


def recorded(pairs: Iterable[Pair]) -> list[Recorded]:
    return [_recorded(number, *pair) for number, pair in enumerate(pairs, 1)]


def _recorded(number: int, arrival: Arrival, answer: Answer | None) -> Recorded:
    head = Recorded(
        number=number,
        arrival=arrival,
        context_id=arrival.context_id,
        operation=arrival.operation or "",
        arrived_at=arrival.at,
        method=arrival.method,
        path=arrival.path.partition("?")[0],
        body=arrival.text if arrival.body is UNSET else arrival.body,
        shown=arrival.shown,
    )
    if answer is None:
        return head
    guard, _, cause = answer.reason.partition(".")
    refused = answer.reason not in {ACCEPTED, INJECTED, answer.failure}
    return replace(
        head,
        answer=answer,
        status=answer.status if answer.delivery in {"complete", "truncated"} else None,
        fault=answer.fault or "",
        acted_at=answer.acted,
        answer_seq=answer.seq,
        issued=answer.brought,
        refused_by=guard if refused else "",
        cause=cause if refused else answer.failure or "",
        detail=answer.detail,
    )


def within(platform: Platform, one: Recorded) -> Recorded:
    """Return a request of a journal of another declaration, with the credentials apart whose kind this one does not have."""
    all = {**one.shown, **one.issued}
    if all.keys() <= platform.kinds.keys():
        return one
    shown, issued = ({name: id for name, id in of.items() if name in platform.kinds} for of in (one.shown, one.issued))
    return replace(one, shown=shown, issued=issued, strangers={k: id for k, id in all.items() if k not in platform.kinds})


def is_struck(platform: Platform, one: Recorded) -> bool:
    """Return True if an injected error answered a request that the platform had seen; see `declared.decide.struck`.

    Its answer has the body of a row. Errors from before the platform have none.
    """
    answer = one.answer
    if answer is None or one.acted_at is not None or answer.body is UNSET:
        return False
    row = platform.refused.get(str(answer.status))
    return row is not None and not row.harmless
