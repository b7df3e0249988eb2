"""Calls that wait: their connections, their ends, and their number."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest

from mockserver.clock import monotonic
from mockserver.web.calls import BODY_WITHIN, LATE, PATIENCE, RESERVE, Calls, OpenConnection, given_up, open_at
from mockserver.web.delivery import DELAY, PAUSE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when data came")

CREATE = "/api/v2/conversations/webchat/sessions"


def environ(path: str = CREATE, body: bytes | None = b"{}", **headers: str) -> dict[str, Any]:
    length = {} if body is None else {"CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)}
    return {"REQUEST_METHOD": "POST", "PATH_INFO": path, **length, **headers}


def answer(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b""]


def status(app: WSGIApplication, call: dict[str, Any]) -> str:
    told: list[Any] = []
    app(call, lambda *given: told.extend(given))  # type: ignore[arg-type]
    return str(told[0])


def refuse(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("503 Service Unavailable", [])
    return [b""]


class Silent:
    """A body that does not come until it is let go."""

    def __init__(self) -> None:
        self.asked, self.come = threading.Event(), threading.Event()

    def read(self, _size: int = -1) -> bytes:
        self.asked.set()
        assert self.come.wait(30)
        return b""


def read(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    environ["wsgi.input"].read(2)
    return answer(environ, start_response)


@contextmanager
def in_thread(work: Any) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=work)
    thread.start()
    yield thread
    thread.join(30)
    assert not thread.is_alive()


# -- which connection ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "received", "possible"),
    [
        (-100, 0, True),  # answered long ago, then asked
        (-0.001, -0.001, True),  # answered a moment ago, and asked at once
        (-100, 3, True),  # more of the body came since
        (-100, -LATE / 2, True),  # asked, and the call began late
        (1, 0, False),  # answered since
        (-100, -LATE - 1, False),  # silent before the call began
    ],
)
def test_a_connection_may_be_the_one_if_nothing_was_sent_since_the_call_began(
    sent: float, received: float, possible: bool
) -> None:
    assert OpenConnection(7, 1000 + sent, 1000 + received).may_be_of(1000) is possible


NOW, LONG_AGO = 1000.0, 1000.0 - BODY_WITHIN - 1


def test_as_many_connections_as_bodies_are_given_up() -> None:
    dribbling = [OpenConnection(number, LONG_AGO - 5, NOW - 0.5) for number in range(3)]
    fresh = OpenConnection(9, NOW - 1, NOW - 1)
    assert given_up([*dribbling, fresh], [LONG_AGO] * 3, [], NOW) == dribbling


def test_if_more_are_possible_only_silent_ones_are_given_up() -> None:
    silent, dribbling = OpenConnection(1, LONG_AGO, LONG_AGO), OpenConnection(2, LONG_AGO, NOW - 1)
    assert given_up([silent, dribbling], [LONG_AGO], [], NOW) == [silent]


def test_whoever_may_be_waiting_for_a_delayed_answer_keeps_the_connection() -> None:
    delayed, silent = OpenConnection(1, LONG_AGO - 9, LONG_AGO), OpenConnection(2, LONG_AGO - 9, LONG_AGO)
    assert given_up([delayed, silent], [LONG_AGO], [LONG_AGO], NOW) == []
    assert given_up([delayed, silent], [], [LONG_AGO], NOW) == []
    assert given_up([delayed, silent], [LONG_AGO, LONG_AGO], [LONG_AGO], NOW) == []  # though there are as many bodies


@on_linux
def test_the_system_tells_who_has_hung_up_and_who_waits() -> None:
    with ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = listening.getsockname()[1]
        pairs = []
        for _ in range(2):
            ours = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            theirs = stack.enter_context(listening.accept()[0])
            ours.sendall(b"x")
            assert theirs.recv(1) == b"x"
            pairs.append((ours, theirs))
        (ours, theirs), (_, others) = pairs
        began = monotonic()

        found = {connection.descriptor: connection for connection in open_at(port)}
        assert found.keys() == {theirs.fileno(), others.fileno()}
        assert all(connection.may_be_of(began) for connection in found.values())

        ours.close()
        assert theirs.recv(1) == b""  # so it is known here
        assert [connection.descriptor for connection in open_at(port)] == [others.fileno()]
        assert list(open_at(port + 1)) == []


# -- what ends a wait ------------------------------------------------------------------------------------------------


@on_linux
def test_a_delay_ends_once_its_client_has_hung_up_and_not_before() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        calls = Calls(threading.Event(), port)
        ours = socket.create_connection(("127.0.0.1", port))
        with listening.accept()[0] as theirs:
            ours.sendall(b"x")
            theirs.recv(1)
            call, delayed, ended = environ(), threading.Event(), list[bool]()

            def slow(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
                delayed.set()
                ended.append(environ[DELAY](environ, 3600))
                return answer(environ, start_response)

            with in_thread(lambda: status(calls.served(slow), call)):
                assert delayed.wait(30)
                calls.look(monotonic() + PATIENCE)
                assert ended == []
                ours.close()
                theirs.recv(1)
                while not ended:  # the delay may have begun after a look
                    calls.look(monotonic() + PATIENCE)
            assert ended == [True]


def test_without_a_port_to_look_at_a_delay_takes_its_time() -> None:
    calls, call = Calls(threading.Event(), 0), environ()
    calls.served(answer)(call, lambda *_: None)  # type: ignore[arg-type]
    assert call[DELAY](call, 0.001) is False


def test_a_server_that_stops_ends_its_delays() -> None:
    stopping = threading.Event()
    calls, call = Calls(stopping, 0), environ()
    calls.served(answer)(call, lambda *_: None)  # type: ignore[arg-type]
    ended: list[bool] = []
    with in_thread(lambda: ended.append(call[DELAY](call, 3600))), in_thread(calls.watch):
        stopping.set()
    assert ended == [True]
    assert call[PAUSE](3600)


# -- how many there may be -------------------------------------------------------------------------------------------


def test_if_too_many_wait_others_are_refused_and_control_is_not() -> None:
    calls = Calls(threading.Event(), 0, threads=RESERVE + 2)
    app = calls.served(read, refuse)
    bodies = [Silent(), Silent()]
    with ExitStack() as stack:
        for body in bodies:
            stack.enter_context(in_thread(lambda body=body: status(app, environ() | {"wsgi.input": body})))
            assert body.asked.wait(30)

        assert status(app, environ()).startswith("503")
        assert status(calls.served(answer, refuse), environ("/__admin/health", None)).startswith("200")
        assert status(app, environ("/__admin/organizations/x/faults")).startswith("200")
        for body in bodies:
            body.come.set()
    assert status(app, environ()).startswith("200")
