"""A generator yields requests and naps, and a loop of a few lines performs them."""

from __future__ import annotations

import threading

import httpx

from words import GRANT, MESSAGES, SCOPE_MISSING, SESSIONS, TOKEN, NotSent, pause, text_field


def repeated(request, wanted, bound=4):
    """Yield the request until it works: (kind, value) with kind ok, unauthorized or other."""
    for n in range(1, bound + 1):
        status, headers, body = yield request
        if status == 200 and text_field(body, wanted):
            return "ok", text_field(body, wanted)
        if status in (401,):
            return "unauthorized", None
        if status and status not in (200, 429) and status < 500:
            return "refused", status
        if n < bound:
            yield pause(headers, n)
    return "down", None


def message(client, guest, text):
    naps, fresh = 0, {"session": 1, "token": 1}
    while True:
        token = yield client.token
        bearer = {"Authorization": f"Bearer {token}"}
        who = {"guest": {"name": guest.name, "email": guest.email}}
        kind, session = yield from repeated((SESSIONS, bearer, {"json": who}), "webChatSessionId")
        if kind == "ok":
            parts = {"webChatSessionId": session, "text": text}
            status, headers, body = yield MESSAGES, bearer, {"json": parts}
            if status == 200 and text_field(body, "id"):
                return
            if status == 429 and naps < 3:
                naps += 1
                yield pause(headers, naps)
                continue
            kind = {401: "unauthorized", 403: "dead"}.get(status, "failed")
            if kind == "dead" and text_field(body, "code") == SCOPE_MISSING:
                kind = "forbidden"
        if kind == "unauthorized" and fresh["token"]:
            fresh["token"] = 0
            client.forget(token)
        elif kind == "dead" and fresh["session"]:
            fresh["session"] = 0
        else:
            raise NotSent(kind)


class Notifier:
    def __init__(self, platform):
        self.http, self.sleep = platform.http_client(timeout=25), platform.sleep
        self.pair = httpx.BasicAuth(platform.client_id, platform.client_secret)
        self.kept, self.lock = None, threading.Lock()

    def send(self, guest, text):
        self.drive(message(self, guest, text))

    def drive(self, steps):
        result = None
        while True:
            try:
                wish = steps.send(result)
            except StopIteration as end:
                return end.value
            if callable(wish):
                result = wish()
            elif isinstance(wish, float):
                result = self.sleep(wish)
            else:
                result = self.post(*wish)

    def post(self, path, headers, body):
        try:
            answer = self.http.post(path, headers=headers, **body)
        except httpx.TransportError:
            return 0, {}, b""
        return answer.status_code, answer.headers, answer.content

    def token(self):
        with self.lock:
            if self.kept is None:
                form = {"Content-Type": "application/x-www-form-urlencoded"}
                login = TOKEN, form, {"content": GRANT, "auth": self.pair}
                kind, self.kept = self.drive(repeated(login, "access_token"))
                if kind != "ok":
                    self.kept = None
                    raise NotSent(f"no token: {kind}")
            return self.kept

    def forget(self, token):
        with self.lock:
            self.kept = None if self.kept == token else self.kept

    def close(self):
        self.http.close()


factory = Notifier
