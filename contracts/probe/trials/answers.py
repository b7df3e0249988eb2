"""P11: the shape of answers. Every answer of every run is checked; these are some that other trials do not get."""

from __future__ import annotations

from contracts.platform_requests import for_message, for_token
from contracts.probe.probe_run import ProbeRun
from contracts.probe.refusals import IDLE, TTL_OVER, UNKNOWN, USED_UP, RequiredRefusal
from contracts.probe.trials.trial import Need, ProbeTrial
from mockserver.engine.model import MESSAGES, SESSIONS
from mockserver.wire.message import Request

HOUR = 3_600_000
DEADLINE = 10

NO_PATH = RequiredRefusal("P11", 404, "not.found", "an unknown path")
NO_METHOD = RequiredRefusal("P11", 405, "method.not.allowed", "a method that is not allowed")
NO_GRANT = RequiredRefusal("P11", 400, "unsupported_grant_type", "another grant type")


def an_unknown_path(world: ProbeRun) -> None:
    """An unknown path is answered in JSON too, because clients parse before they check."""
    world.judge.refuses(world.ask(Request(method="POST", path=MESSAGES + "s", authorization=world.me.authorization)), NO_PATH)


def another_method(world: ProbeRun) -> None:
    """So is another method than POST."""
    world.judge.refuses(world.ask(Request(method="GET", path=SESSIONS, authorization=world.me.authorization)), NO_METHOD)


def another_grant(world: ProbeRun) -> None:
    """OAuth errors have their own shape."""
    world.judge.refuses(world.ask(for_token(world.me.credentials, grant_type="password")), NO_GRANT)


def an_hour_later(world: ProbeRun) -> None:
    """The date in an answer is that of the clock."""
    world.advance(HOUR)
    world.me.login()
    world.create()


def every_way_to_die(world: ProbeRun) -> None:
    """Refusals for sessions that ended in different ways are alike; the judge compares them."""
    used_up, idle = world.session(), world.session()
    world.judge.accepts(world.message(used_up), "P1", "the first message for a fresh session")
    world.set_policy({"ttl": DEADLINE, "idle_timeout": 2 * DEADLINE})
    old = world.session()
    world.advance(DEADLINE * 1000)
    dead = ((used_up, USED_UP), (idle, IDLE), (old, TTL_OVER), ("prev-session-uuid", UNKNOWN))
    for id, refusal in dead:
        world.judge.refuses(world.ask(for_message(world.me.authorization, id)), refusal)


TRIALS = (
    ProbeTrial("P11", an_unknown_path),
    ProbeTrial("P11", another_method),
    ProbeTrial("P11", another_grant),
    ProbeTrial("P11", an_hour_later, needs=Need.CONTROL),
    ProbeTrial("P11", every_way_to_die, {"idle_timeout": DEADLINE}, Need.CONTROL),
)
