"""P2, P4 and P5: each way in which a session ends, by itself. The machine combines them."""

from __future__ import annotations

from functools import partial

from contracts.probe.probe_run import ProbeRun
from contracts.probe.refusals import IDLE, TTL_OVER, USED_UP, RequiredRefusal
from contracts.probe.trials.trial import Need, ProbeTrial
from mockserver.engine.model import WRITE_SCOPE

SECONDS = 10
DEADLINE = SECONDS * 1000
LONG = 300

BY_IDLING = {"idle_timeout": SECONDS, "ttl": LONG}
BY_AGE = {"idle_timeout": LONG, "ttl": SECONDS}
TWICE = {"handshakes": 2}


def used_up(world: ProbeRun) -> None:
    """A session serves one message, whatever the next one says."""
    id = world.session()
    first = world.message(id)
    world.judge.accepts(first, "P1", "the first message for a fresh session")
    world.judge.refuses(world.message(id, text="again"), USED_UP, marks=(("first use", first),))


def used_up_by_the_second(world: ProbeRun) -> None:
    """A session serves two messages if the policy says so."""
    id = world.session()
    world.judge.accepts(world.message(id), "P1", "the first message for a fresh session")
    second = world.message(id)
    world.judge.accepts(second, "P2", "the second message for a session of two handshakes")
    world.judge.refuses(world.message(id), USED_UP, marks=(("second use", second),))


def right_before(clause: str, end: str, world: ProbeRun) -> None:
    """A session is good until the last millisecond before its deadline."""
    id = world.session()
    world.advance(DEADLINE - 1)
    world.judge.accepts(world.message(id), clause, f"a message 1 ms before {end}")


def at_its_end(refusal: RequiredRefusal, world: ProbeRun) -> None:
    """It is dead at its deadline."""
    id = world.session()
    world.advance(DEADLINE)
    world.judge.refuses(world.message(id), refusal)


def idle_in_spite_of_a_refusal(world: ProbeRun) -> None:
    """A refused message is not activity, whether it is refused before or after its session is checked."""
    id = world.session()
    world.advance(DEADLINE // 2)
    marks = [("refused", world.message(id, text=""))]
    world.set_scopes(world.me)
    marks.append(("refused", world.message(id)))
    world.set_scopes(world.me, WRITE_SCOPE)
    world.advance(DEADLINE // 2)
    world.judge.refuses(world.message(id), IDLE, marks=marks)


def kept_by_use(world: ProbeRun) -> None:
    """An accepted message is activity, as long as the session has handshakes left."""
    id = world.session()
    world.advance(DEADLINE - 1)
    used = world.message(id)
    world.judge.accepts(used, "P5", "a message 1 ms before the session was idle for too long")
    world.advance(DEADLINE - 1)
    sent = world.message(id)
    world.judge.accepts(sent, "P5", "a message 1 ms before the session, used since, was idle for too long", (("used", used),))


def idle_by_its_own_policy(world: ProbeRun) -> None:
    """A change of the policy does not move deadlines that are set already, in either direction."""
    id = world.session()
    world.set_policy({"idle_timeout": LONG})
    world.advance(DEADLINE)
    world.judge.refuses(world.message(id), IDLE)
    other = world.session()
    world.set_policy({"idle_timeout": 1})
    world.advance(DEADLINE)
    world.judge.accepts(world.message(other), "P5", "a message for a session from before the idle timeout was made shorter")


def at_its_end_in_spite_of_use(world: ProbeRun) -> None:
    """Use does not prolong the time to live."""
    id = world.session()
    world.advance(DEADLINE // 2)
    used = world.message(id)
    world.judge.accepts(used, "P4", "a message in the middle of the session's life")
    world.advance(DEADLINE // 2)
    world.judge.refuses(world.message(id), TTL_OVER, marks=(("used", used),))


TRIALS = (
    ProbeTrial("P2", used_up),
    ProbeTrial("P2", used_up_by_the_second, TWICE, Need.CONTROL),
    ProbeTrial("P5", partial(right_before, "P5", "the session was idle for too long"), BY_IDLING, Need.CONTROL),
    ProbeTrial("P5", partial(at_its_end, IDLE), BY_IDLING, Need.CONTROL),
    ProbeTrial("P5", idle_in_spite_of_a_refusal, BY_IDLING, Need.CONTROL),
    ProbeTrial("P5", kept_by_use, BY_IDLING | TWICE, Need.CONTROL),
    ProbeTrial("P5", idle_by_its_own_policy, BY_IDLING, Need.CONTROL),
    ProbeTrial("P4", partial(right_before, "P4", "the session's time to live was over"), BY_AGE, Need.CONTROL),
    ProbeTrial("P4", partial(at_its_end, TTL_OVER), BY_AGE, Need.CONTROL),
    ProbeTrial("P4", at_its_end_in_spite_of_use, BY_AGE | TWICE, Need.CONTROL),
)
