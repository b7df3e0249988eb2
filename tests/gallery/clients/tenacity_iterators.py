"""tenacity's Retrying as an iterator: one for the message, one for calls that may be repeated."""

from __future__ import annotations

import threading

import httpx
from tenacity import Retrying, retry_if_exception, stop_after_attempt

from words import (
    LONGEST_WAIT,
    MESSAGES,
    SCOPE_MISSING,
    SESSIONS,
    TOKEN,
    NotSent,
    asked_wait,
    back_off,
    text_field,
)


class Failed(NotSent):
    def __init__(self, path, status, headers, code=None):
        super().__init__(f"{path}: {status} {code}")
        self.path, self.status, self.headers, self.code = path, status, headers, code
        self.asked = asked_wait(headers)

    def again(self):
        return (self.status in (0, 200, 429) or self.status >= 500) and (
            self.asked or 0
        ) <= LONGEST_WAIT


def wait(state):
    failure = state.outcome.exception()
    if failure.status in (401, 403):
        return 0
    return max(failure.asked or 0, back_off(state.attempt_number))


class Message:
    """What one message may still try."""

    def __init__(self):
        self.left = {401: 1, 403: 1, 429: 3}

    def __call__(self, failure):
        if not isinstance(failure, Failed) or failure.path == TOKEN:
            return False
        if failure.path == SESSIONS and failure.status != 401:
            return False
        if failure.status == 403 and failure.code == SCOPE_MISSING:
            return False
        if failure.status == 429 and not failure.again():
            return False
        self.left[failure.status] = self.left.get(failure.status, 0) - 1
        return self.left[failure.status] >= 0


class Notifier:
    def __init__(self, platform):
        self.http = platform.http_client()
        self.pair, self.nap = (platform.client_id, platform.client_secret), platform.sleep
        self.token, self.lock = None, threading.Lock()

    def retrying(self, when, tries):
        return Retrying(
            retry=retry_if_exception(when),
            stop=stop_after_attempt(tries),
            wait=wait,
            sleep=self.nap,
            reraise=True,
        )

    def send(self, guest, text):
        for attempt in self.retrying(Message(), 8):
            with attempt:
                token = self.bearer()
                auth = {"Authorization": f"Bearer {token}"}
                who = {"guest": {"name": guest.name, "email": guest.email}}
                try:
                    session = self.insist(SESSIONS, "webChatSessionId", json=who, headers=auth)
                    message = {"webChatSessionId": session, "text": text}
                    self.post(MESSAGES, "id", json=message, headers=auth)
                except Failed as failure:
                    if failure.status == 401:
                        with self.lock:
                            self.token = None if self.token == token else self.token
                    raise

    def bearer(self):
        with self.lock:
            if self.token is None:
                form = {"grant_type": "client_credentials"}
                self.token = self.insist(TOKEN, "access_token", data=form, auth=self.pair)
            return self.token

    def insist(self, path, wanted, **request):
        def repeatable(error):
            return isinstance(error, Failed) and error.again()

        for attempt in self.retrying(repeatable, 4):
            with attempt:
                value = self.post(path, wanted, **request)
        return value

    def post(self, path, wanted, **request):
        try:
            answer = self.http.post(path, **request)
        except httpx.TransportError as error:
            raise Failed(path, 0, {}) from error
        value = text_field(answer.content, wanted)
        if answer.status_code != 200 or value is None:
            code = text_field(answer.content, "code")
            raise Failed(path, answer.status_code, answer.headers, code)
        return value

    def close(self):
        self.http.close()


factory = Notifier
