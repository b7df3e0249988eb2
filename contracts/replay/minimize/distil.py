"""Finds the smallest story that reproduces a request. Each that it returns has been run."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType

from contracts.errors import ContractsError
from contracts.replay.minimize.fallbacks import recipes
from contracts.replay.minimize.minimize import smaller, tidy
from contracts.replay.minimize.past import Past, past_of
from contracts.replay.minimize.reconstruct import stories
from contracts.stories.codec import decode, encode
from contracts.stories.model import AnyStory, Story
from contracts.stories.run import run
from contracts.stories.stage import InProcessStage, StoryPlace
from contracts.verify.shrink import smallest
from mockserver.assemble import assemble
from mockserver.control import Tenant
from mockserver.engine.model import Reason
from mockserver.errors import MockServerError
from mockserver.explain.why import WHY
from mockserver.settings import Settings

MOST_REQUESTS = 6000
"""Most requests that are made to find the smallest story. After them the best story so far is returned."""

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


def distil(tenant: Tenant, context_id: str, origin: str = "") -> Story:
    """Return the smallest story found whose last request is answered like this one: same status, code and reason.

    `origin` names the request in its summary. It has been run on a fresh organisation with that result. Raises NotFound if the
    request is not in the journal or not answered, and NotReproduced if it was not refused or no such story was found.
    """
    past = past_of(tenant, context_id)
    answer = past.answer
    if answer.status == 200 and answer.delivery == "complete":
        raise NotReproduced(context_id, "it was not refused")
    told = Reason(answer.failure or answer.reason)
    if told in _BEYOND:
        raise NotReproduced(context_id, _BEYOND[told])
    with Proof() as proof:
        for story in _candidates(past, origin or f"request {context_id}"):
            if proof.of(story):
                return tidy(smallest(story, smaller, proof.may_go_on_with))
            if proof.requests >= MOST_REQUESTS:
                break
        raise NotReproduced(context_id, f"what is left of the journal leads to another answer: {proof.latest}")


def _candidates(past: Past, origin: str) -> Iterator[Story]:
    """Yield stories from the journal first, then the usual way to this reason."""
    title, summary = _told(past, origin)
    yield from stories(past, title, summary)
    yield from recipes(past, title, summary)


def _told(past: Past, origin: str) -> tuple[str, str]:
    """Return title and summary: the request with its answer, and the explanation of it."""
    arrival, answer = past.arrival, past.answer
    what = _ASKED.get(arrival.operation or "", "A request")
    got = f"answered {answer.status} {answer.reason}" if answer.delivery == "complete" else f"met by a {answer.fault}"
    return f"{what} is {got}", f"{WHY[Reason(answer.reason)]} Made from {origin}."


_ASKED = {"token": "A request for a token", "create": "A request for a session", "send": "A message"}


class Proof:
    """Runs stories, none of them twice. A context manager."""

    def __init__(self, place: StoryPlace | None = None) -> None:
        """The stories run in `place`, by default the mock in this process."""
        self._place = place or InProcessStage(assemble(Settings()))
        self._seen: dict[bytes, bool] = {}
        self.requests = 0
        self.latest = ""
        """The result of the last story that ended otherwise."""

    def __enter__(self) -> Proof:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._place.close()

    def may_go_on_with(self, story: AnyStory) -> bool:
        """Return whether requests are left to make, and every request of the story is answered as it says."""
        return self.requests < MOST_REQUESTS and self.of(story)

    def of(self, story: AnyStory) -> bool:
        """Return whether every request of the story is answered as it says."""
        key = encode(story)
        if key not in self._seen:
            self._seen[key] = self._holds(story, key)
        return self._seen[key]

    def _holds(self, story: AnyStory, key: bytes) -> bool:
        try:
            told = run(decode(key), self._place)  # decoded from its file, because the file is what users get
        except (ContractsError, MockServerError) as error:
            self.latest = str(error)
            return False
        self.requests += told.requests
        if told.outcome != "as expected":
            self.latest = f"step {len(told.steps)} of {len(story.steps)} is answered {told.steps[-1].got}"
            return False
        return True
