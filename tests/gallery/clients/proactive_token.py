"""Renews its token a minute before it expires, by the lifetime that the answer names."""

from __future__ import annotations

import json
import threading
import time

import httpx

from words import MESSAGES, SCOPE_MISSING, SESSIONS, TOKEN, NotSent, pause, text_field


class Tokens:
    def __init__(self, http, pair, sleep):
        self.http, self.pair, self.sleep = http, pair, sleep
        self.lock, self.value, self.until = threading.Lock(), None, 0.0

    def get(self):
        with self.lock:
            if self.value is None or time.monotonic() > self.until:
                self.value, lifetime = self.fetch()
                self.until = time.monotonic() + lifetime - min(60, lifetime / 2)
            return self.value

    def fetch(self):
        for tries in range(1, 5):
            headers = {}
            try:
                form = {"grant_type": "client_credentials"}
                answer = self.http.post(TOKEN, data=form, auth=self.pair)
                headers = answer.headers
                if 400 <= answer.status_code < 500 and answer.status_code != 429:
                    raise NotSent(f"login: {answer.status_code}")
                if answer.status_code == 200:
                    document = json.loads(answer.content)
                    return document["access_token"], float(document["expires_in"])
            except (httpx.TransportError, ValueError, KeyError):
                pass
            if tries < 4:
                self.sleep(pause(headers, tries))
        raise NotSent("no token")

    def refused(self, token):
        with self.lock:
            if token == self.value:
                self.value = None


class Budget(dict):
    def take(self, what):
        self[what] -= 1
        if self[what] < 0:
            raise NotSent(f"{what}: nothing is left to try")


class Notifier:
    def __init__(self, platform):
        self.http, self.sleep = platform.http_client(timeout=20), platform.sleep
        pair = (platform.client_id, platform.client_secret)
        self.tokens = Tokens(self.http, pair, platform.sleep)

    def send(self, guest, text):
        budget = Budget(create=3, send=3, token=1, session=1)
        while not self.attempt(guest, text, budget):
            pass

    def attempt(self, guest, text, budget):
        token = self.tokens.get()
        session = self.create(token, guest, budget)
        if session is None:
            return False
        body = {"webChatSessionId": session, "text": text}
        try:
            answer = self.post(MESSAGES, token, body)
        except httpx.TransportError as error:
            raise NotSent("the outcome is unknown") from error
        if answer.status_code == 200 and text_field(answer.content, "id"):
            return True
        if answer.status_code == 401:
            budget.take("token")
            self.tokens.refused(token)
        elif answer.status_code == 429:
            budget.take("send")
            self.sleep(pause(answer.headers, 3 - budget["send"]))
        elif answer.status_code == 403 and text_field(answer.content, "code") != SCOPE_MISSING:
            budget.take("session")
        else:
            raise NotSent(f"send: {answer.status_code}")
        return False

    def create(self, token, guest, budget):
        headers = {}
        try:
            body = {"guest": {"name": guest.name, "email": guest.email}}
            answer = self.post(SESSIONS, token, body)
            session = text_field(answer.content, "webChatSessionId")
            if answer.status_code == 200 and session:
                return session
            if answer.status_code == 401:
                budget.take("token")
                self.tokens.refused(token)
                return None
            if 300 <= answer.status_code < 500 and answer.status_code != 429:
                raise NotSent(f"create: {answer.status_code}")
            headers = answer.headers
        except httpx.TransportError:
            pass
        budget.take("create")
        self.sleep(pause(headers, 3 - budget["create"]))
        return None

    def post(self, path, token, body):
        return self.http.post(path, json=body, headers={"Authorization": f"Bearer {token}"})

    def close(self):
        self.http.close()


factory = Notifier
