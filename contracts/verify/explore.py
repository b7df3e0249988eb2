"""Where the scenarios of a campaign come from: the corpus, the built-in ones, and as many drawn as are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from contracts.clients.errors import ClientProtocolError
from contracts.generate import Limits, built_in
from contracts.report.words import item_words
from contracts.scenario import Scenario
from contracts.verify.campaign import Campaign
from contracts.verify.drawing import Near, draw

HUNG_RUNS = 3
"""After so many runs in which the client hung no more are made: it would hang in every one."""

LONGEST_REAL_TIME = 10
"""Seconds after which no more runs are made of a client whose own time is real: much of it cannot be judged anyway."""

LONGEST_STORY = 300


class _Enough(BaseException):
    """Ends the drawing, because of an `error` where there is one; not an Exception or SystemExit, which Hypothesis would try to
    repeat."""

    def __init__(self, error: BaseException | None = None) -> None:
        super().__init__()
        self.error = error


def explore(campaign: Campaign, kept: Iterable[Scenario], limits: Limits, examples: int, chance: int) -> None:
    """Examines the `kept` scenarios, the built-in ones, and then drawn ones until there were `examples` of these.

    The same `chance` draws the same scenarios from a client that does the same.
    """
    first = [*kept, *built_in(limits)]
    campaign.planned = len(first) + examples
    try:
        for scenario in first:
            _examine(campaign, scenario)
        draw(lambda scenario: _examine(campaign, scenario), limits, examples, chance)
    except _Enough as enough:
        if enough.error is not None:
            raise enough.error from None


def _examine(campaign: Campaign, scenario: Scenario) -> Near:
    try:
        judgement = campaign.examine(scenario)
    except ClientProtocolError as error:
        told = ClientProtocolError(f"{error.problem}; that was in run {campaign.runs + 1}: {_story(scenario)}", error.quoted)
        raise _Enough(told) from error
    except (Exception, SystemExit) as error:
        raise _Enough(error) from error
    left = campaign.planned - campaign.runs
    if campaign.hung >= HUNG_RUNS:
        if left > 0:
            campaign.stopped = f"the client hung in {campaign.hung} runs, so {left} of {campaign.planned} were not made"
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
