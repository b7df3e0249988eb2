"""The clients that `dayfly explain CODE` shows side by side: the wrong one breaks the clause, the right one does not.

An example shows one mistake, so the right client is put through the scenario in which the wrong one fails.
"""

from __future__ import annotations

import asyncio
import html
import json
import threading
from textwrap import indent
from types import SimpleNamespace
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import pytest
from tenacity import retry, stop_after_attempt

from contracts.builtin import ANN, BOB, BUILTIN
from contracts.clauses.examples import EXAMPLES
from contracts.clients.python import PythonClients
from contracts.judge import Status
from contracts.scenario import Fault, Message, Scenario, Send, SendParallel
from contracts.verify import Options, replay, verify
from tests.contracts.small import MESSAGES, SESSIONS, TOKEN

pytestmark = pytest.mark.slow


class Frame(NamedTuple):
    """The method `send` around the lines of an example: what stands before and after them, by default nothing."""

    before: str = ""
    after: str = ""
    after_right: str | None = None


METHOD = Frame()
"""Examples that are a whole method."""

RENEWING = "id = answer.json()['webChatSessionId']\nif post(id, text, token).status_code == 401:\n    post(id, text, renew())\n"
"""The rest of a client that renews its token at the create, so that it is the create that tells two of them apart."""

SENT = "answer.raise_for_status()\npost(answer.json()['webChatSessionId'], text).raise_for_status()\n"
CREATED = "answer = create_session(guest)\n"
BODY = "{'guest': {'name': guest.name, 'email': guest.email}}"

FRAMES = {
    "S1": METHOD,
    "S2": Frame("queue = text\n"),
    "S4": Frame(),
    "S5": Frame("session_id = create(guest)\nurl = MESSAGES\n"),
    "S6": Frame("check = post_nothing\n"),
    "R1": Frame(after="post_with_retries(create(guest), text)\n", after_right="deliver(guest, text)\n"),
    "R2": Frame("session_id = create(guest)\n"),
    "R3": Frame("id = create(guest)\n"),
    "R4": Frame("def try_often():\n", "try_often()\n"),
    "R5": Frame("answer = create_session(guest)\nretry = lambda: create_session(guest)\n"),
    "R6": Frame(after=SENT),
    "R7": Frame(CREATED, SENT),
    "A1": Frame("token = self.token\n", RENEWING),
    "A2": Frame(CREATED, SENT),
    "A4": METHOD,
    "A5": Frame(after=f"answer = self.http.post(SESSIONS, json={BODY}, headers=headers)\n{SENT}"),
    "D1": Frame("session_id = create(guest)\n"),
    "D2": Frame(),
    "D3": Frame("id = create(guest)\npost = self.post_and_follow\n"),
    "D4": Frame("session_id = create(guest)\n"),
    "D5": Frame("sessions = SESSIONS\n"),
    "D6": Frame("self.begin(guest, text)\n"),
    "W1": Frame("url, id = MESSAGES, create(guest)\n"),
    "W2": Frame(f"httpx, url, body = http, '', {BODY}\n"),
}
"""Only examples that are about one message, and need nothing around them but calls to the platform."""


class Client:
    """Calls to the platform that examples take for given; nothing is tried again here."""

    def __init__(self, platform: Any) -> None:
        self.platform, self.http = platform, platform.http_client()
        self.ids: dict[str, str] = {}
        self.token: str | None = None
        self.fetching = threading.Lock()

    def fetch_token(self) -> str:
        pair = (self.platform.client_id, self.platform.client_secret)
        answer = self.http.post(TOKEN, auth=pair, data={"grant_type": "client_credentials"})
        return str(answer.raise_for_status().json()["access_token"])

    def expires_soon(self) -> bool:
        return False

    def request(self, path: str, body: Any, token: str | None = None) -> httpx.Response:
        if token is None:
            self.token = token = self.token or self.fetch_token()
        answer = self.http.post(path, json=body, headers={"Authorization": f"Bearer {token}"})
        assert isinstance(answer, httpx.Response)
        return answer

    def create_session(self, guest: Any, token: str | None = None) -> httpx.Response:
        return self.request(SESSIONS, {"guest": {"name": guest.name, "email": guest.email}}, token)

    def create(self, guest: Any, token: str | None = None) -> str:
        return str(self.create_session(guest, token).raise_for_status().json()["webChatSessionId"])

    def post(self, session: str, text: str, token: str | None = None) -> httpx.Response:
        return self.request(MESSAGES, {"webChatSessionId": session, "text": text}, token)

    def post_and_follow(self, session: str, text: str, *, follow_redirects: bool = True) -> httpx.Response:
        """Follow redirects unless that is switched off, as requests does."""
        body = {"webChatSessionId": session, "text": text}
        return Bare(self).post(MESSAGES, json=body, follow_redirects=follow_redirects)

    def renew(self) -> str:
        self.token = self.fetch_token()
        return self.token

    def begin(self, guest: Any, text: str) -> None:
        self.message, self.delivered = (guest, text), False

    def try_once(self) -> None:
        guest, text = self.message
        answer = self.create_session(guest)
        if answer.is_success and not self.delivered:
            self.delivered = self.post(answer.json()["webChatSessionId"], text).is_success


