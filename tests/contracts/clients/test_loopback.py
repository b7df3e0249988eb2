"""Clients that reach the platform through a real socket, in virtual time."""

from __future__ import annotations

import asyncio
import base64
import gc
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import urllib3

from contracts.clients import connections, sockets
from contracts.clients.python import PythonClients
from contracts.runner import Run, Runner
from contracts.scenario import Advance, EndSessions, Fault, Item, Message, RestartClient, Scenario, Send, SendParallel, Trigger
from mockserver.journal import Answer, Arrival, Ended, Guest, Header, Returned
from tests.contracts.small import MESSAGES, SESSIONS, TOKEN, Small, SmallAsync, errors, outcomes, reasons

ANN, BOB = Guest("Ann", "ann@example.com"), Guest("Bob", "bob@example.com")
HELLO = Send(ANN, "hello")
PATIENCE = 0.3
"""Seconds of real time, for clients that hang on purpose."""


def run(*items: Item, factory: Callable[[Any], Any] = Small) -> Run:
    with Runner(PythonClients(factory, socket=True, patience=PATIENCE)) as world:
        return world.run(Scenario(items))


def seconds(run: Run, kind: type[Ended | Returned]) -> list[float]:
    """When entries of a kind were written, counted from the first entry of all."""
    stamps = [entry.at for entry in run.trace if isinstance(entry, kind)]
    return [(at - run.trace[1].at) / 1000 for at in stamps]  # type: ignore[union-attr]


class Requests(Small):
    """On `requests`, which has urllib3 underneath."""

    def __init__(self, platform: Any) -> None:
        self.platform, self.token = platform, None
        self.session = requests.Session()
        self.session.trust_env = False

    def close(self) -> None:
        self.session.close()

    def post(self, path: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.bearer()}"}
        answer = self.session.post(self.platform.base_url + path, json=body, headers=headers, timeout=5)
        answer.raise_for_status()
        return answer.json()

    def log_in(self) -> str:
        pair = (self.platform.client_id, self.platform.client_secret)
        grant = {"grant_type": "client_credentials"}
        return str(self.session.post(self.platform.base_url + TOKEN, data=grant, auth=pair, timeout=5).json()["access_token"])


