"""P1 and P6: ids that the provider issued to the client, and ids that it did not."""

from __future__ import annotations

from functools import partial

from contracts.probe.probe_run import ProbeClient, ProbeRun
from contracts.probe.refusals import FOREIGN, UNKNOWN
from contracts.probe.trials.trial import Need, ProbeTrial

SESSIONS = 10
"""Sessions created in a row."""

STRANGE = (
    "prev-session-uuid",
    "00000000-0000-4000-a000-000000000000",
    "{{new_session_id}}",
    "../../etc/passwd",
    "0",
    "\N{BUTTERFLY}",
    "x" * 200,
)
"""Strange ids. Every string that is not empty is a well-formed id."""


def many_in_a_row(world: ProbeRun) -> None:
    """All ids are good. The judge checks at each issue that they are different."""
    for id in [world.session() for _ in range(SESSIONS)]:
        world.judge.accepts(world.message(id), "P1", "the first message for a fresh session")


def a_strange_id(id: str, world: ProbeRun) -> None:
    """An id that was never issued is refused."""
    world.judge.refuses(world.message(id), UNKNOWN)


def an_id_of_another_client(world: ProbeRun) -> None:
    """An id of another client of the same organisation is refused."""
    _foreign(world, world.another())


def _foreign(world: ProbeRun, other: ProbeClient) -> None:
    id = world.session()
    world.judge.refuses(world.message("prev-session-uuid", other), UNKNOWN)
    presented = world.message(id, other)
    world.judge.refuses(presented, FOREIGN)
    marks = (("by another client", presented),)
    world.judge.accepts(world.message(id), "P6", "a message for a session that another client had tried to use", marks)


TRIALS = (
    ProbeTrial("P1", many_in_a_row),
    *(ProbeTrial("P6", partial(a_strange_id, id)) for id in STRANGE),
    ProbeTrial("P6", an_id_of_another_client, needs=Need.CONTROL),
)
