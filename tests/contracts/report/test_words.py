"""What a report says of an answer."""

from __future__ import annotations

from contracts.history.build import build_history
from contracts.history.validate import well_formed
from contracts.report.words import state_words
from mockserver.journal import Header
from tests.contracts.tape import Tape


def test_a_created_session_is_shown_with_the_limits_of_its_time() -> None:
    tape = Tape()
    tape.entries[0] = Header(organization="o", policy={"ttl": 300, "idle_timeout": 5})
    tape.create()
    tape.perturb("set_policy", idle_timeout=10)
    tape.create()
    tape.perturb("set_policy", idle_timeout=5)
    tape.create()
    history = build_history(well_formed(tape.entries))
    assert [state_words(call, history) for call in history.calls] == [
        "s1 created, ttl 300 s",
        "s2 created, idle limit 10 s, ttl 300 s",
        "s3 created, idle limit 5 s, ttl 300 s",
    ]