class Bare:
    """`http` in an example: posts with the token that the client has."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def post(self, url: str, **request: Any) -> httpx.Response:
        self._client.token = self._client.token or self._client.fetch_token()
        bearer = {"Authorization": f"Bearer {self._client.token}"}
        answer = self._client.http.post(url, headers=bearer, **request)
        assert isinstance(answer, httpx.Response)
        return answer


class MayBeDelivered(Exception):
    """The error that an example raises."""


def code(answer: httpx.Response) -> Any:
    try:
        return answer.json().get("code")
    except ValueError:
        return None


def client_from(name: str, lines: str, frame: Frame, *, right: bool) -> Any:
    """A client whose `send` is the lines of an example, in their frame."""
    after = frame.after_right if right and frame.after_right is not None else frame.after
    within = indent(lines, "    ") if frame.before.rstrip().endswith("def try_often():") else lines
    whole = lines if frame is METHOD else "def send(self, guest, text):\n" + indent(frame.before + within + after, "    ")

    class Shown(Client):
        def send(self, guest: Any, text: str) -> None:
            names: dict[str, Any] = {
                **{name: getattr(self, name) for name in ("create", "create_session", "post", "renew", "fetch_token")},
                **{"http": Bare(self), "sleep": self.platform.sleep, "code": code, "Refused": RuntimeError},
                **{"uuid4": uuid4, "json": json, "httpx": httpx, "html": html, "MESSAGES": MESSAGES, "SESSIONS": SESSIONS},
                **{"retry": retry, "stop_after_attempt": stop_after_attempt, "uniform": lambda low, _: low},
                **{"MayBeDelivered": MayBeDelivered, "Unavailable": RuntimeError, "ScopeMissing": RuntimeError},
                "NotDelivered": RuntimeError,
                "post_nothing": lambda id: None,
                "wait_for": lambda queue: self.platform.sleep(120) or SimpleNamespace(text=queue),
                "is_dead_session": lambda answer: answer.status_code == 403 and code(answer) != "app.not.authorized.for.scope",
                "log": type("Log", (), {"exception": staticmethod(lambda words: None)}),
            }
            exec(compile(whole, f"<{name}>", "exec"), names)
            names["send"](self, guest, text)

    return Shown


STAMPEDE = """async def send(self, guest, text):
    refused = self.token = self.token or await self.renew()
    answer = await self.create_session(guest)
{}
    if answer.status_code == 401:
        answer = await self.create_session(guest)
    await self.post(answer.raise_for_status().json()["webChatSessionId"], text)