class HttpClient(Small):
    """On the standard library, with bodies of no known length."""

    def __init__(self, platform: Any) -> None:
        self.platform, self.token = platform, None
        self.connection = http.client.HTTPConnection(urlsplit(platform.base_url).netloc)

    def close(self) -> None:
        self.connection.close()

    def post(self, path: str, body: Any) -> Any:
        pieces = iter([json.dumps(body).encode()])
        headers = {"Authorization": f"Bearer {self.bearer()}", "Content-Type": "application/json"}
        self.connection.request("POST", path, pieces, headers, encode_chunked=True)
        return self.read()

    def log_in(self) -> str:
        pair = f"{self.platform.client_id}:{self.platform.client_secret}"
        basic = base64.b64encode(pair.encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
        self.connection.request("POST", TOKEN, "grant_type=client_credentials", headers)
        return str(self.read()["access_token"])

    def read(self) -> Any:
        with self.connection.getresponse() as answer:
            assert answer.status == 200
            return json.loads(answer.read())


class Urllib3(Small):
    """On urllib3, told to try again whatever happens."""

    def __init__(self, platform: Any) -> None:
        self.platform, self.token = platform, None
        self.http: Any = urllib3.PoolManager(retries=urllib3.Retry(4, allowed_methods=None, backoff_factor=0), timeout=5)

    def close(self) -> None:
        self.http.clear()

    def post(self, path: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.bearer()}"}
        answer = self.http.request("POST", self.platform.base_url + path, json=body, headers=headers)
        assert answer.status == 200, answer.status
        return answer.json()

    def log_in(self) -> str:
        headers = urllib3.make_headers(basic_auth=f"{self.platform.client_id}:{self.platform.client_secret}")
        fields = {"grant_type": "client_credentials"}
        url = self.platform.base_url + TOKEN
        return str(
            self.http.request("POST", url, fields=fields, headers=headers, encode_multipart=False).json()["access_token"]
        )


class Streams:
    """On asyncio's own streams, a connection for each request."""

    def __init__(self, platform: Any) -> None:
        self.platform = platform

    async def send(self, guest: Any, text: str) -> None:
        pair = f"{self.platform.client_id}:{self.platform.client_secret}"
        basic = "Basic " + base64.b64encode(pair.encode()).decode()
        form = "application/x-www-form-urlencoded"
        token = await self.post(TOKEN, basic, form, b"grant_type=client_credentials")
        bearer = f"Bearer {token['access_token']}"
        who = json.dumps({"guest": {"name": guest.name, "email": guest.email}}).encode()
        session = await self.post(SESSIONS, bearer, "application/json", who)
        message = json.dumps({"webChatSessionId": session["webChatSessionId"], "text": text}).encode()
        await self.post(MESSAGES, bearer, "application/json", message)

    async def post(self, path: str, authorization: str, media: str, body: bytes) -> Any:
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(self.platform.base_url).port)
        lines = [f"POST {path} HTTP/1.1", "Host: platform", f"Authorization: {authorization}", f"Content-Type: {media}"]
        head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "Connection: close", "", ""])
        writer.writelines([head.encode(), body])
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return json.loads(answer.partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize("factory", [Small, SmallAsync, Requests, HttpClient, Urllib3, Streams])
def test_whatever_speaks_http_gets_through(factory: Callable[[Any], Any]) -> None:
    ran = run(HELLO, Advance(60), Send(BOB, "ünïcode 👩‍👧"), factory=factory)
    assert outcomes(ran) == ["accepted", "accepted"], errors(ran)
    assert seconds(ran, Ended) == [0, 60]
    assert isinstance(ran.trace[0], Header)
    assert (ran.trace[0].clock, ran.trace[0].door) == ("virtual", "socket")


def test_it_is_told_when_each_answer_has_come_back() -> None:
    ran = run(HELLO)
    asked = [entry.context_id for entry in ran.trace if isinstance(entry, Arrival)]
    assert [(entry.context_id, entry.answered) for entry in ran.trace if isinstance(entry, Returned)] == [
        (context_id, True) for context_id in asked
    ]
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("kind", "delivery", "error"),
    [
        ("lost_request", "lost_request", "RemoteProtocolError: Server disconnected without sending a response."),
        ("lost_response", "lost_response", "RemoteProtocolError: Server disconnected without sending a response."),
        ("truncated_body", "truncated", "RemoteProtocolError: peer closed connection without sending complete message body"),
    ],
)
@pytest.mark.parametrize("factory", [Small, SmallAsync])
def test_an_exchange_breaks_where_real_ones_do(factory: Any, kind: Any, delivery: str, error: str) -> None:
    ran = run(Fault("send", kind), HELLO, HELLO, factory=factory)
    assert outcomes(ran) == ["failed", "accepted"]
    assert errors(ran)[0].startswith(error)
    assert len([entry for entry in ran.trace if isinstance(entry, Answer) and entry.delivery == delivery]) == 1
    assert seconds(ran, Ended) == [0, 0]


@pytest.mark.parametrize("factory", [Small, SmallAsync])
@pytest.mark.parametrize("where", ["before", "after"])
def test_a_late_answer_is_waited_for_in_virtual_time(factory: Any, where: Any) -> None:
    began = time.monotonic()
    ran = run(Fault("send", "latency", seconds=4.5, where=where), HELLO, factory=factory)
    assert (outcomes(ran), seconds(ran, Ended)) == (["accepted"], [4.5])
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("factory", [Small, SmallAsync])
@pytest.mark.parametrize("where", ["before", "after"])
def test_a_client_gives_up_at_its_own_timeout_and_the_platform_acts_all_the_same(factory: Any, where: Any) -> None:
    ran = run(Fault("send", "latency", seconds=20, where=where), HELLO, Advance(60), HELLO, factory=factory)
    assert outcomes(ran) == ["failed", "accepted"]
    assert errors(ran)[0].startswith("ReadTimeout")
    assert seconds(ran, Ended) == [5, 65]
    assert reasons(ran).count("message.accepted") == 2
    assert [entry.answered for entry in ran.trace if isinstance(entry, Returned)] == [True, True, False, True, True]


