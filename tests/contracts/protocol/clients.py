"""Clients of toy platforms: for each toy one that does all right, and others that make one mistake each."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx

SESSIONS = """\
session:
  noun: session
  issued: {logIn: $response.body#/session}
  carried: {work: $request.body#/session}
  ttl: 300
  idle: 30
  uses: 1
  refused: {'missing, unknown, ended, spent, idle, expired': {status: 403, code: gone, message: gone}}
  duty: {dead: renew}
"""
MESSAGE = (
    "{message: {by: work, delivery: at-most-once, survives: true, with: {text: ' hello '}, keeps: {text: $request.body#/text}}}"
)

TOKENS = """\
token:
  noun: token
  issued: {logIn: $response.body#/token}
  carried: {work: $request.header.Authorization#bearer}
  ttl: {seconds: 3600, told: $response.body#/lasts}
  refused: {'missing, unknown, ended, expired': {status: 401, code: bad, message: bad}}
  duty: {dead: renew, keep: true, alone: true, secret: true}
"""
JOB = "{job: {by: work, delivery: any, survives: true}}"

ROTATION = """\
grant: {noun: grant, issued: implied}
refresh:
  noun: refresh token
  issued: {'logIn, refresh': $response.body#/refresh}
  carried: {refresh: $request.body#/refresh}
  within: grant
  successor: {grace: 0}
  reuse: end grant
  refused: {'missing, unknown, ended, succeeded': {status: 400, code: invalid_grant, message: bad}}
  duty: {dead: renew}
"""
TURN = "{turn: {by: refresh, delivery: any}}"

NONCES = """\
nonce:
  noun: nonce
  issued: {'*': $response.header.Nonce}
  carried: {work: $request.header.Nonce}
  uses: 1
  spent: seen
  refused: {'missing, unknown, spent, ended': {status: 400, code: badNonce, message: bad}}
  duty: {dead: renew from refusal}
"""
ORDER = "{order: {by: work, delivery: any}}"

TRIES = 4


class Failed(Exception):
    """The client could not do what it was asked."""


class Client:
    """A client of any toy: it waits as long as Retry-After asks, and tries a few times."""

    def __init__(self, platform: Any) -> None:
        self.http: httpx.Client = platform.http_client()
        self.sleep: Callable[[float], None] = platform.sleep
        self.lock = threading.Lock()

    def post(self, path: str, **options: Any) -> httpx.Response:
        """Send a request that may be repeated."""
        for _ in range(TRIES - 1):
            with suppress(httpx.TransportError):
                answer = self.http.post(path, **options)
                if answer.status_code < 500 and answer.status_code != 429:
                    return answer
                self.wait(answer)
        return self.http.post(path, **options)

    def wait(self, answer: httpx.Response) -> None:
        self.sleep(float(answer.headers.get("Retry-After", 1)))


# -- sessions that are good for one use -----------------------------------------------------------------------------


class Sessions(Client):
    """Opens a session for each message, and another one if it died; what may have been accepted is not sent again."""

    def message(self, text: str) -> None:
        for _ in range(TRIES):
            answer = self.send(self.session(), text)
            if answer.status_code == 200:
                return
            if answer.status_code != 403:
                break
        raise Failed

    def session(self) -> str:
        answer = self.post("/login")
        if answer.status_code != 200:
            raise Failed
        session: str = answer.json()["session"]
        return session

    def send(self, session: str | None, text: str) -> httpx.Response:
        return self.http.post("/work", json={"session": session, "text": text})


class Stocks(Sessions):
    """Opens sessions in advance, and shares the stock among its threads."""

    SIZE = 3

    def __init__(self, platform: Any) -> None:
        super().__init__(platform)
        self.stock: list[str] = []

    def session(self) -> str:
        with self.lock:
            while len(self.stock) < self.SIZE:
                self.stock.append(super().session())
            return self.stock.pop(0)


class Reuses(Sessions):
    """Takes the session of the last message again, once."""

    spent = ""

    def session(self) -> str:
        spent, self.spent = self.spent, ""
        return spent or super().session()

    def send(self, session: str | None, text: str) -> httpx.Response:
        answer = super().send(session, text)
        self.spent = session or "" if answer.status_code == 200 else ""
        return answer


class Invents(Sessions):
    """Makes up its first session."""

    first = True

    def session(self) -> str:
        first, self.first = self.first, False
        return "made-up-by-me" if first else super().session()


class Insists(Sessions):
    """Shows a dead session once more before it asks for another, the first time."""

    has_insisted = False

    def send(self, session: str | None, text: str) -> httpx.Response:
        answer = super().send(session, text)
        if answer.status_code != 403 or self.has_insisted:
            return answer
        self.has_insisted = True
        return super().send(session, text)


class GoesOnWithout(Sessions):
    """After a refusal it sends without any session."""

    def message(self, text: str) -> None:
        answer = self.send(self.session(), text)
        if answer.status_code == 403:
            answer = self.send(None, text)
        if answer.status_code != 200:
            raise Failed


class NeverGivesUp(Sessions):
    """Renews again and again."""

    def message(self, text: str) -> None:
        for _ in range(20):
            answer = self.send(self.session(), text)
            if answer.status_code == 200:
                return
            if answer.status_code != 403:
                break
        raise Failed


class TriesForEver(Sessions):
    """Asks for a session until it gets one."""

    def post(self, path: str, **options: Any) -> httpx.Response:
        while True:
            with suppress(httpx.TransportError):
                answer = self.http.post(path, **options)
                if answer.status_code < 500 and answer.status_code != 429:
                    return answer
                self.wait(answer)


class CannotWait(Sessions):
    """Tries again at once, whatever Retry-After says."""

    def wait(self, answer: httpx.Response) -> None:
        self.sleep(0.1)


class SendsTwice(Sessions):
    """Sends again, with another session, what may have been accepted."""

    def send(self, session: str | None, text: str) -> httpx.Response:
        with suppress(httpx.TransportError):
            return super().send(session, text)
        return super().send(self.session(), text)


class GivesUp(Sessions):
    """Fails if a session has died."""

    def message(self, text: str) -> None:
        if self.send(self.session(), text).status_code != 200:
            raise Failed


class SaysDone(Sessions):
    """Reports success if the connection broke."""

    def message(self, text: str) -> None:
        with suppress(httpx.TransportError):
            super().message(text)


class SaysFailed(Sessions):
    """Reports a failure, though it was told of the success, if it had to wait for that."""

    waited = False

    def wait(self, answer: httpx.Response) -> None:
        super().wait(answer)
        self.waited = True

    def message(self, text: str) -> None:
        super().message(text)
        waited, self.waited = self.waited, False
        if waited:
            raise Failed


class Trims(Sessions):
    """Trims the text."""

    def send(self, session: str | None, text: str) -> httpx.Response:
        return super().send(session, text.strip())


# -- tokens that are kept ---------------------------------------------------------------------------------------------


class Tokens(Client):
    """Keeps its token until it is nearly over, has one thread fetch it, and fetches another if it is refused."""

    token, until = "", 0.0

    def job(self) -> None:
        token = self.good()
        for _ in range(TRIES):
            answer = self.work(token)
            if answer.status_code == 200:
                return
            if answer.status_code != 401:
                break
            token = self.good(instead_of=token)
        raise Failed

    def good(self, instead_of: str = "") -> str:
        with self.lock:
            if self.token in {"", instead_of} or time.time() >= self.until:
                self.fetch()
            return self.token

    def fetch(self) -> None:
        answer = self.post("/login")
        if answer.status_code != 200:
            raise Failed
        self.token, self.until = answer.json()["token"], time.time() + answer.json()["lasts"] - 10

    def work(self, token: str) -> httpx.Response:
        return self.post("/work", headers={"Authorization": f"Bearer {token}"})


class AsynchronousTokens:
    """The same in one thread, with tasks that share a token under a lock."""

    def __init__(self, platform: Any) -> None:
        self.http: httpx.AsyncClient = platform.http_client(asynchronous=True)
        self.lock = asyncio.Lock()
        self.token, self.until = "", 0.0

    async def job(self) -> None:
        token = await self.good()
        for _ in range(TRIES):
            answer = await self.post("/work", headers={"Authorization": f"Bearer {token}"})
            if answer.status_code == 200:
                return
            if answer.status_code != 401:
                break
            token = await self.good(instead_of=token)
        raise Failed

    async def good(self, instead_of: str = "") -> str:
        async with self.lock:
            if self.token in {"", instead_of} or time.time() >= self.until:
                answer = await self.post("/login")
                if answer.status_code != 200:
                    raise Failed
                self.token, self.until = answer.json()["token"], time.time() + answer.json()["lasts"] - 10
            return self.token

    async def post(self, path: str, **options: Any) -> httpx.Response:
        for _ in range(TRIES - 1):
            with suppress(httpx.TransportError):
                answer = await self.http.post(path, **options)
                if answer.status_code < 500 and answer.status_code != 429:
                    return answer
                await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
        return await self.http.post(path, **options)


class Stampedes(Tokens):
    """Each thread fetches a token of its own accord."""

    def good(self, instead_of: str = "") -> str:
        if self.token in {"", instead_of} or time.time() >= self.until:
            self.fetch()
        return self.token


class Wastes(Tokens):
    """Fetches a token for each job."""

    def good(self, instead_of: str = "") -> str:
        with self.lock:
            self.fetch()
            return self.token


class Leaks(Tokens):
    """Shows its token in the URL too."""

    def work(self, token: str) -> httpx.Response:
        return self.post(f"/work?token={token}", headers={"Authorization": f"Bearer {token}"})


# -- tokens that succeed each other -----------------------------------------------------------------------------------


class Rotates(Client):
    """Keeps the newest refresh token, in one thread at a time; if that is dead, or may be, it logs in again."""

    refresh = ""

    def turn(self) -> None:
        with self.lock:
            for _ in range(TRIES):
                if not self.refresh:
                    self.refresh = self.log_in()
                shown, self.refresh = self.refresh, ""
                answer = self.http.post("/refresh", json={"refresh": shown})
                if answer.status_code == 200:
                    self.keep(shown, answer.json()["refresh"])
                    return
                if answer.status_code != 400:
                    break
        raise Failed

    def log_in(self) -> str:
        answer = self.post("/login")
        if answer.status_code != 200:
            raise Failed
        refresh: str = answer.json()["refresh"]
        return refresh

    def keep(self, old: str, new: str) -> None:
        self.refresh = new


class KeepsTheOld(Rotates):
    """Keeps the refresh token it logged in with."""

    def keep(self, old: str, new: str) -> None:
        self.refresh = old


# -- nonces that every answer brings -----------------------------------------------------------------------------------


class Nonces(Client):
    """Goes on with the nonce that a refusal brings."""

    def order(self) -> None:
        nonce = self.fetch()
        for _ in range(TRIES):
            answer = self.http.post("/work", headers={"Nonce": nonce})
            if answer.status_code == 200:
                return
            if answer.status_code != 400:
                break
            nonce = self.following(answer)
        raise Failed

    def fetch(self) -> str:
        answer = self.post("/login")
        if "Nonce" not in answer.headers:
            raise Failed
        return answer.headers["Nonce"]

    def following(self, answer: httpx.Response) -> str:
        return answer.headers["Nonce"]


class Refetches(Nonces):
    """Fetches another nonce in place of the one that came with the refusal."""

    def following(self, answer: httpx.Response) -> str:
        return self.fetch()
