"""P3: one id, used many times at once."""

from __future__ import annotations

from contracts.platform_requests import for_message
from contracts.probe.probe_run import ProbeRun
from contracts.probe.refusals import USED_UP
from contracts.probe.trials.trial import ProbeTrial

ROUNDS = 8
"""Races over a socket depend on chance."""


def all_at_once(world: ProbeRun) -> None:
    """One of as many messages as the doors can send at once is accepted."""
    id, authorization = world.session(), world.me.authorization
    number = world.provider.doors[0].at_once
    answers = world.race([for_message(authorization, id, f"Hello from {nth + 1}") for nth in range(number)])
    judged = [exchange for exchange in answers if exchange.reply.status != 429]
    accepted = [exchange for exchange in judged if exchange.reply.status == 200]
    world.judge.exercise("P3")
    if judged and not accepted:
        world.judge.breach("P3", f"of {number} messages sent with one id at the same time none was accepted", judged[0])
    elif len(accepted) > 1:
        told = f"of {number} messages sent with one id at the same time {len(accepted)} were accepted"
        world.judge.breach("P3", told, accepted[1], (("accepted", accepted[0]),))
    for exchange in judged:
        if exchange not in accepted and not USED_UP.is_told_by(exchange.reply):
            told = f"a message that lost a race for an id was answered {exchange.reply}, not {USED_UP}"
            world.judge.breach("P3", told, exchange)


TRIALS = (ProbeTrial("P3", all_at_once),) * ROUNDS
