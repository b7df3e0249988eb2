"""stamina's retry contexts, with a hook that returns the wait that the platform asked for."""

from __future__ import annotations

import threading

import httpx
import stamina

from words import MESSAGES, SCOPE_MISSING, SESSIONS, TOKEN, NotSent, pause, text_field


class Outage(Exception):
    def __init__(self, path, status, headers):
        super().__init__(f"{path}: {status}")
        self.status, self.wait = status, pause(headers, 1)


class Stale(Exception):
    """The session or the token was refused, for the first time."""


def outage(error):
    return error.wait if isinstance(error, Outage) else False


def throttled(error):
    return error.wait if isinstance(error, Outage) and error.status == 429 else False


class Notifier:
    def __init__(self, platform):
        self.http = platform.http_client(timeout=30)
        self.pair = (platform.client_id, platform.client_secret)
        self.token, self.lock = None, threading.Lock()

    def send(self, guest, text):
        excuses = {"token", "session"}
        while True:
            try:
                for attempt in stamina.retry_context(on=throttled, attempts=3, timeout=None):
                    with attempt:
                        return self.attempt(guest, text, excuses)
            except Stale:
                continue
            except Outage as error:
                raise NotSent(str(error)) from error

    def attempt(self, guest, text, excuses):
        token = self.bearer()
        auth = {"Authorization": f"Bearer {token}"}
        body = {"guest": {"name": guest.name, "email": guest.email}}
        try:
            created = self.insist(SESSIONS, "webChatSessionId", json=body, headers=auth)
            session = text_field(created.content, "webChatSessionId")
            message = {"webChatSessionId": session, "text": text}
            self.post(MESSAGES, "id", json=message, headers=auth)
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            scope = text_field(error.response.content, "code") == SCOPE_MISSING
            created = error.request.url.path == MESSAGES
            if status == 401 and "token" in excuses:
                excuses.remove("token")
                with self.lock:
                    self.token = None if self.token == token else self.token
                raise Stale from error
            if status == 403 and created and not scope and "session" in excuses:
                excuses.remove("session")
                raise Stale from error
            raise NotSent(str(error)) from error

    def bearer(self):
        with self.lock:
            if self.token is None:
                form = {"grant_type": "client_credentials"}
                answer = self.insist(TOKEN, "access_token", data=form, auth=self.pair)
                self.token = text_field(answer.content, "access_token")
            return self.token

    def insist(self, path, wanted, **request):
        try:
            for attempt in stamina.retry_context(on=outage, attempts=4, timeout=None):
                with attempt:
                    return self.post(path, wanted, **request)
        except Outage as error:
            raise NotSent(str(error)) from error

    def post(self, path, wanted, **request):
        try:
            answer = self.http.post(path, **request)
        except httpx.TransportError as error:
            raise Outage(path, None, {}) from error
        status = answer.status_code
        lacking = status == 200 and text_field(answer.content, wanted) is None
        if lacking or status == 429 or status >= 500:
            raise Outage(path, status, answer.headers)
        return answer.raise_for_status()

    def close(self):
        self.http.close()


factory = Notifier
