"""Finds the smallest story that reproduces a request."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.errors import ContractsError
from contracts.replay.minimize.fallbacks import recipes
from contracts.replay.minimize.minimize import smallest, tidy
from contracts.replay.minimize.past import Past, past_of
from contracts.replay.minimize.proof import Proof
from contracts.replay.minimize.reconstruct import stories
from contracts.stories.model import Story
from mockserver.control import Tenant
from mockserver.engine.model import Reason
from mockserver.explain.why import WHY

_BEYOND = {
    Reason.CAPACITY: "the server's own limit of live sessions was reached, which no request brings about in bounded time",
    Reason.CAPACITY_BODIES: "the server held as many large bodies as it has room for",
    Reason.BUSY: "as many requests waited at the server as it lets wait",
    Reason.STORE_UNAVAILABLE: "the store behind the server could not be reached",
    Reason.STORE_CONTENDED: "other requests kept changing the same record",
    Reason.INTERNAL: "the server itself failed; its log says how",
}
"""Reasons that do not depend on the organisation."""


class NotReproduced(ContractsError):
    """No story was refused as the request was. `context_id` names the request, `why` says what prevented it."""

    def __init__(self, context_id: str, why: str) -> None:
        super().__init__(f"request {context_id} is not reproduced: {why}")
        self.context_id, self.why = context_id, why


def distil(tenant: Tenant, context_id: str) -> Story:
    """Return the smallest story found whose last request is answered like this one: same status, code and reason.

    It has been run on a fresh organisation with that result. Raises NotFound if the request is not in the journal or not
    answered, and NotReproduced if it was not refused or no such story was found.
    """
    past = past_of(tenant, context_id)
    answer = past.answer
    if answer.status == 200 and answer.delivery == "complete":
        raise NotReproduced(context_id, "it was not refused")
    told = Reason(answer.failure or answer.reason)
    if told in _BEYOND:
        raise NotReproduced(context_id, _BEYOND[told])
    with Proof() as proof:
        for story in _candidates(past):
            if proof.of(story):
                return tidy(smallest(story, proof))
            if not proof.may_go_on:
                break
        raise NotReproduced(context_id, f"what is left of the journal leads to another answer: {proof.latest}")


def _candidates(past: Past) -> Iterator[Story]:
    """Yield stories from the journal first, then the usual way to this reason."""
    title, summary = _told(past)
    yield from stories(past, title, summary)
    yield from recipes(past, title, summary)


def _told(past: Past) -> tuple[str, str]:
    """Return title and summary: the request with its answer, and the explanation of it."""
    arrival, answer = past.pair.arrival, past.answer
    what = _ASKED.get(arrival.operation or "", "A request")
    got = f"answered {answer.status} {answer.reason}" if answer.delivery == "complete" else f"met by a {answer.fault}"
    return f"{what} is {got}", f"{WHY[Reason(answer.reason)]} Made from request {arrival.context_id}."


_ASKED = {"token": "A request for a token", "create": "A request for a session", "send": "A message"}
