"""httpx.Auth takes and renews the token; a loop over attempts does the rest."""

from __future__ import annotations

import threading

import httpx

from words import GRANT, MESSAGES, SCOPE_MISSING, SESSIONS, TOKEN, NotSent, pause, text_field


class StaleToken(Exception):
    """Another thread has dropped the token since the session was created."""


class TokenAuth(httpx.Auth):
    def __init__(self, platform):
        self.basic = httpx.BasicAuth(platform.client_id, platform.client_secret)
        self.url, self.sleep = httpx.URL(platform.base_url).join(TOKEN), platform.sleep
        self.token, self.lock = None, threading.Lock()

    def sync_auth_flow(self, request):
        if self.token is None and request.url.path == MESSAGES:
            raise StaleToken
        token = yield from self.current(None)
        request.headers["Authorization"] = f"Bearer {token}"
        answer = yield request
        if answer.status_code == 401:
            # A create is repeated here. A send needs a fresh session, so its caller repeats it.
            if request.url.path == SESSIONS:
                token = yield from self.current(token)
                request.headers["Authorization"] = f"Bearer {token}"
                answer = yield request
            else:
                self.drop(token)

    def drop(self, token):
        with self.lock:
            self.token = None if self.token == token else self.token

    def current(self, refused):
        with self.lock:
            if self.token is None or self.token == refused:
                self.token = None
                self.token = yield from self.login()
            return self.token

    def login(self):
        for tries in range(1, 4):
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            request = httpx.Request("POST", self.url, content=GRANT, headers=form)
            answer = yield next(self.basic.auth_flow(request))
            answer.read()
            token = text_field(answer.content, "access_token")
            if answer.status_code == 200 and token:
                return token
            if answer.status_code not in {200, 429} and answer.status_code < 500:
                break
            if tries < 3:
                self.sleep(pause(answer.headers, tries))
        raise NotSent("no token")


class Notifier:
    def __init__(self, platform):
        self.http = platform.http_client(auth=TokenAuth(platform), timeout=30)
        self.sleep = platform.sleep

    def send(self, guest, text):
        failures = {"create": 0, "send": 0, "dead": 0, "refused": 0}

        def again(what, bound, headers=None):
            failures[what] += 1
            if failures[what] >= bound:
                raise NotSent(f"{what}: {failures[what]} times")
            if headers is not None:
                self.sleep(pause(headers, failures[what]))

        while True:
            try:
                body = {"guest": {"name": guest.name, "email": guest.email}}
                answer = self.http.post(SESSIONS, json=body)
            except httpx.TransportError:
                again("create", 4, {})
                continue
            session = text_field(answer.content, "webChatSessionId")
            if answer.status_code in {200, 429} or answer.status_code >= 500:
                if answer.status_code != 200 or session is None:
                    again("create", 4, answer.headers)
                    continue
            else:
                raise NotSent(f"create: {answer.status_code}")
            try:
                message = {"webChatSessionId": session, "text": text}
                answer = self.http.post(MESSAGES, json=message)
            except StaleToken:
                continue
            except httpx.TransportError as error:
                raise NotSent("unknown") from error
            match answer.status_code, text_field(answer.content, "code"):
                case 200, _ if text_field(answer.content, "id"):
                    return
                case 429, _:
                    again("send", 4, answer.headers)
                case 401, _:
                    again("refused", 2)
                case 403, code if code != SCOPE_MISSING:
                    again("dead", 2)
                case status, _:
                    raise NotSent(f"send: {status}")


factory = Notifier
