"""The line of the client's code that sent a request, as annotations point to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contracts.clients.python import PythonClients
from contracts.clients.target import Factory, find
from contracts.verify import Options, verify
from tests.contracts.small import Small

CLIENTS = Path(__file__).parents[3] / "fixtures" / "clients"


class WithRequests:
    """Sends the same id twice, by `requests`."""

    def __init__(self, platform: Any) -> None:
        import requests

        self.http, self.url = requests.Session(), platform.base_url
        grant = {"grant_type": "client_credentials"}
        answer = self.http.post(f"{self.url}/oauth/token", grant, auth=(platform.client_id, platform.client_secret))
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def send(self, guest: Any, text: str) -> None:
        api, who = f"{self.url}/api/v2/conversations", {"guest": {"name": guest.name, "email": guest.email}}
        session = self.http.post(f"{api}/webchat/sessions", json=who).json()["webChatSessionId"]
        for _ in range(2):
            message = {"webChatSessionId": session, "text": text}
            self.http.post(f"{api}/messaging/external/guests/sendmessage", json=message)  # here


class WithThreads(Small):
    """Sends the same id twice, in a thread of its own."""

    def send(self, guest: Any, text: str) -> None:
        from concurrent.futures import ThreadPoolExecutor

        session = self.create(guest)
        with ThreadPoolExecutor(1) as pool:
            for _ in range(2):
                pool.submit(self.twice, session, text).result()

    def twice(self, session: str, text: str) -> None:
        message = {"webChatSessionId": session, "text": text}
        path = "/api/v2/conversations/messaging/external/guests/sendmessage"
        self.http.post(path, json=message, headers={"Authorization": f"Bearer {self.bearer()}"})  # here


def line_of(factory: Factory, clause: str, *, socket: bool = False) -> tuple[Path, str]:
    """Return the file and the text of the line to which the finding points."""
    clients = PythonClients(factory, socket=socket)
    report = verify("a client", clients, Options(clauses=(clause,), examples=0, walk="off"))
    found = report.violated[0].counterexample
    assert found is not None
    assert found.line is not None
    file, line = found.line
    return Path(file), Path(file).read_text("utf-8").splitlines()[line - 1].strip()


@pytest.mark.parametrize("socket", [False, True])
@pytest.mark.parametrize("name", ["cached_session", "fresh_session_async"])
def test_it_is_known_of_a_client_on_httpx(name: str, *, socket: bool) -> None:
    file, text = line_of(find(f"{CLIENTS / name}.py:factory"), "D2", socket=socket)
    assert file == CLIENTS / f"{name}.py"
    assert "self._http.post(" in text


def test_it_is_known_of_a_client_with_connections_of_its_own() -> None:
    file, text = line_of(WithRequests, "S1", socket=True)
    assert file == Path(__file__)
    assert text.endswith("# here")


def test_it_is_known_of_a_thread() -> None:
    file, text = line_of(WithThreads, "S1")
    assert file == Path(__file__)
    assert text.endswith("# here")
