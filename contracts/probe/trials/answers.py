"""P11: what answers look like. Every answer of every run is looked at; these are some that other trials do not get."""

from __future__ import annotations

from contracts.asking import MESSAGES, SESSIONS, for_message, for_token
from contracts.probe.refusals import IDLE, TTL_OVER, UNKNOWN, USED_UP, Refusal
from contracts.probe.trials.trial import Need, Trial
from contracts.probe.world import World
from mockserver.wire.message import Request

HOUR = 3_600_000
DEADLINE = 10

NO_PATH = Refusal("P11", 404, "not.found", "a path that there is not")
NO_METHOD = Refusal("P11", 405, "method.not.allowed", "a method that there is not")
NO_GRANT = Refusal("P11", 400, "unsupported_grant_type", "another grant type")


def an_unknown_path(world: World) -> None:
    """JSON there too: clients parse before they look."""
    world.judge.refuses(world.ask(Request(method="POST", path=MESSAGES + "s", authorization=world.me.authorization)), NO_PATH)


def another_method(world: World) -> None:
    """The same for what is not posted."""
    world.judge.refuses(world.ask(Request(method="GET", path=SESSIONS, authorization=world.me.authorization)), NO_METHOD)


def another_grant(world: World) -> None:
    """OAuth words its errors in its own way."""
    world.judge.refuses(world.ask(for_token(world.me.credentials, grant_type="password")), NO_GRANT)


def an_hour_later(world: World) -> None:
    """The date is that of the clock."""
    world.advance(HOUR)
    world.me.login()
    world.create()


def every_way_to_die(world: World) -> None:
    """The refusals are compared as they come."""
    used_up, idle = world.session(), world.session()
    world.judge.accepts(world.message(used_up), "P1", "the first message for a fresh session")
    world.set_policy({"ttl": DEADLINE, "idle_timeout": 2 * DEADLINE})
    old = world.session()
    world.advance(DEADLINE * 1000)
    dead = ((used_up, USED_UP), (idle, IDLE), (old, TTL_OVER), ("prev-session-uuid", UNKNOWN))
    for id, refusal in dead:
        world.judge.refuses(world.ask(for_message(world.me.authorization, id)), refusal)


TRIALS = (
    Trial("P11", an_unknown_path),
    Trial("P11", another_method),
    Trial("P11", another_grant),
    Trial("P11", an_hour_later, needs=Need.CONTROL),
    Trial("P11", every_way_to_die, {"idle_timeout": DEADLINE}, Need.CONTROL),
)