def test_what_an_http_stack_sends_again_by_itself_is_seen() -> None:
    ran = run(Fault("send", "lost_response"), HELLO, factory=Urllib3)
    assert outcomes(ran) == ["failed"]
    assert reasons(ran)[2:] == ["message.accepted", "session.consumed"]


def test_time_that_passes_on_the_way_outlasts_the_others_and_their_requests_arrive_before_they_go_on() -> None:
    class Hasty(Small):
        """Tries again at once, on another connection."""

        def create(self, guest: Any) -> str:
            try:
                return super().create(guest)
            except Exception:
                return super().create(guest)

    both = SendParallel((Message(ANN, "a"), Message(BOB, "b")), (Trigger("send", Advance(600)),), (1, 0, 1, 0, 1, 0, 1, 0, 1))
    ran = run(both, factory=Hasty)
    journalled = [entry.context_id for entry in ran.trace if isinstance(entry, Arrival)]
    came_back = [entry.context_id for entry in ran.trace if isinstance(entry, Returned)]
    assert sorted(journalled) == sorted(came_back)


def test_intents_in_parallel_are_raced_as_the_schedule_says() -> None:
    def order(*schedule: int) -> list[str]:
        ran = run(SendParallel((Message(ANN, "a"), Message(BOB, "b")), (), schedule))
        return [entry.operation or "" for entry in ran.trace if isinstance(entry, Arrival)]

    orders = {tuple(order(*schedule)) for schedule in [(), (1,), (0, 1, 0, 1), (1, 1, 0, 1, 1)]}
    assert len(orders) > 1
    assert order(0, 1, 0, 1) == order(0, 1, 0, 1)


