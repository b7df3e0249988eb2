from __future__ import annotations

import gc
import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx
import pytest

from mockserver.errors import SettingsError
from mockserver.live import LiveServer
from mockserver.web.delivery import pause
from tests.mockserver.web.answers import BODY, DATE, answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment


@pytest.fixture
def server() -> Iterator[LiveServer]:
    with LiveServer(answer) as server:
        yield server


@pytest.fixture
def client(server: LiveServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client


def test_it_serves_where_it_says(server: LiveServer) -> None:
    assert server.url == f"http://127.0.0.1:{server.port}"
    assert httpx.get(f"{server.url}/complete").content == BODY


def test_the_date_is_the_applications_and_the_server_is_named_once(client: httpx.Client) -> None:
    headers = client.post("/complete", content=b"{}").headers
    assert headers.get_list("date") == [DATE]
    assert headers.get_list("server") == ["dayfly"]
    assert "via" not in headers


def test_a_connection_is_kept(client: httpx.Client) -> None:
    ports = {client.get("/complete").extensions["network_stream"].get_extra_info("client_addr") for _ in range(10)}
    assert len(ports) == 1


@pytest.mark.parametrize("delivery", ["lost_request", "lost_response"])
def test_a_lost_answer_is_a_closed_connection_and_the_next_request_is_fine(client: httpx.Client, delivery: str) -> None:
    for _ in range(50):
        with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
            client.post(f"/{delivery}", content=b"{}")
        assert client.post("/complete", content=b"{}").content == BODY


def test_a_truncated_answer_announces_more_than_it_brings(client: httpx.Client) -> None:
    for _ in range(50):
        with client.stream("POST", "/truncated", content=b"{}") as response:
            assert response.status_code == 200
            assert response.headers["content-length"] == str(len(BODY))
            with pytest.raises(httpx.RemoteProtocolError, match=f"received {len(BODY) // 2} bytes"):
                response.read()
        assert client.post("/complete", content=b"{}").content == BODY


def test_parallel_clients_with_latency_do_not_wait_for_each_other() -> None:
    many = 100
    together = threading.Barrier(many, timeout=30)

    def meet(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        together.wait()
        return answer(environ, start_response)

    with LiveServer(meet) as server, httpx.Client(timeout=60) as client, ThreadPoolExecutor(many) as clients:
        answers = clients.map(client.get, [f"{server.url}/complete"] * many)
        assert {response.status_code for response in answers} == {200}


def test_a_delay_ends_once_its_client_has_hung_up() -> None:
    asked, over = threading.Event(), threading.Event()

    def slow(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked.set()
        pause(environ, 3600)
        over.set()
        return answer(environ, start_response)

    with LiveServer(slow) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(b"GET /complete HTTP/1.1\r\nHost: x\r\n\r\n")
            assert asked.wait(30)
            assert not over.is_set()
        assert over.wait(30)


def test_it_stops_with_connections_open_and_leaves_nothing_behind() -> None:
    before = threads(), open_files()
    with ExitStack() as clients:
        with LiveServer(answer) as server:
            silent = clients.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            clients.enter_context(httpx.Client(base_url=server.url)).get("/complete")
        assert silent.recv(1) == b""
        with pytest.raises(httpx.ConnectError):
            httpx.get(server.url)
    gc.collect()
    assert (threads(), open_files()) == before


def test_stopping_does_not_wait_for_a_delay() -> None:
    called = threading.Event()

    def slow(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        called.set()
        return answer(environ, start_response)

    with ThreadPoolExecutor(1) as clients:
        with LiveServer(slow) as server:
            pending: Future[httpx.Response] = clients.submit(httpx.get, f"{server.url}/complete?3600", timeout=60)
            assert called.wait(timeout=30)
        assert pending.result(timeout=30).content == BODY


def test_many_servers_can_be_had_at_once_and_one_after_the_other() -> None:
    with LiveServer(answer) as one, LiveServer(answer) as other:
        assert one.port != other.port
        assert httpx.get(f"{one.url}/complete").content == httpx.get(f"{other.url}/complete").content
    with LiveServer(answer, port=one.port) as again:
        assert httpx.get(f"{again.url}/complete").content == BODY


def test_an_ipv6_address_will_do() -> None:
    with LiveServer(answer, host="::1") as server:
        assert server.url == f"http://[::1]:{server.port}"
        assert httpx.get(f"{server.url}/complete").content == BODY


def test_a_port_in_use_is_said_so(server: LiveServer) -> None:
    with pytest.raises(SettingsError, match="in use"), LiveServer(answer, port=server.port):
        pass


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


def open_files() -> int:
    return len(os.listdir("/dev/fd"))
