"""A client's output, logs and exceptions during a scenario: kept for the report, and kept off the terminal."""

from __future__ import annotations

import logging
import shlex
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from contracts.builtin import ANN, BOB
from contracts.clients.process import ProcessClients
from contracts.clients.python import PythonClients
from contracts.output import OutputLine
from contracts.runner import Run, Runner
from contracts.runner.names import named_log
from contracts.scenario import Message, Scenario, Send, SendParallel
from mockserver.journal import Answer, Arrival, Ended
from tests.contracts.small import Small, SmallAsync

ONCE = Scenario((Send(ANN, "Hello"),))


def run(factory: Any, scenario: Scenario = ONCE, **options: Any) -> Run:
    with Runner(PythonClients(factory, **options)) as world:
        return world.run(scenario)


def written(found: Run, *streams: str) -> list[str]:
    return [line.text for line in found.log() if line.stream in streams]


class Printing(Small):
    def post(self, path: str, body: Any) -> Any:
        print("asking", path.rpartition("/")[2])
        print("and  waiting", file=sys.stderr)
        return super().post(path, body)


def test_output_is_kept_with_its_place_and_printed_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    found = run(Printing)
    assert written(found, "stdout") == ["asking sessions", "asking sendmessage"]
    assert written(found, "stderr") == ["and  waiting", "and  waiting"]
    answers = [entry.seq for entry in found.trace if isinstance(entry, Answer)]
    arrivals = [entry.seq for entry in found.trace if isinstance(entry, Arrival)]
    asking = next(line for line in found.log() if line.text == "asking sendmessage")
    assert answers[-2] <= asking.after < arrivals[-1]
    assert capsys.readouterr() == ("", "")


def test_an_exception_that_ends_a_thread_is_output_of_the_client(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)  # pytest has put its own there

    def refresh() -> None:
        raise RuntimeError("no refresh today")

    class Refreshing(Small):
        def send(self, guest: Any, text: str) -> None:
            refreshing = threading.Thread(target=refresh, name="refreshing")
            refreshing.start()
            refreshing.join()
            super().send(guest, text)

    lines = written(run(Refreshing), "stderr")
    assert (lines[0], lines[-1]) == ("Exception in thread refreshing:", "RuntimeError: no refresh today")
    assert [line.rpartition(" in ")[2] for line in lines if "File" in line] == ["refresh"]
    assert capsys.readouterr() == ("", "")


def test_it_is_let_through_if_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert written(run(Printing, show_output=True), "stdout")
    told = capsys.readouterr()
    assert told.out == "asking sessions\nasking sendmessage\n"
    assert told.err == "and  waiting\n" * 2


def test_what_other_threads_print_is_not_touched(capsys: pytest.CaptureFixture[str]) -> None:
    printed, go = threading.Event(), threading.Event()

    def elsewhere() -> None:
        go.wait(10)
        print("not the client's")
        printed.set()

    thread = threading.Thread(target=elsewhere)
    thread.start()

    class Meanwhile(Printing):
        def send(self, guest: Any, text: str) -> None:
            go.set()
            super().send(guest, text)

    with Runner(PythonClients(Meanwhile)) as world:
        found = world.run(ONCE)
        assert printed.wait(10)
        print("nor is this")
    thread.join()
    assert sorted(capsys.readouterr().out.splitlines()) == ["nor is this", "not the client's"]
    assert "not the client's" not in written(found, "stdout")


def test_streams_are_given_back() -> None:
    before = sys.stdout, sys.stderr
    with Runner(PythonClients(Small)):
        assert sys.stdout is not before[0]
    assert (sys.stdout, sys.stderr) == before


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    made = logging.getLogger("tests.noisy")
    yield made
    made.handlers.clear()
    made.propagate = True


def test_a_log_handler_that_has_the_terminal_already_is_heard(
    logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    logger.addHandler(logging.StreamHandler(sys.stderr))
    logger.propagate = False

    class Logging(Small):
        def send(self, guest: Any, text: str) -> None:
            logger.error("will send to %s", guest.name)
            super().send(guest, text)

    assert written(run(Logging), "log") == ["will send to Ann"]
    logger.error("still there")
    assert capsys.readouterr().err == "still there\n"


def test_warnings_are_kept_of_a_client_that_sets_no_handler(logger: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    class Logging(Small):
        def send(self, guest: Any, text: str) -> None:
            logger.info("nobody wants to know")
            logger.warning("careful, %s", guest.name)
            super().send(guest, text)

    assert written(run(Logging), "log") == ["WARNING tests.noisy: careful, Ann"]
    assert caplog.text == ""


def test_secrets_and_ids_that_change_are_not_in_it() -> None:
    class Leaking(Small):
        def send(self, guest: Any, text: str) -> None:
            print(self.platform.client_id, self.platform.client_secret, self.bearer())
            super().send(guest, text)

    found = run(Leaking)
    (line,) = named_log(found.log(), found.trace, found.client_id)
    assert line.text == "client [REDACTED] [REDACTED t:0000000001]"


def test_what_the_factory_prints_comes_first() -> None:
    def factory(platform: Any) -> Small:
        print("made")
        return Small(platform)

    assert run(factory).log()[0] == OutputLine(0, "stdout", "made")


class Broken(Small):
    def deliver(self, session: str, text: str) -> None:
        self.read({"id": session})

    def read(self, document: dict[str, Any]) -> None:
        document["webChatSessionId"].strip()


class BrokenAsync(SmallAsync):
    async def deliver(self, session: str, text: str) -> None:
        {"id": session}["webChatSessionId"].strip()


@pytest.mark.parametrize("factory", [Broken, BrokenAsync])
def test_an_exception_is_told_with_the_clients_own_frames(factory: Any) -> None:
    found = run(factory)
    told = written(found, "raised")
    assert told[-1].startswith("tests/contracts/runner/test_log.py:")
    assert told[-1].endswith('["webChatSessionId"].strip()')
    assert " in send: " in told[0]
    ended = next(entry for entry in found.trace if isinstance(entry, Ended))
    assert {line.after for line in found.log() if line.stream == "raised"} == {ended.seq}


def test_frames_of_libraries_are_counted_and_causes_are_told() -> None:
    class Wrapping(Small):
        def deliver(self, session: str, text: str) -> None:
            try:
                self.http.post("http://[::1]:x/", json={})
            except Exception as error:
                raise RuntimeError("cannot send") from error

    told = written(run(Wrapping), "raised")
    cause = next(nth for nth, line in enumerate(told) if line.startswith("caused by InvalidURL: "))
    assert any(line.endswith(" in httpx") and line.startswith("… ") for line in told[cause:])


def test_each_of_two_parallel_failures_is_told() -> None:
    both = Scenario((SendParallel((Message(ANN, "a"), Message(BOB, "b"))),))
    assert sum(line.endswith(".strip()") for line in written(run(Broken, both), "raised")) == 2


def test_what_a_process_writes_to_stderr_has_a_place() -> None:
    script = """read line; echo 'got   it' >&2; echo '{"id": 1, "ok": false}'; read line"""
    with Runner(ProcessClients(shlex.join(["sh", "-c", script + " || true"]))) as world:
        found = world.run(ONCE)
    assert written(found, "stderr") == ["got   it"]
