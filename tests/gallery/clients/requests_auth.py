"""requests with AuthBase: the authentication object keeps the token, an adapter sets timeouts."""

from __future__ import annotations

import threading

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from words import MESSAGES, SCOPE_MISSING, SESSIONS, TOKEN, NotSent, pause, text_field


class WithTimeout(HTTPAdapter):
    def send(self, request, **options):
        options["timeout"] = options.get("timeout") or (3, 20)
        return super().send(request, **options)


class BearerAuth(AuthBase):
    def __init__(self, fetch):
        self.fetch, self.lock, self.token = fetch, threading.Lock(), None

    def __call__(self, request):
        with self.lock:
            self.token = self.token or self.fetch()
            request.headers["Authorization"] = "Bearer " + self.token
        return request

    def refuse(self, answer):
        shown = answer.request.headers["Authorization"]
        with self.lock:
            if self.token and shown == "Bearer " + self.token:
                self.token = None


class Notifier:
    def __init__(self, platform):
        self.platform, self.session = platform, requests.Session()
        self.session.trust_env = False
        self.session.mount("http://", WithTimeout(max_retries=0))
        self.auth = BearerAuth(self.login)

    def post(self, path, **options):
        url = self.platform.base_url + path
        return self.session.post(url, allow_redirects=False, **options)

    def login(self):
        pair = (self.platform.client_id, self.platform.client_secret)
        form = {"grant_type": "client_credentials"}
        return self.stubbornly(TOKEN, "access_token", data=form, auth=pair)

    def stubbornly(self, path, wanted, **options):
        """For calls that may be repeated whatever became of them."""
        for tries in (1, 2, 3, 4):
            headers = {}
            try:
                answer = self.post(path, **options)
                headers, value = answer.headers, text_field(answer.content, wanted)
                if answer.status_code == 200 and value:
                    return value
                if answer.status_code not in (200, 429) and answer.status_code < 500:
                    answer.raise_for_status()
                    raise NotSent(f"{path} answered {answer.status_code}")
            except requests.HTTPError:
                raise
            except requests.RequestException:
                pass
            if tries < 4:
                self.platform.sleep(pause(headers, tries))
        raise NotSent(f"{path} is down")

    def send(self, guest, text):
        who = {"guest": {"name": guest.name, "email": guest.email}}
        throttled = renewed = dead = 0
        while True:
            try:
                session = self.stubbornly(SESSIONS, "webChatSessionId", json=who, auth=self.auth)
            except requests.HTTPError as error:
                if error.response.status_code != 401 or renewed:
                    raise NotSent(str(error)) from error
                renewed = 1
                self.auth.refuse(error.response)
                continue
            message = {"webChatSessionId": session, "text": text}
            try:
                answer = self.post(MESSAGES, json=message, auth=self.auth)
            except requests.RequestException as error:
                raise NotSent(f"unknown: {error}") from error
            if answer.status_code == 200 and text_field(answer.content, "id"):
                return
            if answer.status_code == 429 and throttled < 3:
                throttled += 1
                self.platform.sleep(pause(answer.headers, throttled))
                continue
            scope = text_field(answer.content, "code") == SCOPE_MISSING
            if answer.status_code == 401 and not renewed:
                renewed = 1
                self.auth.refuse(answer)
            elif answer.status_code == 403 and not scope and not dead:
                dead = 1
            else:
                raise NotSent(f"{answer.status_code}")

    def close(self):
        self.session.close()


factory = Notifier