"""
"""The method around the lines of A3, which are about messages that are sent at once."""


def stampeding(lines: str) -> Any:
    """An asynchronous client whose `send` has these lines."""

    class Shown:
        def __init__(self, platform: Any) -> None:
            self.pair, self.http = (platform.client_id, platform.client_secret), platform.http_client(asynchronous=True)
            self.token: str | None = None
            self.renewing = asyncio.Lock()

        async def renew(self) -> str:
            answer = await self.http.post(TOKEN, auth=self.pair, data={"grant_type": "client_credentials"})
            return str(answer.raise_for_status().json()["access_token"])

        async def request(self, path: str, body: Any) -> Any:
            return await self.http.post(path, json=body, headers={"Authorization": f"Bearer {self.token}"})

        async def create_session(self, guest: Any) -> Any:
            return await self.request(SESSIONS, {"guest": {"name": guest.name, "email": guest.email}})

        async def post(self, session: str, text: str) -> None:
            (await self.request(MESSAGES, {"webChatSessionId": session, "text": text})).raise_for_status()

        async def send(self, guest: Any, text: str) -> None:
            names: dict[str, Any] = {}
            exec(compile(STAMPEDE.format(indent(lines, "    ")), "<A3>", "exec"), names)
            await names["send"](self, guest, text)

    return Shown


def batching(lines: str) -> Any:
    """A client that collects a batch of messages, for which it runs these lines."""

    class Shown(Client):
        def __init__(self, platform: Any) -> None:
            super().__init__(platform)
            self.batch: list[Any] = []
            self.is_sent = threading.Event()

        def send(self, guest: Any, text: str) -> None:
            self.batch.append(SimpleNamespace(guest=guest, text=text))
            if len(self.batch) < len(BATCH.sends):
                self.is_sent.wait()
            else:
                exec(compile(lines, "<S3>", "exec"), {"batch": self.batch, "create": self.create, "post": self.post})
                self.is_sent.set()

    return Shown


BATCH = SendParallel((Message(ANN, "0"), Message(BOB, "1")))

SHOWN_IN = {
    "S3": Scenario((BATCH,)),
    "A2": BUILTIN["tokens-refused-for-ever"],
    "D2": BUILTIN["dead-in-the-middle"],
    "D3": Scenario((Fault("send", "redirect", status=302), Send(ANN, "0"))),
    "D6": BUILTIN["scope-missing-for-ever"],
}
"""The scenario that an example is about, if the client meets other trouble first in those that are drawn, or they take long."""


OF_SEVERAL = {"A3": stampeding, "S3": batching}
"""Examples that are about several messages, and what makes a client of their lines."""


@pytest.mark.parametrize("name", [*FRAMES, *OF_SEVERAL])
def test_the_wrong_client_breaks_its_clause_and_the_right_one_does_not(name: str) -> None:
    options = Options(seed=0, examples=40, clauses=(name,))
    if name in OF_SEVERAL:
        wrong, right = map(OF_SEVERAL[name], EXAMPLES[name])
    else:
        wrong = client_from(name, EXAMPLES[name].wrong, FRAMES[name], right=False)
        right = client_from(name, EXAMPLES[name].right, FRAMES[name], right=True)
    scenario = SHOWN_IN.get(name) or smallest(wrong, options)
    statuses = [replay("client", PythonClients(client), scenario, options).clauses[0].status for client in (wrong, right)]
    assert statuses[0] is Status.VIOLATED
    assert statuses[1] is not Status.VIOLATED


def test_the_right_client_of_a4_keeps_it_for_messages_that_start_at_once() -> None:
    class Patient(client_from("A4", EXAMPLES["A4"].right, METHOD, right=True)):  # type: ignore[misc]
        def fetch_token(self) -> str:
            try:
                return str(super().fetch_token())
            except httpx.HTTPStatusError:
                self.platform.sleep(1)
                return str(super().fetch_token())

    sends = (Message(BOB, "0"), Message(ANN, "1"), Message(ANN, "2"))
    at_once = SendParallel(sends, schedule=(3, 1, 3, 2, 1, 2))
    scenario = Scenario((Fault("token", "status", status=429), at_once, Send(ANN, "3")))
    (result,) = replay("client", PythonClients(Patient), scenario, Options(clauses=("A4",))).clauses
    assert result.status is Status.HELD


def test_every_example_is_run() -> None:
    assert {*FRAMES, *OF_SEVERAL} == set(EXAMPLES)


def smallest(client: Any, options: Options) -> Scenario:
    """The smallest scenario in which the client breaks the only clause."""
    (broken,) = verify("client", PythonClients(client), options).violated
    assert broken.counterexample is not None
    assert isinstance(broken.counterexample.scenario, Scenario)
    return broken.counterexample.scenario


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_python(name: str) -> None:
    for lines in EXAMPLES[name]:
        whole = "async def send(self, guest, text):\n" + indent(lines, "    ")
        compile(whole, name, "exec")
