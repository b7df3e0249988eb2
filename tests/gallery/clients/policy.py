"""A recovery policy without I/O, and what carries it out with threads or on an event loop.

A policy is a generator. It yields calls, waits and needs for a token, and gets their results.
"""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections import Counter
from collections.abc import Generator, Mapping
from typing import Any, NamedTuple

from words import (
    GRANT,
    MESSAGES,
    SCOPE_MISSING,
    SESSIONS,
    TOKEN,
    NotSent,
    pause,
    text_field,
)

TRIES = 4
JSON = "application/json"


class NoAnswer(Exception):
    """No whole answer arrived; the platform may have acted."""


class NotConnected(Exception):
    """The request never left."""


class Call(NamedTuple):
    operation: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Wait(NamedTuple):
    seconds: float


class Bearer(NamedTuple):
    """The policy needs a token."""


class Forget(NamedTuple):
    token: str


class Reply(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


class Again(Exception):
    """Another try may help: at most `times` for this `cause`, after `wait` seconds."""

    def __init__(self, cause: str, times: int = TRIES - 1, wait: float | None = None) -> None:
        super().__init__(cause)
        self.cause, self.times, self.wait = cause, times, wait
        self.headers: Mapping[str, str] = {}
        self.status: int | None = None


class Unclear(Again):
    """The platform may have acted."""


class Refused(NotSent):
    """The platform understood the request and refuses it."""

    def __init__(self, operation: str, reply: Reply) -> None:
        super().__init__(f"{operation} answered {reply.status}")
        self.status, self.code = reply.status, text_field(reply.body, "code")


Steps = Generator[Any, Any, Any]


class Policy:
    def __init__(self, client_id: str, client_secret: str) -> None:
        self.client_id, self.client_secret = client_id, client_secret

    def message(self, guest: Any, text: str) -> Steps:
        """Deliver at most once."""
        yield from self.persist(lambda: self.attempt(guest, text))

    def attempt(self, guest: Any, text: str) -> Steps:
        token = yield Bearer()
        session = yield from self.create(token, guest)
        yield from self.deliver(token, session, text)

    def create(self, token: str, guest: Any) -> Steps:
        body = {"guest": self.guest(guest)}
        return (yield from self.call("create", SESSIONS, token, body, "webChatSessionId"))

    def guest(self, guest: Any) -> Any:
        return {"name": guest.name, "email": guest.email}

    def deliver(self, token: str, session: str, text: str) -> Steps:
        body = {"webChatSessionId": session, "text": text}
        try:
            yield from self.call("send", MESSAGES, token, body, "id")
        except Unclear as cause:
            raise NotSent(f"the outcome is unknown: {cause}") from cause
        except Refused as refusal:
            if refusal.status == 403 and refusal.code != SCOPE_MISSING:
                raise Again("the session had died", times=1, wait=0) from refusal
            raise

    def call(self, operation: str, path: str, token: str, body: Any, wanted: str) -> Steps:
        try:
            return (yield from self.request(operation, path, self.headers(token), body, wanted))
        except Refused as refusal:
            if refusal.status == 401:
                yield Forget(token)
                raise Again("the token was refused", times=1, wait=0) from refusal
            raise

    def headers(self, token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}", "Content-Type": JSON}

    def request(self, operation: str, path: str, headers: Any, body: Any, wanted: str) -> Steps:
        data = body.encode() if isinstance(body, str) else self.encode(body)
        try:
            reply = yield Call(operation, path, headers, data)
        except NotConnected as error:
            raise Again(f"{operation} is not available") from error
        except NoAnswer as error:
            raise Unclear(f"{operation} is not available") from error
        return self.read(operation, reply, wanted)

    def encode(self, body: Any) -> bytes:
        return json.dumps(body).encode()

    def read(self, operation: str, reply: Reply, wanted: str) -> str:
        value = text_field(reply.body, wanted) if reply.status == 200 else None
        if value is not None:
            return value
        if reply.status not in {200, 429} and reply.status < 500:
            raise Refused(operation, reply)
        failure = (Again if reply.status == 429 else Unclear)(f"{operation} is not available")
        failure.headers, failure.status = reply.headers, reply.status
        raise failure

    def persist(self, act: Any) -> Steps:
        """Act again for as long as the failures allow it."""
        failures: Counter[str] = Counter()
        while True:
            try:
                return (yield from act())
            except Again as failure:
                failures[failure.cause] += 1
                if failures[failure.cause] > failure.times:
                    raise NotSent(failure.cause) from failure
                yield Wait(self.pause(failure, failures[failure.cause]))

    def pause(self, failure: Again, count: int) -> float:
        return pause(failure.headers, count) if failure.wait is None else failure.wait

    def login(self) -> Steps:
        return (yield from self.persist(self.login_once))

    def login_once(self) -> Steps:
        headers = {"Authorization": self.basic(), "Content-Type": self.form}
        return (yield from self.request("token", TOKEN, headers, self.grant(), "access_token"))

    form = "application/x-www-form-urlencoded"

    def grant(self) -> str:
        return GRANT

    def basic(self) -> str:
        pair = f"{self.client_id}:{self.client_secret}".encode()
        return "Basic " + base64.b64encode(pair).decode()


class Sender:
    """Carries out a policy with blocking calls; threads may share it."""

    policy = Policy

    def __init__(self, platform: Any) -> None:
        self.platform, self.sleep = platform, platform.sleep
        self.rules = self.made_rules(platform)
        self.token: str | None = None
        self.renewing = threading.Lock()
        self.open()

    def made_rules(self, platform: Any) -> Policy:
        return self.policy(platform.client_id, platform.client_secret)

    def open(self) -> None:
        """Prepare for exchanges."""

    def exchange(self, call: Call) -> Reply:
        raise NotImplementedError

    def send(self, guest: Any, text: str) -> None:
        self.run(self.rules.message(guest, text))

    def close(self) -> None:
        """Release what `open` took."""

    def run(self, steps: Steps) -> Any:
        proceed, value = steps.send, None
        while True:
            try:
                action = proceed(value)
            except StopIteration as end:
                return end.value
            try:
                proceed, value = steps.send, self.do(action)
            except (NotSent, NoAnswer, NotConnected) as error:
                proceed, value = steps.throw, error

    def do(self, action: Any) -> Any:
        match action:
            case Call():
                return self.exchange(action)
            case Wait(seconds):
                return self.sleep(seconds)
            case Forget(token):
                with self.renewing:
                    if self.token == token:
                        self.token = None
            case Bearer():
                return self.bearer()
        return None

    def bearer(self) -> str:
        with self.renewing:
            if self.token is None:
                self.token = self.run(self.rules.login())
            return self.token


class AsyncSender:
    """Carries out a policy on an event loop; tasks may share it."""

    policy = Policy

    def __init__(self, platform: Any) -> None:
        self.platform = platform
        self.rules = self.made_rules(platform)
        self.token: str | None = None
        self.renewing: Any = self.lock()
        self.open()

    def made_rules(self, platform: Any) -> Policy:
        return self.policy(platform.client_id, platform.client_secret)

    def open(self) -> None:
        """Prepare for exchanges."""

    def lock(self) -> Any:
        return asyncio.Lock()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def exchange(self, call: Call) -> Reply:
        raise NotImplementedError

    async def send(self, guest: Any, text: str) -> None:
        await self.run(self.rules.message(guest, text))

    async def close(self) -> None:
        """Release what `open` took."""

    async def run(self, steps: Steps) -> Any:
        proceed, value = steps.send, None
        while True:
            try:
                action = proceed(value)
            except StopIteration as end:
                return end.value
            try:
                proceed, value = steps.send, await self.do(action)
            except (NotSent, NoAnswer, NotConnected) as error:
                proceed, value = steps.throw, error

    async def do(self, action: Any) -> Any:
        match action:
            case Call():
                return await self.exchange(action)
            case Wait(seconds):
                return await self.sleep(seconds)
            case Forget(token):
                self.token = None if self.token == token else self.token
            case Bearer():
                return await self.bearer()
        return None

    async def bearer(self) -> str:
        async with self.renewing:
            if self.token is None:
                self.token = await self.run(self.rules.login())
            return self.token
