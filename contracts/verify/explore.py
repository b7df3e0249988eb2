"""Where the scenarios of a campaign come from: the corpus, the built-in ones, and as many drawn as are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple
from zlib import crc32

from msgspec.structs import replace

from contracts.clients.errors import ClientProtocolError
from contracts.generate import Extent, Limits, built_in, walk
from contracts.report.words import item_words
from contracts.scenario import Scenario, digest
from contracts.verify.campaign import Campaign
from contracts.verify.drawing import Near, draw

HUNG_RUNS = 3
"""After so many runs in which the client hung no more are made: it would hang in every one."""

FLOODED_RUNS = 12
"""The same for runs with too many requests, which take less time: one loop without a bound must not hide the others."""

LONGEST_REAL_TIME = 10
"""Seconds after which no more runs are made of a client whose own time is real: much of it cannot be judged anyway."""

LONGEST_STORY = 300


class _Enough(BaseException):
    """Ends the drawing, because of an `error` where there is one; not an Exception or SystemExit, which Hypothesis would try to
    repeat."""

    def __init__(self, error: BaseException | None = None) -> None:
        super().__init__()
        self.error = error


class Drawing(NamedTuple):
    """How many scenarios are drawn, by which `chance`, and how far the walk goes before (None: as it suits the limits)."""

    examples: int
    chance: int
    extent: Extent | None = None


def explore(campaign: Campaign, kept: Iterable[Scenario], limits: Limits, drawing: Drawing) -> None:
    """Examines the `kept` scenarios, the built-in ones, those of the walk, and then as many drawn ones as are asked for.

    The same chance draws the same scenarios from a client that does the same. It also seeds the client's own random numbers,
    differently in each scenario; a kept scenario has its own seed.
    """
    first, plain, steps = list(kept), list(built_in(limits)), list(walk(limits, drawing.extent))
    campaign.planned = len(first) + len(plain) + len(steps) + drawing.examples

    def examine(scenario: Scenario) -> Near:
        return _examine(campaign, seeded(scenario, drawing.chance))

    try:
        for scenario in first:
            _examine(campaign, scenario)
        for scenario in plain:
            examine(scenario)
        for step in steps:
            examine(step.scenario)
            campaign.walked[step.kind] += 1

        def examine_drawn(scenario: Scenario) -> Near:
            near = examine(scenario)
            campaign.walked["drawn"] += 1
            return near

        draw(examine_drawn, limits, drawing.examples, drawing.chance)
    except _Enough as enough:
        if enough.error is not None:
            raise enough.error from None


def seeded(scenario: Scenario, chance: int) -> Scenario:
    """The scenario with a seed for the client's random numbers that depends on it and on `chance`."""
    return replace(scenario, chance=crc32(f"{chance} {digest(scenario)}".encode()) or 1)


def _examine(campaign: Campaign, scenario: Scenario) -> Near:
    try:
        judgement = campaign.examine(scenario)
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
    return partial(campaign.closeness, judgement)


def _story(scenario: Scenario) -> str:
    """What a scenario asks for, in one line that is not too long."""
    story = ", ".join(line.strip() for item in scenario.items for line in item_words(item))
    return story if len(story) <= LONGEST_STORY else story[: LONGEST_STORY - 1] + "…"
