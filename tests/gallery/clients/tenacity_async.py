"""tenacity's AsyncRetrying, with conditions combined by `|` and a wait of its own kind."""

from __future__ import annotations

import asyncio

import httpx
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_base, wait_exponential_jitter

from words import MESSAGES, SCOPE_MISSING, SESSIONS, TOKEN, NotSent, pause, text_field


class Busy(Exception):
    """A 429: nothing happened."""

    headers: dict = {}


class Broken(Busy):
    """A 5xx or no whole answer: something may have happened."""


class Unauthorized(Exception):
    pass


class Dead(Exception):
    pass


class AsAsked(wait_base):
    def __call__(self, state):
        pause_asked = pause(state.outcome.exception().headers, state.attempt_number)
        return max(pause_asked, wait_exponential_jitter(multiplier=0.2, max=10)(state))


def insist(kinds, tries, wait):
    return AsyncRetrying(
        retry=retry_if_exception_type(kinds), stop=stop_after_attempt(tries), wait=wait
    )


def at_once(state):
    return 0


class Notifier:
    def __init__(self, platform):
        self.http = platform.http_client(asynchronous=True, timeout=15)
        self.pair = (platform.client_id, platform.client_secret)
        self.token, self.lock = None, asyncio.Lock()

    async def send(self, guest, text):
        """Nest three bounds; tenacity's RetryError ends the message, whoever raises it."""

        async def renewing():
            await insist(Unauthorized, 2, at_once)(self.attempt, guest, text)

        async def patiently():
            await insist(Busy, 4, AsAsked())(renewing)

        await insist(Dead, 2, at_once)(patiently)

    async def attempt(self, guest, text):
        token = await self.bearer()
        bearer = {"Authorization": f"Bearer {token}"}
        who = {"guest": {"name": guest.name, "email": guest.email}}
        try:
            session = await insist(Busy, 4, AsAsked())(
                self.post, SESSIONS, "webChatSessionId", json=who, headers=bearer
            )
            message = {"webChatSessionId": session, "text": text}
            await self.post(MESSAGES, "id", json=message, headers=bearer)
        except Broken as error:
            raise NotSent("the outcome is unknown") from error
        except Unauthorized:
            self.token = None if self.token == token else self.token
            raise

    async def bearer(self):
        async with self.lock:
            if self.token is None:
                form = {"grant_type": "client_credentials"}
                self.token = await insist(Busy, 4, AsAsked())(
                    self.post, TOKEN, "access_token", data=form, auth=self.pair
                )
            return self.token

    async def post(self, path, wanted, **request):
        try:
            answer = await self.http.post(path, **request)
        except httpx.TransportError as error:
            raise Broken(path) from error
        value, status = text_field(answer.content, wanted), answer.status_code
        if status == 200 and value is not None:
            return value
        if status in (200, 429) or status >= 500:
            failure = Busy(path) if status == 429 else Broken(f"{path}: {status}")
            failure.headers = answer.headers
            raise failure
        if status == 401 and path != TOKEN:
            raise Unauthorized(path)
        code = text_field(answer.content, "code")
        if status == 403 and path == MESSAGES and code != SCOPE_MISSING:
            raise Dead(path)
        raise NotSent(f"{path}: {status} {code}")

    async def close(self):
        await self.http.aclose()


factory = Notifier
