"""Whether a story really comes out as it says: seen on a fresh organisation in this process, within bounds."""

from __future__ import annotations

from types import TracebackType

from contracts.probe.errors import ProbeError
from contracts.stories.codec import decode, encode
from contracts.stories.errors import StoryError
from contracts.stories.model import Story
from contracts.stories.run import run
from contracts.stories.stage import InProcess
from mockserver.assemble import assemble
from mockserver.errors import MockServerError
from mockserver.settings import Settings

MOST_REQUESTS = 6000
"""Requests that are made to find the smallest story; what is found by then is handed out."""


class Proof:
    """Puts stories on, none of them twice. A context manager."""

    def __init__(self) -> None:
        self._place = InProcess(assemble(Settings()))
        self._seen: dict[bytes, bool] = {}
        self.requests = 0
        self.latest = ""
        """What came of the last story that did not come out."""

    def __enter__(self) -> Proof:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._place.close()

    @property
    def may_go_on(self) -> bool:
        """Whether there are requests left."""
        return self.requests < MOST_REQUESTS

    def of(self, story: Story) -> bool:
        """Whether every request of the story is answered as it says."""
        key = encode(story)
        if key not in self._seen:
            self._seen[key] = self._holds(story, key)
        return self._seen[key]

    def _holds(self, story: Story, key: bytes) -> bool:
        try:
            told = run(decode(key), self._place)  # from its file, for that is what is handed out
        except (StoryError, ProbeError, MockServerError) as error:
            self.latest = str(error)
            return False
        self.requests += told.requests
        if told.outcome != "as expected":
            self.latest = f"step {len(told.steps)} of {len(story.steps)} is answered {told.steps[-1].got}"
            return False
        return True
