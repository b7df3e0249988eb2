"""P13: all replicas know the same sessions, also after a restart."""

from __future__ import annotations

from contracts.probe.probe_run import ProbeRun
from contracts.probe.refusals import IDLE, USED_UP
from contracts.probe.trials.trial import Need, ProbeTrial


def issued_here_used_there(world: ProbeRun) -> None:
    """A session issued at one replica can be used at another."""
    number = len(world.provider.doors)
    for here in range(number):
        there = (here + 1) % number
        id = world.session(replica=here)
        sent = world.message(id, replica=there)
        if world.judge.accepts(sent, "P13", "the first message, at another replica, for a fresh session"):
            world.judge.refuses(world.message(id, replica=here), USED_UP._replace(clause="P13"), marks=(("accepted", sent),))


def idle_everywhere(world: ProbeRun) -> None:
    """An idle session is dead at every replica."""
    id = world.session()
    world.advance(30_000)
    world.judge.refuses(world.message(id, replica=1), IDLE._replace(clause="P13"))


def by_one_clock(world: ProbeRun) -> None:
    """A deadline that one replica set has passed at the others too, both ways, while the clock runs.

    By any one clock, at least the idle timeout lies between the time stamp and the message. So a replica accepts the message
    only if its clock is behind that of the replica that set the deadline.
    """
    world.let_run()
    number = len(world.provider.doors)
    pairs = [(here, (here + step) % number) for here in range(number) for step in (1, -1)]
    for here, there in dict.fromkeys(pairs):
        id = world.session(replica=here)
        world.advance(30_000)
        world.judge.refuses(world.message(id, replica=there), IDLE._replace(clause="P13"))


def restarted(world: ProbeRun) -> None:
    """Live sessions stay live, and used ones stay used. All replicas are asked, because it is unknown which one restarted."""
    replicas = range(len(world.provider.doors))
    live, used_up = [world.session(replica=number) for number in replicas], world.session()
    sent = world.message(used_up)
    world.restart()
    for number in replicas:
        refused = world.message(used_up, replica=number)
        world.judge.refuses(refused, USED_UP._replace(clause="P13"), marks=(("accepted", sent),))
        used = world.message(live[number], replica=number)
        world.judge.accepts(used, "P13", "the first message, after a restart, for a session from before it")
        for _ in range(2):
            new = world.message(world.session(replica=number), replica=number)
            world.judge.accepts(new, "P13", "the first message, after a restart, for a new session")


TRIALS = (
    ProbeTrial("P13", issued_here_used_there, needs=Need.REPLICAS),
    ProbeTrial("P13", idle_everywhere, {"idle_timeout": 30}, Need.REPLICAS | Need.CONTROL),
    ProbeTrial("P13", by_one_clock, {"idle_timeout": 30}, Need.REPLICAS | Need.CONTROL),
    ProbeTrial("P13", restarted, needs=Need.RESTART),
)
