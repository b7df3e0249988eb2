"""Stacks that block: `requests`, urllib3, http.client, httpx, and deadlines that threads keep for them."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from concurrent import futures
from typing import Any
from urllib.parse import urlsplit

import httpx
import requests
import urllib3

from tests.contracts.clients.stacks.rules import NoAnswer, Post, Reply, Rules, Sleep, Step


def no_answer(step: Step) -> NoAnswer:
    """The failure of a step: only a request can go without an answer."""
    assert isinstance(step, Post)
    return NoAnswer(f"{step.path} failed")


class Blocking:
    """Takes the steps one after another. A stack says how a `Post` is made."""

    errors: tuple[type[Exception], ...] = (OSError,)

    def __init__(self, platform: Any) -> None:
        self.platform, self.base_url = platform, platform.base_url
        self.rules = Rules(platform.client_id, platform.client_secret)
        self._renewing = threading.Lock()
        self.start()

    def start(self) -> None:
        """Get ready."""

    def close(self) -> None:
        """Clean up."""

    def post(self, post: Post) -> Reply:
        raise NotImplementedError

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def send(self, guest: Any, text: str) -> None:
        steps = self.rules.send(guest, text)
        resume: Callable[[], Any] = lambda: next(steps)  # noqa: E731 - it is replaced in every turn
        try:
            while True:
                step = resume()
                try:
                    result = self._take(step)
                except self.errors:
                    failure = no_answer(step)
                    resume = lambda: steps.throw(failure)  # noqa: B023, E731
                else:
                    resume = lambda: steps.send(result)  # noqa: B023, E731
        except StopIteration:
            return

    def _take(self, step: Any) -> Any:
        if isinstance(step, Post):
            return self.post(step)
        if isinstance(step, Sleep):
            return self.sleep(step.seconds)
        return self._renewing.acquire() if step == "lock" else self._renewing.release()


class Requests(Blocking):
    """`requests`, ten seconds a call."""

    timeout: float | None = 10

    def start(self) -> None:
        self.http = requests.Session()
        self.http.trust_env = False

    def close(self) -> None:
        self.http.close()

    def post(self, post: Post) -> Reply:
        url = self.base_url + post.path
        answer = self.http.post(url, data=post.body, headers=post.headers, timeout=self.timeout, allow_redirects=False)
        return Reply(answer.status_code, answer.headers.get("Retry-After"), answer.content)


class Urllib3(Blocking):
    """urllib3 without its own retries."""

    errors = (urllib3.exceptions.HTTPError,)

    def start(self) -> None:
        self.http: Any = urllib3.PoolManager(retries=False, timeout=30)

    def close(self) -> None:
        self.http.clear()

    def post(self, post: Post) -> Reply:
        answer = self.http.request("POST", self.base_url + post.path, body=post.body, headers=post.headers)
        return Reply(answer.status, answer.headers.get("Retry-After"), answer.data)


class HttpClient(Blocking):
    """The standard library, a connection for each call."""

    errors = (OSError, http.client.HTTPException)
    timeout: float | None = 10

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(urlsplit(self.base_url).netloc, timeout=self.timeout)

    def post(self, post: Post) -> Reply:
        connection = self.connect()
        try:
            return self.exchange(connection, post)
        finally:
            connection.close()

    def exchange(self, connection: http.client.HTTPConnection, post: Post) -> Reply:
        connection.request("POST", post.path, post.body, post.headers)
        answer = connection.getresponse()
        return Reply(answer.status, answer.getheader("Retry-After"), answer.read())


class Httpx(Blocking):
    """httpx, through the platform's own client."""

    errors: tuple[type[Exception], ...] = (httpx.TransportError,)
    timeout: float | None = 10

    def start(self) -> None:
        self.http = self.platform.http_client(timeout=self.timeout)

    def close(self) -> None:
        self.http.close()

    def post(self, post: Post) -> Reply:
        answer = self.http.post(post.path, content=post.body, headers=post.headers)
        return Reply(answer.status_code, answer.headers.get("Retry-After"), answer.content)


class _InThread(Httpx):
    """A call in a thread, given up after ten seconds: the thread goes on, and no one listens."""

    errors = (httpx.TransportError, TimeoutError)
    timeout = None

    def start(self) -> None:
        super().start()
        self.pool = futures.ThreadPoolExecutor(8)

    def close(self) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)
        super().close()


class FutureResult(_InThread):
    """`future.result(timeout=10)`."""

    def post(self, post: Post) -> Reply:
        return self.pool.submit(super().post, post).result(timeout=10)


class FuturesWait(_InThread):
    """`concurrent.futures.wait(timeout=10)`."""

    def post(self, post: Post) -> Reply:
        done, _ = futures.wait([self.pool.submit(super().post, post)], timeout=10)
        if not done:
            raise TimeoutError("ten seconds are over")
        return done.pop().result()


class _Watchdog(HttpClient):
    """A second thread shuts the connection down after ten seconds."""

    timeout = None


class TimerWatchdog(_Watchdog):
    """`threading.Timer`."""

    def exchange(self, connection: http.client.HTTPConnection, post: Post) -> Reply:
        connection.connect()
        timer = threading.Timer(10, _shut, (connection,))
        timer.start()
        try:
            return super().exchange(connection, post)
        finally:
            timer.cancel()


class EventWatchdog(_Watchdog):
    """`Event.wait(10)` in a thread of its own."""

    def exchange(self, connection: http.client.HTTPConnection, post: Post) -> Reply:
        connection.connect()
        done = threading.Event()

        def watch() -> None:
            if not done.wait(10):
                _shut(connection)

        watching = threading.Thread(target=watch, daemon=True)
        watching.start()
        try:
            return super().exchange(connection, post)
        finally:
            done.set()
            watching.join()


class ConditionWatchdog(_Watchdog):
    """`Condition.wait_for(timeout=10)` in a thread of its own."""

    def exchange(self, connection: http.client.HTTPConnection, post: Post) -> Reply:
        connection.connect()
        condition, done = threading.Condition(), False

        def watch() -> None:
            with condition:
                if not condition.wait_for(lambda: done, 10):
                    _shut(connection)

        watching = threading.Thread(target=watch, daemon=True)
        watching.start()
        try:
            return super().exchange(connection, post)
        finally:
            with condition:
                done = True
                condition.notify()
            watching.join()


def _shut(connection: http.client.HTTPConnection) -> None:
    if connection.sock is not None:
        connection.sock.close()
