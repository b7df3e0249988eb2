"""The smallest possible clients: correct if nothing goes wrong, and made wrong by a few words in a test."""

from __future__ import annotations

from typing import Any

from contracts.runner import Run
from mockserver.journal import Answer, Began, Ended, Perturbed

TOKEN = "/oauth/token"
SESSIONS = "/api/v2/conversations/webchat/sessions"
MESSAGES = "/api/v2/conversations/messaging/external/guests/sendmessage"


class Small:
    """A token once, a session for each message."""

    def __init__(self, platform: Any) -> None:
        self.platform, self.http = platform, platform.http_client()
        self.token: str | None = None

    def send(self, guest: Any, text: str) -> None:
        self.deliver(self.create(guest), text)

    def close(self) -> None:
        self.http.close()

    def create(self, guest: Any) -> str:
        who = {"name": guest.name, "email": guest.email}
        return str(self.post(SESSIONS, {"guest": who})["webChatSessionId"])

    def deliver(self, session: str, text: str) -> None:
        self.post(MESSAGES, {"webChatSessionId": session, "text": text})

    def post(self, path: str, body: Any) -> Any:
        answer = self.http.post(path, json=body, headers={"Authorization": f"Bearer {self.bearer()}"})
        return answer.raise_for_status().json()

    def bearer(self) -> str:
        if self.token is None:
            self.token = self.log_in()
        return self.token

    def log_in(self) -> str:
        pair = (self.platform.client_id, self.platform.client_secret)
        answer = self.http.post(TOKEN, auth=pair, data={"grant_type": "client_credentials"})
        return str(answer.raise_for_status().json()["access_token"])


class SmallAsync:
    """The same, with asyncio."""

    def __init__(self, platform: Any) -> None:
        self.platform, self.http = platform, platform.http_client(asynchronous=True)
        self.token: str | None = None

    async def send(self, guest: Any, text: str) -> None:
        await self.deliver(await self.create(guest), text)

    async def close(self) -> None:
        await self.http.aclose()

    async def create(self, guest: Any) -> str:
        who = {"name": guest.name, "email": guest.email}
        return str((await self.post(SESSIONS, {"guest": who}))["webChatSessionId"])

    async def deliver(self, session: str, text: str) -> None:
        await self.post(MESSAGES, {"webChatSessionId": session, "text": text})

    async def post(self, path: str, body: Any) -> Any:
        answer = await self.http.post(path, json=body, headers={"Authorization": f"Bearer {await self.bearer()}"})
        return answer.raise_for_status().json()

    async def bearer(self) -> str:
        if self.token is None:
            self.token = await self.log_in()
        return self.token

    async def log_in(self) -> str:
        pair = (self.platform.client_id, self.platform.client_secret)
        answer = await self.http.post(TOKEN, auth=pair, data={"grant_type": "client_credentials"})
        return str(answer.raise_for_status().json()["access_token"])


def outcomes(run: Run) -> list[str]:
    """Return the client's report of each intent, in order of the intents."""
    ended = {entry.intent: entry.outcome for entry in run.trace if isinstance(entry, Ended)}
    return [ended[number] for number in sorted(ended)]


def errors(run: Run) -> list[str]:
    """Return the errors that the client reported."""
    return [entry.error for entry in run.trace if isinstance(entry, Ended) and entry.error]


def reasons(run: Run) -> list[str]:
    """Why each request was answered as it was, in order of the answers."""
    return [entry.reason for entry in run.trace if isinstance(entry, Answer)]


def what_happened(run: Run) -> list[str]:
    """Perturbations, intents and answers, by name, in order."""
    names: list[str] = []
    for entry in run.trace:
        match entry:
            case Began() | Ended():
                names.append(type(entry).__name__.lower())
            case Perturbed():
                names.append(entry.what)
            case Answer():
                names.append(entry.reason)
    return names
