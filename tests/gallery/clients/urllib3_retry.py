"""urllib3's own Retry, with a first pause, for calls that may be repeated; none for the send."""

from __future__ import annotations

import json
import threading

import urllib3

from words import GRANT, MESSAGES, SCOPE_MISSING, SESSIONS, TOKEN, NotSent, asked_wait, text_field


class Patient(urllib3.Retry):
    """Pauses before the first retry too, and fails if it would have to pause for too long."""

    def sleep(self, response=None):
        asked = asked_wait(response.headers) if response is not None else None
        if asked is not None and asked > 120:
            raise NotSent("too long a pause is asked for")
        self.nap(max(asked or 0, 0.4 * 2 ** len(self.history)))


class Notifier:
    def __init__(self, platform):
        self.base = platform.base_url
        Patient.nap = staticmethod(platform.sleep)
        self.http = urllib3.PoolManager(timeout=urllib3.Timeout(20), maxsize=4)
        self.insist = Patient(
            total=3,
            status_forcelist=[429, 500, 502, 503, 504],
            allowed_methods=None,
            raise_on_status=False,
            redirect=0,
            raise_on_redirect=False,
        )
        pair = f"{platform.client_id}:{platform.client_secret}"
        self.basic = urllib3.make_headers(basic_auth=pair)
        self.token, self.lock, self.sleep = None, threading.Lock(), platform.sleep

    def post(self, path, body, headers, retries):
        try:
            return self.http.request(
                "POST", self.base + path, body=body, headers=headers, retries=retries
            )
        except urllib3.exceptions.HTTPError as error:
            raise NotSent(f"{path}: {error}") from error

    def value(self, path, body, headers, wanted):
        """Repeat an answer that cannot be read, which Retry does not know of."""
        for tries in (1, 2, 3):
            answer = self.post(path, body, headers, self.insist)
            if answer.status != 200 or text_field(answer.data, wanted):
                return answer, text_field(answer.data, wanted)
            self.sleep(0.5 * tries)
        raise NotSent(f"{path}: unreadable")

    def bearer(self):
        with self.lock:
            if self.token is None:
                headers = {**self.basic, "Content-Type": "application/x-www-form-urlencoded"}
                answer, self.token = self.value(TOKEN, GRANT, headers, "access_token")
                if answer.status != 200:
                    self.token = None
                    raise NotSent(f"login: {answer.status}")
            return self.token

    def send(self, guest, text):
        mended, throttled = set(), 0
        while True:
            token = self.bearer()
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            body = json.dumps({"guest": {"name": guest.name, "email": guest.email}})
            answer, session = self.value(SESSIONS, body, headers, "webChatSessionId")
            if answer.status == 200:
                body = json.dumps({"webChatSessionId": session, "text": text})
                answer = self.post(MESSAGES, body, headers, False)
                if answer.status == 200 and text_field(answer.data, "id"):
                    return
                if answer.status == 429 and throttled < 3:
                    throttled += 1
                    self.insist.sleep(answer)
                    continue
                scope = text_field(answer.data, "code") == SCOPE_MISSING
                if answer.status == 403 and not scope and 403 not in mended:
                    mended.add(403)
                    continue
            if answer.status != 401 or 401 in mended:
                raise NotSent(f"answered {answer.status}")
            mended.add(401)
            with self.lock:
                self.token = None if self.token == token else self.token

    def close(self):
        self.http.clear()


factory = Notifier
