"""A mock on a clock that tests move, and clients at each of its doors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from mockserver.assemble import Assembly, assemble
from mockserver.control import Control, Tenant
from mockserver.ids import Ids
from mockserver.inprocess import Transport
from mockserver.settings import Settings

START = 1_795_000_000_000
"""Where the clock of every test begins, in milliseconds: 2026-11-18 11:06:40 UTC."""


@dataclass
class ManualClock:
    """A system clock that stands until it is moved."""

    now: int = START

    def __call__(self) -> int:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += round(seconds * 1000)


@dataclass
class Mock:
    """A mock server without sockets, its clock, and a door to it."""

    assembly: Assembly
    clock: ManualClock
    http: httpx.Client
    headers: dict[str, str] = field(default_factory=dict)

    def login(self, **form: str) -> httpx.Response:
        settings = self.assembly.settings
        answer = self.http.post(
            "/oauth/token",
            data={"grant_type": "client_credentials", **form},
            auth=(settings.client_id, settings.client_secret),
        )
        if answer.status_code == 200:
            self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        return answer

    def create(self, **options: object) -> httpx.Response:
        options.setdefault("json", {"guest": {"name": "Ann", "email": "ann@example.com"}})
        return self._post("/api/v2/conversations/webchat/sessions", options)

    def session(self) -> str:
        id: str = self.create().json()["webChatSessionId"]
        return id

    def send(self, session: str = "prev-session-uuid", text: str = "Welcome back", **options: object) -> httpx.Response:
        if "content" not in options:
            options.setdefault("json", {"webChatSessionId": session, "text": text})
        return self._post("/api/v2/conversations/messaging/external/guests/sendmessage", options)

    def _post(self, path: str, options: dict[str, object]) -> httpx.Response:
        options.setdefault("headers", self.headers)
        return self.http.post(path, **options)  # type: ignore[arg-type]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def settings() -> Settings:
    """Tests that need others override this."""
    return Settings()


@pytest.fixture
def assembly(clock: ManualClock, settings: Settings) -> Iterator[Assembly]:
    with assemble(settings, system=clock, ids=Ids.seeded(7)) as parts:
        yield parts


@pytest.fixture
def mock(assembly: Assembly, clock: ManualClock) -> Iterator[Mock]:
    """The mock through one door, logged in. Suites that walk through several override this."""
    with httpx.Client(transport=Transport(assembly.handler), base_url="http://mock.test") as http:
        mock = Mock(assembly, clock, http)
        mock.login()
        yield mock


@pytest.fixture
def tenant(assembly: Assembly) -> Tenant:
    """The default organisation, which the mock's clients belong to."""
    return Control(assembly).tenant("default")
