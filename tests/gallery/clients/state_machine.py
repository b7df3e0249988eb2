"""A delivery is a dataclass with a state; a table names the method that leaves each state."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import httpx

from words import MESSAGES, SCOPE_MISSING, SESSIONS, TOKEN, NotSent, pause, text_field


class State(Enum):
    NEEDS_TOKEN = auto()
    NEEDS_SESSION = auto()
    READY = auto()
    DELIVERED = auto()


@dataclass
class Delivery:
    guest: Any
    text: str
    state: State = State.NEEDS_TOKEN
    token: str = ""
    session: str = ""
    spent: dict[str, int] = field(default_factory=dict)

    def spend(self, what: str, budget: int) -> int:
        self.spent[what] = self.spent.get(what, 0) + 1
        if self.spent[what] > budget:
            raise NotSent(f"{what}: {budget} tries are used up")
        return self.spent[what]


class Notifier:
    def __init__(self, platform):
        self.http, self.sleep = platform.http_client(), platform.sleep
        self.pair = (platform.client_id, platform.client_secret)
        self.shared, self.lock = None, threading.Lock()
        self.table = {
            State.NEEDS_TOKEN: self.authorize,
            State.NEEDS_SESSION: self.create,
            State.READY: self.deliver,
        }

    def send(self, guest, text):
        delivery = Delivery(guest, text)
        while delivery.state is not State.DELIVERED:
            delivery.state = self.table[delivery.state](delivery)

    def authorize(self, delivery):
        with self.lock:
            while self.shared is None:
                form = {"data": {"grant_type": "client_credentials"}, "auth": self.pair}
                status, self.shared, rest = self.post(TOKEN, "access_token", **form)
                if self.shared is None:
                    self.retry(delivery, "token", status, rest)
            delivery.token = self.shared
        return State.NEEDS_SESSION

    def create(self, delivery):
        who = {"name": delivery.guest.name, "email": delivery.guest.email}
        status, delivery.session, rest = self.call(
            SESSIONS, "webChatSessionId", delivery, {"guest": who}
        )
        if delivery.session is not None:
            return State.READY
        if status == 401:
            return self.renew(delivery)
        return self.retry(delivery, "create", status, rest)

    def deliver(self, delivery):
        body = {"webChatSessionId": delivery.session, "text": delivery.text}
        status, done, rest = self.call(MESSAGES, "id", delivery, body)
        if done is not None:
            return State.DELIVERED
        if status == 401:
            return self.renew(delivery)
        if status == 403 and text_field(rest.content, "code") != SCOPE_MISSING:
            delivery.spend("dead session", 1)
            return State.NEEDS_TOKEN
        if status != 429:
            raise NotSent(f"send: {status}, so it may not be repeated")
        return self.retry(delivery, "send", status, rest)

    def renew(self, delivery):
        delivery.spend("refused token", 1)
        with self.lock:
            if self.shared == delivery.token:
                self.shared = None
        return State.NEEDS_TOKEN

    def retry(self, delivery, what, status, answer):
        if status not in (None, 200, 429) and status < 500:
            raise NotSent(f"{what}: {status}")
        tries = delivery.spend(what, 3)
        self.sleep(pause(answer.headers if answer is not None else {}, tries))
        return State.NEEDS_TOKEN

    def call(self, path, wanted, delivery, body):
        bearer = {"Authorization": f"Bearer {delivery.token}"}
        return self.post(path, wanted, json=body, headers=bearer)

    def post(self, path, wanted, **request):
        try:
            answer = self.http.post(path, **request)
        except httpx.TransportError:
            return None, None, None
        good = answer.status_code == 200
        return answer.status_code, text_field(answer.content, wanted) if good else None, answer

    def close(self):
        self.http.close()


factory = Notifier
