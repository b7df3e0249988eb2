"""Callbacks on an event loop: each step schedules the next, and a future resolves at the end."""

from __future__ import annotations

import asyncio

import httpx

from words import MESSAGES, SCOPE_MISSING, SESSIONS, TOKEN, NotSent, pause, text_field


class Delivery:
    """One message under way; its methods are callbacks."""

    def __init__(self, client, guest, text):
        self.client, self.guest, self.text = client, guest, text
        self.over = client.loop.create_future()
        self.left = {"create": 3, "send": 3, "token": 1, "session": 1}

    def start(self):
        self.client.with_token(self.create, self.fail)

    def create(self, token):
        self.token = token
        body = {"guest": {"name": self.guest.name, "email": self.guest.email}}
        self.client.post(SESSIONS, self.created, token=token, json=body)

    def created(self, answer):
        session = answer and text_field(answer.content, "webChatSessionId")
        if answer is not None and answer.status_code == 200 and session:
            body = {"webChatSessionId": session, "text": self.text}
            self.client.post(MESSAGES, self.sent, token=self.token, json=body)
        elif answer is not None and answer.status_code == 401:
            self.renew()
        elif answer is None or answer.status_code in (200, 429) or answer.status_code >= 500:
            self.later("create", answer)
        else:
            self.fail(NotSent(f"create: {answer.status_code}"))

    def sent(self, answer):
        if answer is None:
            self.fail(NotSent("the outcome is unknown"))
        elif answer.status_code == 200 and text_field(answer.content, "id"):
            self.over.set_result(None)
        elif answer.status_code == 401:
            self.renew()
        elif answer.status_code == 429:
            self.later("send", answer)
        elif answer.status_code == 403 and text_field(answer.content, "code") != SCOPE_MISSING:
            self.spend("session", self.start)
        else:
            self.fail(NotSent(f"send: {answer.status_code}"))

    def renew(self):
        if self.client.token == self.token:
            self.client.token = None
        self.spend("token", self.start)

    def later(self, what, answer):
        try:
            wait = pause(answer.headers if answer is not None else {}, 4 - self.left[what])
        except NotSent as error:
            self.fail(error)
            return
        self.spend(what, lambda: self.client.loop.call_later(wait, self.start))

    def spend(self, what, then):
        self.left[what] -= 1
        if self.left[what] < 0:
            self.fail(NotSent(f"{what}: nothing is left to try"))
        else:
            then()

    def fail(self, error):
        self.over.set_exception(error)


class Notifier:
    def __init__(self, platform):
        self.http = platform.http_client(asynchronous=True, timeout=25)
        self.pair = (platform.client_id, platform.client_secret)
        self.token, self.waiting, self.tasks = None, [], set()

    async def send(self, guest, text):
        self.loop = asyncio.get_running_loop()
        delivery = Delivery(self, guest, text)
        delivery.start()
        await delivery.over

    def post(self, path, then, token=None, **request):
        if token:
            request["headers"] = {"Authorization": f"Bearer {token}"}
        task = asyncio.ensure_future(self.http.post(path, **request))
        self.tasks.add(task)

        def done(task):
            self.tasks.discard(task)
            if task.cancelled():
                return
            lost = isinstance(task.exception(), httpx.TransportError)
            then(None if lost else task.result())

        task.add_done_callback(done)

    def with_token(self, then, fail):
        if self.token is not None:
            then(self.token)
            return
        self.waiting.append((then, fail))
        if len(self.waiting) == 1:
            self.log_in(1)

    def log_in(self, tries):
        def answered(answer):
            token = answer and text_field(answer.content, "access_token")
            if answer is not None and answer.status_code == 200 and token:
                self.token = token
                self.settle(lambda then, _: then(token))
            elif answer is not None and not (
                answer.status_code in (200, 429) or answer.status_code >= 500
            ):
                self.settle(lambda _, fail: fail(NotSent(f"login: {answer.status_code}")))
            elif tries == 4:
                self.settle(lambda _, fail: fail(NotSent("login: four tries failed")))
            else:
                try:
                    wait = pause(answer.headers if answer is not None else {}, tries)
                except NotSent as error:
                    self.settle(lambda _, fail, error=error: fail(error))
                    return
                self.loop.call_later(wait, self.log_in, tries + 1)

        form = {"grant_type": "client_credentials"}
        self.post(TOKEN, answered, data=form, auth=self.pair)

    def settle(self, tell):
        waiting, self.waiting = self.waiting, []
        for then, fail in waiting:
            tell(then, fail)

    async def close(self):
        await self.http.aclose()


factory = Notifier
