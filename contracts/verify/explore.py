"""Runs the scenarios of a campaign: from the corpus, the built-in ones, the walk, and drawn ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from contracts.clients.errors import ClientProtocolError
from contracts.generate import Extent, Limits, built_in, walk
from contracts.report.words import item_words
from contracts.scenario import P, Played, Scenario, changed, digest
from contracts.verify.search import Search
from contracts.verify.trials import Trial

if TYPE_CHECKING:
    from contracts.verify.sampling import Near

HUNG_RUNS = 3
"""After so many runs in which the client hung no more are made, because it would hang in every one."""

FLOODED_RUNS = 12
"""The same for runs with too many requests. They take less time, and one endless loop must not hide other violations."""

LONGEST_REAL_TIME = 10
"""Seconds after which no more runs are made if the client's own time is real, because much of it cannot be judged anyway."""

LONGEST_STORY = 300


class _Enough(BaseException):
    """Ends the drawing, with an `error` if there is one. Hypothesis would try to repeat an Exception or a SystemExit."""

    def __init__(self, error: BaseException | None = None) -> None:
        super().__init__()
        self.error = error


class Drawing(NamedTuple):
    """The number of scenarios to draw, the `chance` to draw them by, and the extent of the walk before (None: by the
    limits).
    """

    examples: int
    chance: int
    extent: Extent | None = None


@contextmanager
def until_enough() -> Iterator[None]:
    """Examine scenarios until no more should be made. Raises what ended the last run."""
    try:
        yield
    except _Enough as enough:
        if enough.error is not None:
            raise enough.error from None


def explore(campaign: Search[Scenario], kept: Iterable[Scenario], limits: Limits, drawing: Drawing) -> None:
    """Examine the `kept` scenarios, the built-in ones, those of the walk, and then the drawn ones.

    The same chance draws the same scenarios for a client that behaves the same. It also seeds the client's own random numbers,
    differently in each scenario; a kept scenario has its own seed.
    """
    from contracts.verify.sampling import draw  # Hypothesis takes longer to import than a recording to judge

    first, plain, steps = list(kept), list(built_in(limits)), list(walk(limits, drawing.extent))
    campaign.planned = len(first) + len(plain) + len(steps) + drawing.examples

    def examined(scenario: Scenario) -> Near:
        return examine(campaign, seeded(scenario, drawing.chance)).closeness

    with until_enough():
        for scenario in first:
            examine(campaign, scenario)
        for scenario in plain:
            examined(scenario)
        for step in steps:
            examined(step.scenario)
            campaign.walked[step.kind] += 1

        def examine_drawn(scenario: Scenario) -> Near:
            near = examined(scenario)
            campaign.walked["drawn"] += 1
            return near

        draw(examine_drawn, limits, drawing.examples, drawing.chance)


def seeded(scenario: P, chance: int) -> P:
    """Return the scenario with a seed for the client's random numbers that depends on it and on `chance`."""
    return changed(scenario, chance=crc32(f"{chance} {digest(scenario)}".encode()) or 1)


def examine(campaign: Search[P], scenario: P) -> Trial:
    """Examine a scenario, and end `until_enough` if no further one should be."""
    try:
        trial = campaign.examine(scenario)
    except ClientProtocolError as error:
        told = ClientProtocolError(f"{error.problem}; that was in run {campaign.runs + 1}: {_story(scenario)}", error.quoted)
        raise _Enough(told) from error
    except (Exception, SystemExit) as error:
        raise _Enough(error) from error
    left = campaign.planned - campaign.runs
    if campaign.hung >= HUNG_RUNS or campaign.flooded >= FLOODED_RUNS:
        endless = campaign.hung + campaign.flooded
        if left > 0:
            campaign.stopped = f"the client hung in {endless} runs, so {left} of {campaign.planned} were not made"
        raise _Enough
    if campaign.real_time >= LONGEST_REAL_TIME:
        if left > 0:
            campaign.stopped = f"the client's own time is real, so {left} of {campaign.planned} runs were not made"
        raise _Enough
    return trial


def _story(scenario: Played) -> str:
    """Return a scenario in one line, cut if it is long."""
    story = ", ".join(line.strip() for item in scenario.parts for line in item_words(item))
    return story if len(story) <= LONGEST_STORY else story[: LONGEST_STORY - 1] + "…"
