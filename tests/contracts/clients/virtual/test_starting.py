"""Processes that are started for each message, for each client, or ahead of their turn."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from contracts.clients.virtual import starting
from contracts.clients.virtual.driver import VirtualClients
from contracts.runner import Run, Runner
from contracts.scenario import Advance, Fault, Item, RestartClient, Scenario, Send, SendParallel, messages
from mockserver.journal import Arrival, Began, Ended
from tests.contracts.clients.virtual.speaking import BOTH, HELLO, PATIENCE, SOON, fake, in_node
from tests.contracts.clients.virtual.test_simulation import ANSWER_ALL, at
from tests.contracts.small import errors, outcomes
from tests.need import need


def run_each(command: str, *items: Item, patience: float = PATIENCE) -> Run:
    """Put a command through one scenario, with a process for each message."""
    with Runner(VirtualClients(command, one_shot=True, patience=patience)) as world:
        return world.run(Scenario(items))


def in_node_once(folder: Path, body: str) -> str:
    """Return the command of a Node program that gets one message, `text`, and ends."""
    path = folder / "once.mjs"
    path.write_text(
        'import * as streams from "node:stream/consumers";\n'
        f"const {{ text }} = JSON.parse(await streams.text(process.stdin)).send;\n{body}"
    )
    return f"{need('node')} {path}"


# -- a process for each message --------------------------------------------------------------------------------------------


def test_each_message_has_a_process_whose_hours_are_hours_of_the_trace(tmp_path: Path) -> None:
    seen = run_each(in_node_once(tmp_path, "setTimeout(() => {}, 3600_000)"), HELLO, Advance(60.0), HELLO)
    assert outcomes(seen) == ["accepted", "accepted"]
    assert (at(seen.trace, Began), at(seen.trace, Ended)) == ([0, 3660], [3600, 7260])


def test_a_timer_that_keeps_no_process_alive_holds_up_none(tmp_path: Path) -> None:
    seen = run_each(in_node_once(tmp_path, "setTimeout(() => {}, 3600_000).unref()"), HELLO)
    assert at(seen.trace, Ended) == [0]


def test_what_is_set_before_the_end_keeps_a_process_alive(tmp_path: Path) -> None:
    body = "process.once('beforeExit', () => setTimeout(() => process.exit(3), 3600_000))"
    seen = run_each(in_node_once(tmp_path, body), HELLO)
    assert (at(seen.trace, Ended), errors(seen)) == ([3600], ["exit status 3"])


def test_the_last_words_of_a_process_that_fails_are_told(tmp_path: Path) -> None:
    seen = run_each(fake(tmp_path, "hello(); line(); sys.exit('Error: no luck')\n"), HELLO)
    assert (outcomes(seen), errors(seen)) == (["failed"], ["exit status 1: Error: no luck"])


def test_processes_that_run_at_once_take_turns_in_the_same_order_each_time(tmp_path: Path) -> None:
    body = "await Promise.all([1, 2].map((n) => fetch(`${process.env.DAYFLY_BASE_URL}/${text}/${n}`)));\n"
    body += "setTimeout(() => fetch(`${process.env.DAYFLY_BASE_URL}/${text}/${Math.random()}`), 1000);"
    command, traces, orders = in_node_once(tmp_path, body), set(), set()
    first, second = messages(BOTH)
    for schedule in ((), (), (), (1, 2, 0, 3), (1, 2, 0, 3)):
        seen = run_each(command, SendParallel((first, second), schedule=schedule))
        assert outcomes(seen) == ["accepted"] * 2
        traces.add(str(seen.trace).replace(seen.client_id, ""))
        orders.add(tuple(entry.path for entry in seen.trace if isinstance(entry, Arrival)))
    assert (len(traces), len(orders)) == (2, 2)


@pytest.mark.parametrize("body", ["hello(); time.sleep(1000)", "time.sleep(1000)", "hello()\nwhile True: idle()"])
def test_a_process_that_does_not_end_is_given_up(tmp_path: Path, body: str) -> None:
    seen = run_each(fake(tmp_path, body + "\n"), HELLO, patience=SOON)
    assert seen.lost
    assert seen.hung == "the command hangs: for 1 s it neither ended nor made a request; it was killed"


def test_a_process_that_floods_the_platform_is_stopped(tmp_path: Path) -> None:
    seen = run_each(in_node_once(tmp_path, "for (;;) await fetch(process.env.DAYFLY_BASE_URL)"), HELLO)
    assert seen.hung == "it made more than 300 requests"


def test_a_question_longer_than_a_pipe_holds_arrives_at_each(tmp_path: Path) -> None:

    seen = run_each(in_node_once(tmp_path, "if (text.length !== 200_000) process.exit(1)"), Send(HELLO.guest, "x" * 200_000))
    assert outcomes(seen) == ["accepted"]


# -- ahead of their turn -----------------------------------------------------------------------------------------------------


def test_a_client_that_is_replaced_goes_on_in_virtual_time(tmp_path: Path) -> None:
    body = "setTimeout(() => {}, 1); await new Promise((done) => setTimeout(done, 3600_000)); return process.pid"
    with Runner(VirtualClients(in_node(tmp_path, body))) as world:
        seen = world.run(Scenario((HELLO, HELLO, RestartClient(), HELLO)))
    assert at(seen.trace, Ended) == [3600, 7200, 10800]
    assert sorted(Counter(errors(seen)).values()) == [1, 2]


def test_a_process_that_was_started_ahead_finds_its_own_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    taken = starting.Starter._waiting

    def waiting(self: starting.Starter) -> object:
        found = taken(self)
        started.append(found is not None)
        return found

    monkeypatch.setattr(starting.Starter, "_waiting", waiting)
    body = "const { status } = await fetch(process.env.DAYFLY_BASE_URL + '/x'); return [status, process.env.DAYFLY_CLIENT_ID]"
    with Runner(VirtualClients(in_node(tmp_path, body))) as world:
        runs = [world.run(Scenario((HELLO,))) for _ in range(4)]
    assert started == [False, False, True, True]
    for seen in runs:
        assert errors(seen) == [f'Error: [404,"{seen.client_id}"]']


def test_a_process_that_ended_ahead_of_its_turn_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "RUNTIMES", {Path(sys.executable).name})
    taken, statuses = starting.Starter._waiting, list[int | None]()

    def waiting(self: starting.Starter) -> object:
        if self._ahead is not None:
            statuses.append(self._ahead[0].wait(PATIENCE))
        return taken(self)

    monkeypatch.setattr(starting.Starter, "_waiting", waiting)
    command = fake(tmp_path, "if 'DAYFLY_BASE_URL' not in os.environ: sys.exit(7)\n" + ANSWER_ALL)
    with Runner(VirtualClients(command)) as world:
        assert [outcomes(world.run(Scenario((HELLO,)))) for _ in range(4)] == [["accepted"]] * 4
    assert statuses == [7, 7]


def test_a_shell_is_not_started_ahead_because_it_reads_its_variables_at_once(tmp_path: Path) -> None:
    body = "return process.argv[2] === process.env.DAYFLY_BASE_URL"
    command = in_node(tmp_path, body)
    with Runner(VirtualClients(f"sh -c '{command} $DAYFLY_BASE_URL'")) as world:
        runs = [world.run(Scenario((Fault("token", "status", status=503), HELLO))) for _ in range(3)]
    assert [errors(seen) for seen in runs] == [["Error: true"]] * 3
