"""httpx.Auth on asyncio, with a lock round the renewal; calls are steps of a small pipeline."""

from __future__ import annotations

import asyncio

import httpx

from words import MESSAGES, SCOPE_MISSING, SESSIONS, TOKEN, NotSent, pause, text_field


class Retry(Exception):
    def __init__(self, why, bound, headers=None):
        super().__init__(why)
        self.why, self.bound, self.headers = why, bound, headers


class Bearer(httpx.Auth):
    def __init__(self, source):
        self.source = source

    async def async_auth_flow(self, request):
        token = await self.source.get()
        request.headers["Authorization"] = f"Bearer {token}"
        answer = yield request
        if answer.status_code == 401:
            self.source.drop(token)


class TokenSource:
    def __init__(self, http, platform):
        self.http, self.pair = http, (platform.client_id, platform.client_secret)
        self.token, self.lock = None, asyncio.Lock()

    def drop(self, token):
        if token == self.token:
            self.token = None

    async def get(self):
        async with self.lock:
            if not self.token:
                self.token = await persist(self.fetch)
            return self.token

    async def fetch(self):
        form = {"grant_type": "client_credentials"}
        return await ask(self.http, "login", TOKEN, "access_token", data=form, auth=self.pair)


async def ask(http, what, path, wanted, **request):
    try:
        answer = await http.post(path, **request)
    except httpx.TransportError as error:
        raise Retry(what, 4, {}) from error
    value = text_field(answer.content, wanted)
    if answer.status_code == 200 and value:
        return value
    if answer.status_code in {200, 429} or answer.status_code >= 500:
        kind = Retry(what, 4, answer.headers)
        kind.harmless = answer.status_code == 429
        raise kind
    if answer.status_code == 401 and path != TOKEN:
        raise Retry("401", 2)
    code = text_field(answer.content, "code")
    if answer.status_code == 403 and path == MESSAGES and code != SCOPE_MISSING:
        raise Retry("403", 2)
    raise NotSent(f"{what}: {answer.status_code} {code}")


async def persist(step):
    counts = {}
    while True:
        try:
            return await step()
        except Retry as retry:
            counts[retry.why] = counts.get(retry.why, 0) + 1
            if counts[retry.why] >= retry.bound:
                raise NotSent(f"{retry.why} again and again") from retry
            if retry.headers is not None:
                await asyncio.sleep(pause(retry.headers, counts[retry.why]))


class Notifier:
    def __init__(self, platform):
        self.http = platform.http_client(asynchronous=True)
        self.auth = Bearer(TokenSource(self.http, platform))

    async def send(self, guest, text):
        async def step():
            await self.auth.source.get()
            who = {"guest": {"name": guest.name, "email": guest.email}}
            session = await ask(
                self.http, "create", SESSIONS, "webChatSessionId", json=who, auth=self.auth
            )
            message = {"webChatSessionId": session, "text": text}
            try:
                await ask(self.http, "send", MESSAGES, "id", json=message, auth=self.auth)
            except Retry as retry:
                if retry.why == "send" and not getattr(retry, "harmless", False):
                    raise NotSent("the outcome is unknown") from retry
                raise

        await persist(step)

    async def close(self):
        await self.http.aclose()


factory = Notifier
