"""The way from a contextId to its explanation."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from mockserver.clock import iso
from mockserver.engine.model import UNASSIGNED, Reason
from mockserver.errors import NotFound
from mockserver.explain.advice import advice_for
from mockserver.explain.case import RequestCase, gather
from mockserver.explain.guards import guards_of
from mockserver.explain.life import life_of
from mockserver.explain.model import ExplainedRequest, Explanation, SentAnswer, SessionLife
from mockserver.explain.why import accepted_if, missed, summary
from mockserver.explain.words import shortened
from mockserver.ids import context_in, context_owner
from mockserver.journal import Answer, Arrival
from mockserver.journal_queries import Reader, guest_asked, number, text_of
from mockserver.service import PlatformService
from mockserver.stores.base import ORGANIZATION


def explain(platform: PlatformService, context_id: str, within: Sequence[str] | None = None) -> Explanation:
    """Explain the request with this contextId, from the organisations in `within`.

    By default that is the organisation it names, and the journals of requests that name none. The id may be in capitals, or
    have the header's name before it. Raises NotFound, which says whether it is not a contextId, names an organisation that does
    not exist, or is not in the bounded journal.
    """
    context_id = context_in(context_id) or context_id
    owner = context_owner(context_id)
    if owner is None:
        raise NotFound("request", context_id, "this is not a contextId; every answer has one in its ININ-Correlation-Id header")
    for organization in dict.fromkeys(within or (owner, platform.stray, UNASSIGNED)):
        case = gather(platform, organization, context_id)
        if case is not None:
            return told(case)
    raise NotFound("request", context_id, _why_not(platform, owner, within))


def _why_not(platform: PlatformService, owner: str, within: Sequence[str] | None) -> str:
    if within is not None and owner not in within:
        return f"it belongs to another organisation, {owner}"
    if owner != UNASSIGNED and platform.store.load(owner, (ORGANIZATION,)).records[0] is None:
        return f"its organisation {owner} was deleted, or belongs to another server"
    return absence(Reader(platform.store, owner))


def absence(reader: Reader) -> str:
    """Return why a request is not in this journal."""
    first = next(reader.entries(), None)
    if first is None:
        return "the journal is empty: no request was made, or it has been reset"
    if number(first) == 1:
        return "the journal is complete and does not have it: it was never made on this server"
    return f"the journal begins at entry {number(first)}: the request is older, or was never made on this server"


def told(case: RequestCase) -> Explanation:
    life = life_of(case)
    return Explanation(
        context_id=case.arrival.context_id,
        organization=case.organization.id,
        summary=summary(case, life),
        asked=_asked(case, life),
        answer=sent_answer(case.answer, case.arrival.at),
        guards=guards_of(case.arrival.operation, case.reason),
        session=life,
        accepted_if=accepted_if(case, life),
        missed=missed(case, life),
        advice=advice_for(case.reason, case.session_id, _is_unseen(case)),
    )


def _is_unseen(case: RequestCase) -> bool:
    """Return whether the platform acted without the client getting to know it."""
    answer = case.answer
    if answer is None or not (answer.accepted or answer.issued or answer.token):
        return False
    return answer.delivery != "complete" or answer.status != 200


def _asked(case: RequestCase, life: SessionLife | None) -> ExplainedRequest:
    arrival = case.arrival
    text = text_of(arrival) if arrival.text is None else None
    return replace(
        asked(arrival),
        client_id=case.client_id,
        session=case.session_id if arrival.operation == "send" else None,
        guest=guest_asked(arrival) or (life.guest if life is not None and case.reason is not Reason.SESSION_FOREIGN else None),
        text=shortened(text) if text is not None else None,
    )


def asked(arrival: Arrival) -> ExplainedRequest:
    """Return what the journal says of a request to any platform."""
    return ExplainedRequest(
        method=arrival.method,
        path=arrival.path,
        operation=arrival.operation,
        at=arrival.at / 1000,
        time=iso(arrival.at),
        credential=arrival.credential,
        body=shortened(arrival.text) if arrival.text is not None else None,
        traceparent=arrival.traceparent,
    )


def sent_answer(answer: Answer | None, arrived_at: int) -> SentAnswer | None:
    """Return an answer as it was sent to a request that arrived at `arrived_at` (milliseconds); None without one."""
    if answer is None:
        return None
    body = answer.body if isinstance(answer.body, dict) else {}
    return SentAnswer(
        status=answer.status,
        reason=answer.reason,
        code=answer.code,
        message=body.get("message") or body.get("description"),
        accepted=answer.accepted,
        retry_after=answer.retry_after,
        fault=answer.fault,
        delivery=answer.delivery,
        duration=max(0, answer.at - arrived_at) / 1000,
        failure=answer.failure,
    )
