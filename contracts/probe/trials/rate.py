"""P12: how many requests a minute are accepted, and when the next one is."""

from __future__ import annotations

from contracts.platform_requests import for_message_as
from contracts.probe.probe_run import ProbeRun
from contracts.probe.refusals import OVER_THE_LIMIT
from contracts.probe.trials.trial import Need, ProbeTrial

LIMIT = 3
POLICY = {"rate_limit_per_minute": LIMIT, "idle_timeout": 300}


def one_too_many(world: ProbeRun) -> None:
    """One request too many consumes nothing, and is accepted after its Retry-After. A fraction of a second shows the
    rounding.
    """
    id = world.session()
    world.ask(for_message_as(world.me.authorization, b"{}"))  # refused by an earlier guard, and therefore not counted
    for nth in range(2, LIMIT + 1):
        world.advance(250)
        world.judge.accepts(world.create(), "P12", f"request {nth} in a minute, of which {LIMIT} are allowed,")
    refused = world.message(id)
    if not world.judge.refuses(refused, OVER_THE_LIMIT):
        return
    told = refused.reply.retry_after
    if told is not None:
        world.advance(told * 1000)
        marks = ((f"told to wait {told} s", refused),)
        world.judge.accepts(world.message(id), "P12", f"a message {told} s after a 429 with Retry-After {told}", marks)


TRIALS = (ProbeTrial("P12", one_too_many, POLICY, Need.CONTROL),)
