"""backoff's decorators: `on_predicate` with `runtime` for calls, `on_exception` for the message."""

from __future__ import annotations

import threading

import backoff
import httpx

from words import MESSAGES, SCOPE_MISSING, SESSIONS, TOKEN, NotSent, pause, text_field


class Repairable(Exception):
    """Something was repaired, or was not available and may be soon."""

    wait = 0.0


class SessionDied(Repairable):
    pass


class TokenRefused(Repairable):
    pass


class Throttled(Repairable):
    pass


def unavailable(reply):
    return reply is None or reply.status_code in (429,) or reply.status_code >= 500


def asked(reply):
    return pause(reply.headers if reply is not None else {}, 1)


insist = backoff.on_predicate(
    backoff.runtime, unavailable, value=asked, max_tries=4, jitter=lambda wait: wait + 0.1
)


def at_most(kind, tries):
    return backoff.on_exception(
        backoff.runtime, kind, value=lambda error: error.wait, max_tries=tries, jitter=None
    )


class Notifier:
    def __init__(self, platform):
        self.http = platform.http_client(timeout=20)
        self.pair = (platform.client_id, platform.client_secret)
        self.token, self.lock = None, threading.RLock()

    @at_most(SessionDied, 2)
    @at_most(Throttled, 4)
    @at_most(TokenRefused, 2)
    def send(self, guest, text):
        token = self.bearer()
        auth = {"Authorization": f"Bearer {token}"}
        who = {"guest": {"name": guest.name, "email": guest.email}}
        reply = self.insist(SESSIONS, "webChatSessionId", json=who, headers=auth)
        self.check(reply, token)
        session = text_field(reply.content, "webChatSessionId")
        body = {"webChatSessionId": session, "text": text}
        reply = self.post(MESSAGES, json=body, headers=auth)
        if reply is None:
            raise NotSent("the outcome is unknown")
        if reply.status_code == 403 and text_field(reply.content, "code") != SCOPE_MISSING:
            raise SessionDied
        if reply.status_code == 429:
            throttled = Throttled()
            throttled.wait = pause(reply.headers, 1)
            raise throttled
        self.check(reply, token)
        if text_field(reply.content, "id") is None:
            raise NotSent("half an answer")

    def check(self, reply, token=None):
        if reply is not None and reply.status_code == 401 and token:
            with self.lock:
                self.token = None if self.token == token else self.token
            raise TokenRefused
        if reply is None or reply.status_code != 200:
            raise NotSent(f"{reply}")

    def bearer(self):
        with self.lock:
            if self.token is None:
                form = {"grant_type": "client_credentials"}
                reply = self.insist(TOKEN, "access_token", data=form, auth=self.pair)
                self.check(reply)
                self.token = text_field(reply.content, "access_token")
            return self.token

    @insist
    def insist(self, path, wanted, **request):
        """Return the reply; None if none came or a good one lacks the field that is wanted."""
        reply = self.post(path, **request)
        lacking = reply is not None and reply.status_code == 200
        return None if lacking and text_field(reply.content, wanted) is None else reply

    def post(self, path, **request):
        try:
            return self.http.post(path, **request)
        except httpx.TransportError:
            return None

    def close(self):
        self.http.close()


factory = Notifier
