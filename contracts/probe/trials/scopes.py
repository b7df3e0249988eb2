"""P7: a client's scopes are checked with every request."""

from __future__ import annotations

from contracts.probe.probe_run import ProbeRun
from contracts.probe.refusals import NO_SCOPE
from contracts.probe.trials.trial import Need, ProbeTrial
from mockserver.engine.model import WRITE_SCOPE

OTHER_SCOPE = "conversations:readonly"


def taken_and_given_back(world: ProbeRun) -> None:
    """A session survives the time in which its client lacks the scope."""
    id = world.session()
    world.set_scopes(world.me, OTHER_SCOPE)
    refused = world.message(id)
    world.judge.refuses(refused, NO_SCOPE)
    world.set_scopes(world.me, WRITE_SCOPE)
    marks = (("refused for its scope", refused),)
    world.judge.accepts(world.message(id), "P7", "a message, the scope given back, for a session refused without it", marks)


def no_session_without_it(world: ProbeRun) -> None:
    """A create is refused too."""
    world.set_scopes(world.me)
    world.judge.refuses(world.create(), NO_SCOPE)
    world.set_scopes(world.me, WRITE_SCOPE)
    world.judge.accepts(world.create(), "P7", "a create with a token from before its scope was taken and given back")


def a_token_for_something_else(world: ProbeRun) -> None:
    """A token for another scope is good for that scope only, even if its client has more."""
    world.set_scopes(world.me, WRITE_SCOPE, OTHER_SCOPE)
    world.me.login(scope=OTHER_SCOPE)
    world.judge.refuses(world.create(), NO_SCOPE)


TRIALS = tuple(
    ProbeTrial("P7", trial, needs=Need.CONTROL)
    for trial in (taken_and_given_back, no_session_without_it, a_token_for_something_else)
)
