"""Checks whether a story has the result it says, by running it on a fresh organisation in this process."""

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
"""Most requests that are made to find the smallest story. After them the best story so far is returned."""


class Proof:
    """Runs stories, none of them twice. A context manager."""

    def __init__(self) -> None:
        self._place = InProcess(assemble(Settings()))
        self._seen: dict[bytes, bool] = {}
        self.requests = 0
        self.latest = ""
        """The result of the last story that ended otherwise."""

    def __enter__(self) -> Proof:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._place.close()

    @property
    def may_go_on(self) -> bool:
        """Return whether requests are left to make."""
        return self.requests < MOST_REQUESTS

    def of(self, story: Story) -> bool:
        """Return whether every request of the story is answered as it says."""
        key = encode(story)
        if key not in self._seen:
            self._seen[key] = self._holds(story, key)
        return self._seen[key]

    def _holds(self, story: Story, key: bytes) -> bool:
        try:
            told = run(decode(key), self._place)  # decoded from its file, because the file is what users get
        except (StoryError, ProbeError, MockServerError) as error:
            self.latest = str(error)
            return False
        self.requests += told.requests
        if told.outcome != "as expected":
            self.latest = f"step {len(told.steps)} of {len(story.steps)} is answered {told.steps[-1].got}"
            return False
        return True
