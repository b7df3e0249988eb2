"""Names in a trace that are the same in every run."""

from __future__ import annotations

from contracts.builtin import ANN
from contracts.clients.python import PythonClients
from contracts.runner import Run, Runner
from contracts.runner.names import named
from contracts.scenario import RevokeTokens, Scenario, Send
from mockserver.journal import Answer, Arrival
from tests.contracts.small import Small

SCENARIO = Scenario((Send(ANN, "0"), RevokeTokens(), Send(ANN, "1")))


def run() -> Run:
    with Runner(PythonClients(Small)) as world:
        return world.run(SCENARIO)


def test_two_runs_read_the_same() -> None:
    first, second = run(), run()
    assert first.trace != second.trace
    assert named(first.trace, first.client_id) == named(second.trace, second.client_id)


def test_who_is_who_stays() -> None:
    one = run()
    trace = named(one.trace, one.client_id)
    assert [type(entry) for entry in trace] == [type(entry) for entry in one.trace]
    issued = [entry.token for entry in trace if isinstance(entry, Answer) and entry.token]
    shown = [entry.credential for entry in trace if isinstance(entry, Arrival)]
    assert issued == ["t:0000000001"]
    assert {credential.token for credential in shown} == {None, "t:0000000001"}
    assert {credential.client_id for credential in shown} == {None, "client"}
