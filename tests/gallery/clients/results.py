"""Results are values: each call returns Ok, Later, Lost or No, and `match` decides."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import httpx

from words import MESSAGES, SCOPE_MISSING, SESSIONS, TOKEN, NotSent, pause, text_field


@dataclass(frozen=True)
class Ok:
    value: str


@dataclass(frozen=True)
class Later:
    headers: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Lost:
    headers: dict = field(default_factory=dict)


@dataclass(frozen=True)
class No:
    status: int
    code: str | None


class Notifier:
    def __init__(self, platform):
        self.http = platform.http_client(asynchronous=True, timeout=httpx.Timeout(30))
        self.pair = (platform.client_id, platform.client_secret)
        self.token, self.lock = None, asyncio.Lock()

    async def post(self, path, wanted, **request):
        try:
            answer = await self.http.post(path, **request)
        except httpx.ConnectError:
            return Later()
        except httpx.TransportError:
            return Lost()
        value = text_field(answer.content, wanted)
        match answer.status_code:
            case 200 if value is not None:
                return Ok(value)
            case 429:
                return Later(answer.headers)
            case status if status == 200 or status >= 500:
                return Lost(answer.headers)
            case status:
                return No(status, text_field(answer.content, "code"))

    async def until_it_works(self, path, wanted, **request):
        for tries in range(1, 4):
            result = await self.post(path, wanted, **request)
            match result:
                case Ok() | No():
                    return result
                case Later(headers) | Lost(headers) if tries < 3:
                    await asyncio.sleep(pause(headers, tries))
        raise NotSent(f"{path} did not work three times")

    async def bearer(self):
        async with self.lock:
            if self.token is None:
                form = {"grant_type": "client_credentials"}
                match await self.until_it_works(TOKEN, "access_token", data=form, auth=self.pair):
                    case Ok(token):
                        self.token = token
                    case No(status):
                        raise NotSent(f"login was refused: {status}")
            return self.token

    async def send(self, guest, text):
        chances = {"token": 1, "session": 1, "busy": 3}
        while True:
            token = await self.bearer()
            match await self.attempt(token, guest, text):
                case Ok():
                    return
                case No(status=401) if chances["token"]:
                    chances["token"] -= 1
                    self.token = None if self.token == token else self.token
                case No(status=403, code="dead") if chances["session"]:
                    chances["session"] -= 1
                case Later(headers) if chances["busy"]:
                    chances["busy"] -= 1
                    await asyncio.sleep(pause(headers, 3 - chances["busy"]))
                case other:
                    raise NotSent(repr(other))

    async def attempt(self, token, guest, text):
        bearer = {"Authorization": f"Bearer {token}"}
        who = {"guest": {"name": guest.name, "email": guest.email}}
        created = await self.until_it_works(SESSIONS, "webChatSessionId", json=who, headers=bearer)
        if not isinstance(created, Ok):
            return created
        message = {"webChatSessionId": created.value, "text": text}
        sent = await self.post(MESSAGES, "id", json=message, headers=bearer)
        if isinstance(sent, No) and sent.status == 403 and sent.code != SCOPE_MISSING:
            return No(403, "dead")
        return sent

    async def close(self):
        await self.http.aclose()


factory = Notifier
