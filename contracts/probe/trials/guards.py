"""P9: if two guards have reason to refuse, the first of them does."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import combinations, product
from typing import Any, NamedTuple

from contracts.platform_requests import TEXT, for_message_as, message_body
from contracts.probe.probe_run import ProbeRun
from contracts.probe.refusals import (
    BAD_BODY,
    EXPIRED_TOKEN,
    NO_SCOPE,
    NO_TOKEN,
    OTHER_MEDIA_TYPE,
    OVER_THE_LIMIT,
    TOO_LARGE,
    UNKNOWN,
    RequiredRefusal,
)
from contracts.probe.trials.trial import Need, ProbeTrial
from mockserver.wire.bodies import JSON

MAX_BODY = 300
LIFETIME = 10
"""Lifetime of tokens, in seconds."""


class ProbedGuard(NamedTuple):
    """A guard: its name, and its refusal."""

    name: str
    refusal: RequiredRefusal
    needs: Need = Need.NOTHING


AUTHENTICATION = (ProbedGuard("authentication", NO_TOKEN), ProbedGuard("expiry", EXPIRED_TOKEN, Need.CONTROL))
"""A provider might check scopes and limits before expiry, so both cases are tried."""

LATER_GUARDS = (
    ProbedGuard("scope", NO_SCOPE, Need.CONTROL),
    ProbedGuard("media type", OTHER_MEDIA_TYPE),
    ProbedGuard("size", TOO_LARGE, Need.CONTROL),
    ProbedGuard("body", BAD_BODY),
    ProbedGuard("rate limit", OVER_THE_LIMIT, Need.CONTROL),
    ProbedGuard("session", UNKNOWN),
)


def both(first: ProbedGuard, second: ProbedGuard, world: ProbeRun) -> None:
    """Send a message with two things wrong."""
    wrong = {first.name, second.name}
    issued = world.session()  # if there is a limit, this reaches it
    body = message_body("prev-session-uuid" if "session" in wrong else issued, "" if "body" in wrong else TEXT)
    if "scope" in wrong:
        world.set_scopes(world.me)
    authorization = None if "authentication" in wrong else world.me.authorization
    if "expiry" in wrong:
        world.advance(LIFETIME * 1000)
    request = for_message_as(
        authorization,
        body + b" " * MAX_BODY if "size" in wrong else body,
        "text/plain" if "media type" in wrong else JSON,
    )
    world.judge.refuses(world.ask(request), first.refusal, second.refusal)


def _pairs() -> Iterator[ProbeTrial]:
    for first, second in (*product(AUTHENTICATION, LATER_GUARDS), *combinations(LATER_GUARDS, 2)):
        policy: dict[str, Any] = {"max_body": MAX_BODY, "token_ttl": LIFETIME}
        if "rate limit" in {first.name, second.name}:
            policy["rate_limit_per_minute"] = 1
        yield ProbeTrial("P9", partial(both, first, second), policy, first.needs | second.needs)


TRIALS = tuple(_pairs())
