"""The behaviour of a correct client, without I/O: a generator that yields steps and receives their results.

Each message gets a fresh session. A call without a clear answer is repeated, except a send, which may have been accepted.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Generator
from typing import Any, Literal, NamedTuple
from urllib.parse import urlencode

TOKEN = "/oauth/token"
SESSIONS = "/api/v2/conversations/webchat/sessions"
MESSAGES = "/api/v2/conversations/messaging/external/guests/sendmessage"

RETRIES = 3
LONGEST_WAIT = 120


class Post(NamedTuple):
    """A request to make; the step's result is a Reply. A stack raises NoAnswer if none came."""

    path: str
    headers: dict[str, str]
    body: bytes


class Reply(NamedTuple):
    """A whole answer."""

    status: int
    retry_after: str | None
    body: bytes

    def field(self, name: str) -> Any:
        try:
            return json.loads(self.body).get(name)
        except (ValueError, AttributeError):
            return None


class Sleep(NamedTuple):
    """Seconds to wait."""

    seconds: float


Step = Post | Sleep | Literal["lock", "unlock"]
Steps = Generator[Step, Any, Any]


class NoAnswer(Exception):
    """No whole answer came, and no one knows whether the platform acted."""


class NotSent(Exception):
    """The message was given up."""


class _TryAgain(Exception):
    def __init__(self, cause: str, times: int = RETRIES, wait: float | None = None) -> None:
        super().__init__(cause)
        self.cause, self.times, self.wait = cause, times, wait


class Rules:
    """Shared by all messages of a client: they have the token in common."""

    def __init__(self, client_id: str, client_secret: str) -> None:
        self._basic = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._token: str | None = None

    def send(self, guest: Any, text: str) -> Steps:
        """The steps that deliver a message. Raises NotSent."""
        yield from _persist(lambda: self._send_in_fresh_session(guest, text))

    def _send_in_fresh_session(self, guest: Any, text: str) -> Steps:
        token = yield from self._bearer()
        who = {"name": guest.name, "email": guest.email}
        session = yield from self._call(SESSIONS, token, {"guest": who}, "webChatSessionId")
        try:
            yield from self._call(MESSAGES, token, {"webChatSessionId": session, "text": text}, "id")
        except NoAnswer as cause:
            raise NotSent("it may have been accepted") from cause

    def _call(self, path: str, token: str, document: Any, wanted: str) -> Steps:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        reply = yield Post(path, headers, json.dumps(document).encode())
        if reply.status == 401:
            if self._token == token:
                self._token = None
            raise _TryAgain("the token was refused", times=1, wait=0)
        if reply.status == 403 and path == MESSAGES and reply.field("code") != "app.not.authorized.for.scope":
            raise _TryAgain("the session is dead", times=1, wait=0)
        return _read(reply, path, wanted)

    def _bearer(self) -> Steps:
        yield "lock"
        try:
            if self._token is None:
                self._token = yield from _persist(self._log_in)
            return self._token
        finally:
            yield "unlock"

    def _log_in(self) -> Steps:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {self._basic}"}
        reply = yield Post(TOKEN, headers, urlencode({"grant_type": "client_credentials"}).encode())
        return _read(reply, TOKEN, "access_token")


def _read(reply: Reply, path: str, wanted: str) -> Any:
    if reply.status == 429:
        asked = reply.retry_after or ""
        wait = int(asked) if asked.isdecimal() else None
        if wait is not None and wait > LONGEST_WAIT:
            raise NotSent(f"{path} asks for {wait} s of rest")
        raise _TryAgain(f"{path} failed", wait=wait)
    if reply.status >= 500 or (reply.status == 200 and reply.field(wanted) is None):
        raise NoAnswer(f"{path} failed")
    if reply.status != 200:
        raise NotSent(f"{path} answered {reply.status}")
    return reply.field(wanted)


def _persist(act: Callable[[], Steps]) -> Steps:
    """Acts again as often as what went wrong allows."""
    failures: Counter[str] = Counter()
    while True:
        try:
            return (yield from act())
        except NoAnswer as error:
            failure = _TryAgain(str(error))
        except _TryAgain as error:
            failure = error
        failures[failure.cause] += 1
        if failures[failure.cause] > failure.times:
            raise NotSent(str(failure))
        yield Sleep(0.5 * 2 ** failures[failure.cause] if failure.wait is None else failure.wait)
