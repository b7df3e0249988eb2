"""Broken deliveries as clients see them, on each server that serves the mock: a closed connection, a body cut short."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from mockserver.live import LiveServer
from tests.functional.answering import COMMAND
from tests.functional.serving import Serving
from tests.mockserver.web.answers import BODY, DATE, answer
from tests.need import need

LOST = ["lost_request", "lost_response"]
ROUNDS = 100
HALF = len(BODY) // 2

FETCH = Path(__file__).with_name("fetch.mjs")


@pytest.fixture(scope="module", params=["granian", "waitress"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "granian":
        with Serving(command=COMMAND) as serving:
            yield serving.url
            assert serving.complaints() == ""
    else:
        with LiveServer(answer) as server:
            yield server.url


@pytest.mark.parametrize("delivery", LOST)
def test_httpx_sees_a_disconnection_and_goes_on(url: str, delivery: str) -> None:
    with httpx.Client(base_url=url) as client:
        for _ in range(ROUNDS):
            with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
                client.post(delivery, content=b"{}")
            assert client.post("complete", content=b"{}").content == BODY


def test_httpx_sees_a_body_that_ends_too_early_and_goes_on(url: str) -> None:
    with httpx.Client(base_url=url) as client:
        for _ in range(ROUNDS):
            with client.stream("POST", "truncated", content=b"{}") as response:
                assert (response.status_code, response.headers["content-length"]) == (200, str(len(BODY)))
                with pytest.raises(httpx.RemoteProtocolError, match=f"received {HALF} bytes, expected {len(BODY)}"):
                    response.read()
            assert client.post("complete", content=b"{}").content == BODY


def test_one_clients_broken_connection_is_nobody_elses(url: str) -> None:
    def converse(delivery: str) -> Counter[str]:
        seen: Counter[str] = Counter()
        with httpx.Client(base_url=url, timeout=30, verify=False) as client:
            for _ in range(25):
                try:
                    seen["whole" if client.post(delivery, content=b"{}").content == BODY else "wrong"] += 1
                except httpx.RemoteProtocolError:
                    seen["broken"] += 1
        return seen

    deliveries = ["complete", "lost_request", "truncated", "complete"] * 4
    with ThreadPoolExecutor(len(deliveries)) as clients:
        for delivery, seen in zip(deliveries, clients.map(converse, deliveries), strict=True):
            assert seen == {"whole" if delivery == "complete" else "broken": 25}


@pytest.mark.parametrize(("delivery", "status"), [("lost_request", 52), ("lost_response", 52), ("truncated", 18)])
def test_curl_says_which_it_was(url: str, delivery: str, status: int) -> None:
    urls = [f"{url}/{delivery}", f"{url}/complete"] * ROUNDS
    command = [need("curl"), "--silent", "--write-out", "%{stderr}%{exitcode}\n", "--data", "{}", *urls]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr.split() == [str(status), "0"] * ROUNDS


@pytest.mark.parametrize("delivery", LOST)
def test_nodes_fetch_sees_a_disconnection_and_goes_on(url: str, delivery: str) -> None:
    assert fetched(url, delivery) == [{"fetch failed: UND_ERR_SOCKET": ROUNDS}, {f"200 {len(BODY)}": ROUNDS}]


def test_nodes_fetch_sees_a_body_that_ends_too_early_and_goes_on(url: str) -> None:
    broken, whole = fetched(url, "truncated")
    assert whole == {f"200 {len(BODY)}": ROUNDS}
    # Which of the two depends on whether the server said that it would close.
    assert broken.keys() <= {"terminated: UND_ERR_SOCKET", "terminated: UND_ERR_RES_CONTENT_LENGTH_MISMATCH"}


def fetched(url: str, delivery: str) -> list[dict[str, int]]:
    command = [need("node"), str(FETCH), str(ROUNDS), f"{url}/{delivery}", f"{url}/complete"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    outcomes: list[dict[str, int]] = json.loads(done.stdout)
    return outcomes


def test_each_answer_has_one_date_the_applications_and_one_server(url: str) -> None:
    headers = httpx.post(f"{url}/complete", content=b"{}").headers
    assert headers.get_list("date") == [DATE]
    assert headers.get_list("server") == ["dayfly"]
