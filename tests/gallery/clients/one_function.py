"""One long function: every case stands where it happens."""

from __future__ import annotations

from threading import Lock

import httpx

from words import GRANT, MESSAGES, SCOPE_MISSING, SESSIONS, TOKEN, NotSent, pause, text_field


class Notifier:
    def __init__(self, platform):
        self.http, self.sleep, self.token = platform.http_client(timeout=20), platform.sleep, None
        self.auth, self.lock = (platform.client_id, platform.client_secret), Lock()

    def take_token(self, refused=None):
        with self.lock:
            if self.token is not None and self.token != refused:
                return self.token
            self.token = None
            for n in range(1, 5):
                headers = {}
                try:
                    answer = self.http.post(
                        TOKEN,
                        content=GRANT,
                        auth=self.auth,
                        headers={"Content-Type": "application/x-www-form-urlencoded"},
                    )
                    headers, token = answer.headers, text_field(answer.content, "access_token")
                    if answer.status_code == 200 and token:
                        self.token = token
                        return token
                    if answer.status_code not in (200, 429) and answer.status_code < 500:
                        raise NotSent(f"login: {answer.status_code}")
                except httpx.TransportError:
                    pass
                if n < 4:
                    self.sleep(pause(headers, n))
            raise NotSent("login: no success in four tries")

    def send(self, guest, text):
        creates, sends, deaths, renewals = 0, 0, 0, 0
        token = self.take_token()
        while True:
            auth = {"Authorization": f"Bearer {token}"}
            body = {"guest": {"name": guest.name, "email": guest.email}}
            headers, status, session = {}, 0, None
            try:
                answer = self.http.post(SESSIONS, json=body, headers=auth)
                headers, status = answer.headers, answer.status_code
                session = text_field(answer.content, "webChatSessionId")
            except httpx.TransportError:
                pass
            if status == 401:
                renewals += 1
                if renewals > 1:
                    raise NotSent("two tokens were refused")
                token = self.take_token(refused=token)
                continue
            if status in (0, 429) or status >= 500 or (status == 200 and session is None):
                creates += 1
                if creates == 4:
                    raise NotSent("no session in four tries")
                self.sleep(pause(headers, creates))
                continue
            if status != 200:
                raise NotSent(f"create: {status}")
            try:
                message = {"webChatSessionId": session, "text": text}
                answer = self.http.post(MESSAGES, json=message, headers=auth)
            except httpx.TransportError as error:
                raise NotSent("the outcome is unknown") from error
            status = answer.status_code
            if status == 200 and text_field(answer.content, "id"):
                return
            if status == 429 and sends < 3:
                sends += 1
                self.sleep(pause(answer.headers, sends))
            elif status == 401 and renewals == 0:
                renewals = 1
                token = self.take_token(refused=token)
            elif status == 403 and deaths == 0:
                if text_field(answer.content, "code") == SCOPE_MISSING:
                    raise NotSent("the scope is missing")
                deaths = 1
            else:
                raise NotSent(f"send: {status}")

    def close(self):
        self.http.close()


factory = Notifier