def test_a_client_with_threads_of_its_own_lives_on_its_stage() -> None:
    class Threaded(Small):
        def send(self, guest: Any, text: str) -> None:
            send = super().send
            threads = [threading.Thread(target=send, args=(guest, text)) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    assert reasons(run(HELLO, factory=Threaded)).count("message.accepted") == 3


def test_a_restarted_client_finds_the_platform_again() -> None:
    assert outcomes(run(HELLO, RestartClient(), HELLO)) == ["accepted", "accepted"]


def test_a_session_may_die_on_the_way() -> None:
    assert reasons(run(Send(ANN, "x", (Trigger("send", EndSessions()),)))) == [
        "token.issued",
        "session.created",
        "session.revoked",
    ]


class SlowSystem:
    """Brings what was sent only when somebody waits for it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._taken: list[tuple[socket.socket, bytes]] = []
        self._bring, self._is_ready = sockets._real_send, connections.is_ready
        monkeypatch.setattr(sockets, "_real_send", self._take)
        monkeypatch.setattr(connections, "is_ready", self._wait)

    def _take(self, own: socket.socket, data: Any, _: int = 0) -> int:
        self._taken.append((own, bytes(data)))
        return len(data)

    def _wait(self, own: Any, event: int, milliseconds: int = 0) -> bool:
        if milliseconds and not self._is_ready(own, event):
            while self._taken:
                self._bring(*self._taken.pop(0))
        return self._is_ready(own, event, milliseconds)


def test_the_clock_stands_still_while_something_is_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    SlowSystem(monkeypatch)
    ran = run(HELLO, HELLO, factory=Requests)
    assert outcomes(ran) == ["accepted"] * 2
    assert seconds(ran, Returned) == [0.0] * 5


class Raw:
    """Says what it is made to say, and hears what it is answered."""

    said = b""
    heard = b""

    def __init__(self, platform: Any) -> None:
        self.address = ("127.0.0.1", urlsplit(platform.base_url).port)

    def send(self, guest: Any, text: str) -> None:
        with socket.create_connection(self.address) as connection:
            connection.sendall(self.said)
            if text == "and go":
                return
            connection.shutdown(socket.SHUT_WR)
            while heard := connection.recv(1 << 16):
                type(self).heard += heard


def raw(*parts: bytes) -> type[Raw]:
    return type("Raw", (Raw,), {"said": b"".join(parts)})


CHUNKED = b"POST %b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" % TOKEN.encode()


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"", b""),
        (b"\r\n\r\n", b"HTTP/1.1 400"),
        (b"nonsense\r\n\r\n", b"HTTP/1.1 400"),
        (b"POST / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 20_000, b"HTTP/1.1 431"),
        (b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200"),
        (b"GET /n%6Fwhere?a=b HTTP/1.0\r\n\r\n", b"HTTP/1.1 404"),
        (b"GET /nowhere HTTP/1.1\r\n\r\n", b"HTTP/1.1 400"),
        (b"POST /%2Foauth/token HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab", b"HTTP/1.1 404"),
        (b"POST /oauth/token HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab", b""),
        (b"POST /oauth/token HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na", b"HTTP/1.1 100"),
        (CHUNKED + b"5\r\nabcde\r\n0\r\n\r\n", b"HTTP/1.1 415"),
        (CHUNKED + b"x\r\n", b"HTTP/1.1 400"),
    ],
)
def test_a_client_that_hardly_speaks_http_is_answered_or_hung_up_on(said: bytes, status: bytes) -> None:
    client = raw(said)
    assert outcomes(run(HELLO, factory=client)) == ["accepted"]
    assert client.heard.startswith(status)
    assert bool(client.heard) == bool(status)


def test_a_request_is_on_its_way_though_its_client_has_gone() -> None:
    client = raw(b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
    ran = run(Send(ANN, "and go"), factory=client)
    assert reasons(ran) == ["route.unknown"]
    assert [entry.answered for entry in ran.trace if isinstance(entry, Returned)] == [False]


class Watchdog(HttpClient):
    """Shuts its socket after ten seconds, from another thread. The reader finds the end of the file."""

    def post(self, path: str, body: Any) -> Any:
        self.bearer()
        self.connection.close()
        self.connection.connect()
        watchdog = threading.Timer(10, self.connection.sock.shutdown, [socket.SHUT_RDWR])
        watchdog.start()
        try:
            return super().post(path, body)
        finally:
            watchdog.cancel()


def test_an_answer_has_not_come_back_to_a_client_that_shuts_its_socket_before() -> None:
    ran = run(Fault("create", "latency", seconds=20, where="after"), HELLO, factory=Watchdog)
    assert outcomes(ran) == ["failed"]
    assert [entry.answered for entry in ran.trace if isinstance(entry, Returned)] == [True, False]
    assert seconds(ran, Returned)[-1] == pytest.approx(10)


def test_several_requests_share_a_connection() -> None:
    client = raw(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n" * 2, b"GET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" * 2)
    run(HELLO, factory=client)
    assert client.heard.count(b"HTTP/1.1 404") == 3


def test_a_large_body_gets_through_while_its_client_still_writes() -> None:
    size = 12 << 20
    client = raw(b"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size, b"x" * size)
    ran = run(HELLO, factory=client)
    assert [entry.size for entry in ran.trace if isinstance(entry, Arrival)] == [size]


def test_a_client_that_waits_for_ever_is_given_up() -> None:
    class Silent(Raw):
        def send(self, guest: Any, text: str) -> None:
            with socket.create_connection(self.address) as connection:
                connection.recv(1)

    ran = run(HELLO, factory=Silent)
    assert outcomes(ran) == ["never"]
    assert ran.hung == f"it showed nothing for {PATIENCE:g} s of real time"


@pytest.mark.parametrize("factory", [Small, SmallAsync, Requests])
@pytest.mark.filterwarnings("error")
def test_nothing_stays_open_though_a_client_closes_nothing(factory: Any) -> None:
    class Careless(factory):  # type: ignore[misc]
        def close(self) -> None:
            """Forgets to."""

    before = set(threading.enumerate())
    run(HELLO, RestartClient(), HELLO, factory=Careless)
    gc.collect()
    assert [thread.name for thread in set(threading.enumerate()) - before if thread.name == "dayfly platform"] == []


def test_other_connections_are_left_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        class Elsewhere(Raw):
            def send(self, guest: Any, text: str) -> None:
                with socket.create_connection(server.getsockname()) as near, server.accept()[0] as far:
                    near.sendall(b"ping")
                    assert far.recv(4) == b"ping"

        assert outcomes(run(HELLO, factory=Elsewhere)) == ["accepted"]


def test_sockets_are_the_systems_own_again_afterwards() -> None:
    before = {name: getattr(socket.socket, name) for name in ("connect", "recv", "recv_into", "send", "sendall", "_real_close")}
    run(HELLO)
    assert {name: getattr(socket.socket, name) for name in before} == before
