"""aiohttp as its documentation has it: a session, `raise_for_status`, and exceptions."""

from __future__ import annotations

import asyncio

import aiohttp

from words import MESSAGES, SCOPE_MISSING, SESSIONS, TOKEN, NotSent, pause, text_field


class Unreadable(Exception):
    headers: dict = {}
    status = 200


class Status(Exception):
    def __init__(self, answer, body):
        super().__init__(f"{answer.url.path}: {answer.status}")
        self.status, self.headers, self.code = (
            answer.status,
            answer.headers,
            text_field(body, "code"),
        )


NETWORK = (aiohttp.ClientError, asyncio.TimeoutError, Unreadable)


class Notifier:
    def __init__(self, platform):
        self.base, self.session = platform.base_url, None
        self.auth = aiohttp.encode_basic_auth(platform.client_id, platform.client_secret)
        self.token, self.lock = None, asyncio.Lock()

    async def post(self, path, wanted, **request):
        self.session = self.session or aiohttp.ClientSession()
        async with self.session.post(self.base + path, allow_redirects=False, **request) as answer:
            body = await answer.read()
            if answer.status != 200:
                raise Status(answer, body)
        value = text_field(body, wanted)
        if value is None:
            raise Unreadable(path)
        return value

    async def persist(self, path, wanted, **request):
        for tries in range(1, 5):
            try:
                return await self.post(path, wanted, **request)
            except Status as error:
                if error.status != 429 and error.status < 500:
                    raise
                headers = error.headers
            except NETWORK:
                headers = {}
            if tries < 4:
                await asyncio.sleep(pause(headers, tries))
        raise NotSent(f"{path}: four tries failed")

    async def bearer(self):
        async with self.lock:
            if self.token is None:
                form = {"grant_type": "client_credentials"}
                try:
                    self.token = await self.persist(
                        TOKEN, "access_token", data=form, headers={"Authorization": self.auth}
                    )
                except Status as error:
                    raise NotSent(str(error)) from error
            return self.token

    async def send(self, guest, text):
        throttled, mended = 0, set()
        who = {"guest": {"name": guest.name, "email": guest.email}}
        while True:
            token = await self.bearer()
            bearer = {"Authorization": f"Bearer {token}"}
            try:
                session = await self.persist(SESSIONS, "webChatSessionId", json=who, headers=bearer)
            except Status as error:
                self.mend(error, token, mended)
                continue
            try:
                message = {"webChatSessionId": session, "text": text}
                await self.post(MESSAGES, "id", json=message, headers=bearer)
                return
            except Status as error:
                if error.status == 429 and throttled < 3:
                    throttled += 1
                    await asyncio.sleep(pause(error.headers, throttled))
                elif error.status == 403 and error.code != SCOPE_MISSING and 403 not in mended:
                    mended.add(403)
                else:
                    self.mend(error, token, mended)
            except NETWORK as error:
                raise NotSent("the outcome is unknown") from error

    def mend(self, error, token, mended):
        if error.status != 401 or 401 in mended:
            raise NotSent(str(error)) from error
        mended.add(401)
        if self.token == token:
            self.token = None

    async def close(self):
        if self.session is not None:
            await self.session.close()


factory = Notifier
