"""P2, P4 and P5: how a session ends, each way by itself; together they are the machine's."""

from __future__ import annotations

from contracts.asking import WRITE_SCOPE
from contracts.probe.refusals import IDLE, TTL_OVER, USED_UP
from contracts.probe.trials.trial import Need, Trial
from contracts.probe.world import World

SECONDS = 10
DEADLINE = SECONDS * 1000
LONG = 300

BY_IDLING = {"idle_timeout": SECONDS, "ttl": LONG}
BY_AGE = {"idle_timeout": LONG, "ttl": SECONDS}
TWICE = {"handshakes": 2}


def used_up(world: World) -> None:
    """One handshake, whatever the next message says."""
    id = world.session()
    first = world.message(id)
    world.judge.accepts(first, "P1", "the first message for a fresh session")
    world.judge.refuses(world.message(id, text="again"), USED_UP, marks=(("first use", first),))


def used_up_by_the_second(world: World) -> None:
    """Two handshakes where the policy says so."""
    id = world.session()
    world.judge.accepts(world.message(id), "P1", "the first message for a fresh session")
    second = world.message(id)
    world.judge.accepts(second, "P2", "the second message for a session of two handshakes")
    world.judge.refuses(world.message(id), USED_UP, marks=(("second use", second),))


def right_before_it_is_idle(world: World) -> None:
    """Good to the last millisecond."""
    id = world.session()
    world.advance(DEADLINE - 1)
    world.judge.accepts(world.message(id), "P5", "a message 1 ms before the session was idle for too long")


def idle(world: World) -> None:
    """And not a millisecond more."""
    id = world.session()
    world.advance(DEADLINE)
    world.judge.refuses(world.message(id), IDLE)


def idle_in_spite_of_a_refusal(world: World) -> None:
    """A message that is refused is no activity, neither before its session is looked at nor after."""
    id = world.session()
    world.advance(DEADLINE // 2)
    marks = [("refused", world.message(id, text=""))]
    world.set_scopes(world.me)
    marks.append(("refused", world.message(id)))
    world.set_scopes(world.me, WRITE_SCOPE)
    world.advance(DEADLINE // 2)
    world.judge.refuses(world.message(id), IDLE, marks=marks)


def kept_by_use(world: World) -> None:
    """A message that is accepted is activity, for as long as the session has handshakes."""
    id = world.session()
    world.advance(DEADLINE - 1)
    used = world.message(id)
    world.judge.accepts(used, "P5", "a message 1 ms before the session was idle for too long")
    world.advance(DEADLINE - 1)
    sent = world.message(id)
    world.judge.accepts(sent, "P5", "a message 1 ms before the session, used since, was idle for too long", (("used", used),))


def idle_by_its_own_policy(world: World) -> None:
    """A policy that changes moves no deadline that is stamped, neither forth nor back."""
    id = world.session()
    world.set_policy({"idle_timeout": LONG})
    world.advance(DEADLINE)
    world.judge.refuses(world.message(id), IDLE)
    other = world.session()
    world.set_policy({"idle_timeout": 1})
    world.advance(DEADLINE)
    world.judge.accepts(world.message(other), "P5", "a message for a session from before the idle timeout was made shorter")


def right_before_its_end(world: World) -> None:
    """Good to the last millisecond."""
    id = world.session()
    world.advance(DEADLINE - 1)
    world.judge.accepts(world.message(id), "P4", "a message 1 ms before the session's time to live was over")


def at_its_end(world: World) -> None:
    """And not a millisecond more."""
    id = world.session()
    world.advance(DEADLINE)
    world.judge.refuses(world.message(id), TTL_OVER)


def at_its_end_in_spite_of_use(world: World) -> None:
    """Its time to live is from its creation."""
    id = world.session()
    world.advance(DEADLINE // 2)
    used = world.message(id)
    world.judge.accepts(used, "P4", "a message in the middle of the session's life")
    world.advance(DEADLINE // 2)
    world.judge.refuses(world.message(id), TTL_OVER, marks=(("used", used),))


TRIALS = (
    Trial("P2", used_up),
    Trial("P2", used_up_by_the_second, TWICE, Need.CONTROL),
    Trial("P5", right_before_it_is_idle, BY_IDLING, Need.CONTROL),
    Trial("P5", idle, BY_IDLING, Need.CONTROL),
    Trial("P5", idle_in_spite_of_a_refusal, BY_IDLING, Need.CONTROL),
    Trial("P5", kept_by_use, BY_IDLING | TWICE, Need.CONTROL),
    Trial("P5", idle_by_its_own_policy, BY_IDLING, Need.CONTROL),
    Trial("P4", right_before_its_end, BY_AGE, Need.CONTROL),
    Trial("P4", at_its_end, BY_AGE, Need.CONTROL),
    Trial("P4", at_its_end_in_spite_of_use, BY_AGE | TWICE, Need.CONTROL),
)
