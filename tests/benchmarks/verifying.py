"""The number of scenarios per second that `verify` runs, beside a bare Hypothesis test with as many httpx calls.

The bare test draws a text for each call, sends it, and reads a constant answer, without platform, history and judge. Both are
measured in processor time and in turns, so that other work on the machine affects both alike.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import process_time
from typing import Any, NamedTuple

import httpx
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from contracts.clients.python import PythonClients
from contracts.clients.target import find
from contracts.verify import Options, verify
from tests.gallery.catalogue import ROOT

CLIENT = f"{ROOT}/fixtures/clients/recovering.py:factory"
EXAMPLES, ROUNDS = 100, 5

SEND = "/api/v2/conversations/messaging/external/guests/sendmessage"
ID = "a606839e-b905-4b6e-a6e3-3f1614a4f91f"
ANSWER = {"id": "00000000-f06c-444a-a25b-413f8a9a021e", "webChatSessionId": ID}
HEADERS = {
    "Date": "Tue, 01 Jan 2030 00:00:00 GMT",
    "ININ-Correlation-Id": "00000000-f06c-444a-a25b-413f8a9a021e",
    "Cache-Control": "no-cache, no-store, must-revalidate",
    "inin-ratelimit-count": "0",
    "inin-ratelimit-allowed": "300",
    "inin-ratelimit-reset": "60",
}


class Throughput(NamedTuple):
    """Scenarios a second of processor time: of `verify`, and of a bare test that makes as many `calls` in each."""

    ours: float
    bare: float
    calls: float


def throughput(rounds: int = ROUNDS) -> Throughput:
    """The medians of so many rounds, after one that warms up."""
    runs, calls = _calls_in_a_verification()
    figures = [(_rate(_verify, runs), _rate(lambda: _bare(runs, calls), runs)) for _ in range(rounds + 1)][1:]
    return Throughput(median(ours for ours, _ in figures), median(bare for _, bare in figures), calls / runs)


def _rate(run: Callable[[], object], runs: int) -> float:
    begun = process_time()
    run()
    return runs / (process_time() - begun)


def _verify(factory: Callable[[Any], Any] | None = None) -> int:
    """Return how many scenarios were run."""
    report = verify(CLIENT, PythonClients(factory or find(CLIENT)), Options(seed=0, examples=EXAMPLES))
    assert not report.violated
    assert report.examples is not None
    return report.examples


def _calls_in_a_verification() -> tuple[int, int]:
    """Its scenarios, and the calls that the client made in them."""
    factory, made = find(CLIENT), list[str]()

    def counting(platform: Any) -> Any:
        client = factory(platform)
        client._http.event_hooks = {"request": [lambda request: made.append(request.url.path)]}
        return client

    return _verify(counting), len(made)


def _bare(examples: int, calls: int) -> None:
    done = made = 0

    def constant(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=HEADERS, json=ANSWER)

    with httpx.Client(transport=httpx.MockTransport(constant), base_url="http://mock.test") as http:

        @settings(
            max_examples=examples,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(st.lists(st.text(), min_size=calls // examples + 1, max_size=calls // examples + 1))
        def test(texts: list[str]) -> None:
            nonlocal done, made
            done += 1
            due = calls * done // examples - made
            made += due
            for text in texts[:due]:
                answer = http.post(SEND, json={"webChatSessionId": ID, "text": text}, headers={"Authorization": "Bearer t"})
                assert answer.json()["webChatSessionId"] == ID

        test()
