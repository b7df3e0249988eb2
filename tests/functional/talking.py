"""A client of the mock for tests: it says what it is told to say, and keeps nothing but its token and its connection."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import httpx

TOKEN = "/oauth/token"
CREATE = "/api/v2/conversations/webchat/sessions"
SEND = "/api/v2/conversations/messaging/external/guests/sendmessage"

GUEST = {"name": "Ann", "email": "ann@example.com"}


class Talker:
    """Talks to the server that told `told` when it was ready, over `http`, while the context lasts."""

    def __init__(self, told: dict[str, str], transport: httpx.BaseTransport | None = None, timeout: float = 60) -> None:
        """`transport` leads to a mock in this process. A client waits `timeout` seconds for an answer."""
        self.http = httpx.Client(base_url=told["url"], timeout=timeout, verify=False, transport=transport)
        self._credentials = told["client_id"], told["client_secret"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.http.close()

    def login(self) -> httpx.Response:
        """Gets a token, and shows it from now on."""
        answer = self.http.post(TOKEN, data={"grant_type": "client_credentials"}, auth=self._credentials)
        if answer.status_code == 200:
            self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return answer

    def create(self) -> httpx.Response:
        """Asks for a session."""
        return self.http.post(CREATE, json={"guest": GUEST})

    def session(self) -> str:
        """The id of a new session."""
        id: str = self.create().raise_for_status().json()["webChatSessionId"]
        return id

    def send(self, session: str, text: str = "hello") -> httpx.Response:
        """Sends a message with the session's id."""
        return self.http.post(SEND, json={"webChatSessionId": session, "text": text})


def conversation(told: dict[str, str]) -> list[int]:
    """The statuses of a token request, a session, a message, and the same message again."""
    with Talker(told) as talker:
        login, created = talker.login(), talker.create()
        session = created.json().get("webChatSessionId", "none")
        return [login.status_code, created.status_code, talker.send(session).status_code, talker.send(session).status_code]
