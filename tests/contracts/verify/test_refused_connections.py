"""A refused connection: in process a client knows that its request never left, and may post the same once more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from contracts.builtin import ANN
from contracts.clients.python import PythonClients
from contracts.clients.target import find
from contracts.scenario import Fault, Scenario, Send
from contracts.verify import Options, replay, verify
from mockserver.engine.model import FaultKind

pytestmark = pytest.mark.slow

Recovering: Any = find("fixtures/clients/recovering.py:Notifier")
NotSent: Any = find("fixtures/clients/recovering.py:NotSent")

CLAUSES = ("S1", "R1", "R2", "D1", "D2")


class PostsAgain:
    """An HTTP client that posts the same, session id and all, up to twice more after one of these `errors`."""

    def __init__(self, http: httpx.Client, sleep: Callable[[float], None], errors: type[Exception]) -> None:
        self.close = http.close
        self._http, self._sleep, self._errors = http, sleep, errors

    def post(self, path: str, **request: Any) -> httpx.Response:
        for wait in (0.5, 1.0, 0):
            try:
                return self._http.post(path, **request)
            except self._errors:
                self._sleep(wait)
        raise NotSent(f"{path} is not available")


def again_after(errors: type[Exception]) -> Callable[[Any], Any]:
    """A client that recovers from all else by a fresh session."""

    def factory(platform: Any) -> Any:
        http = PostsAgain(platform.http_client(), platform.sleep, errors)
        return Recovering(http, platform.client_id, platform.client_secret, platform.sleep)

    return factory


def test_the_same_id_is_right_after_a_refused_connection() -> None:
    options = Options(seed=0, examples=20, walk="full", clauses=CLAUSES)
    report = verify("client", PythonClients(again_after(httpx.ConnectError)), options)
    assert not report.violated


def test_it_is_wrong_after_any_other_error_of_the_transport() -> None:
    options = Options(seed=0, examples=0, walk="full", clauses=CLAUSES)
    (broken, *_) = verify("client", PythonClients(again_after(httpx.TransportError)), options).violated
    assert broken.code == "S1"
    assert "presented again after a send with an unknown outcome" in broken.words


@pytest.mark.parametrize(
    ("kind", "socket", "errors", "broken"),
    [
        ("lost_request", False, httpx.ConnectError, []),
        ("lost_request", False, httpx.TransportError, []),
        ("lost_request", True, httpx.ConnectError, []),  # what it gets there is another error
        ("lost_request", True, httpx.TransportError, ["S1"]),  # it cannot know whether its request had arrived
        ("lost_response", False, httpx.ConnectError, []),
        ("lost_response", False, httpx.TransportError, ["S1", "D1"]),
    ],
)
def test_what_a_client_can_know_depends_on_how_it_reaches_the_mock(
    kind: FaultKind, socket: bool, errors: type[Exception], broken: list[str]
) -> None:
    scenario = Scenario((Fault("send", kind), Send(ANN, "Hello")))
    report = replay("client", PythonClients(again_after(errors), socket=socket), scenario, Options(clauses=CLAUSES))
    assert [result.code for result in report.violated] == broken
