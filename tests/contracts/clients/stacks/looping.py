"""Stacks on asyncio: aiohttp, tornado, httpx, each with deadlines of their own, and loops behind a synchronous face."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import aiohttp
import anyio
import httpx
from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from tests.contracts.clients.stacks.blocking import Blocking, no_answer
from tests.contracts.clients.stacks.rules import Post, Reply, Rules, Sleep


class Looping:
    """Takes the steps one after another. A stack says how a `Post` is made."""

    errors: tuple[type[BaseException], ...] = (OSError, TimeoutError)

    def __init__(self, platform: Any) -> None:
        self.platform, self.base_url = platform, platform.base_url
        self.rules = Rules(platform.client_id, platform.client_secret)
        self._renewing: Any = None

    async def start(self) -> None:
        """Get ready."""

    async def close(self) -> None:
        """Clean up."""

    async def post(self, post: Post) -> Reply:
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def lock(self) -> Any:
        return asyncio.Lock()

    async def send(self, guest: Any, text: str) -> None:
        if self._renewing is None:
            self._renewing = self.lock()
            await self.start()
        steps = self.rules.send(guest, text)
        result, failure = None, None
        try:
            while True:
                step = steps.send(result) if failure is None else steps.throw(failure)
                result = failure = None
                try:
                    result = await self._take(step)
                except self.errors:
                    failure = no_answer(step)
        except StopIteration:
            return

    async def _take(self, step: Any) -> Any:
        if isinstance(step, Post):
            return await self.post(step)
        if isinstance(step, Sleep):
            return await self.sleep(step.seconds)
        return await self._renewing.acquire() if step == "lock" else self._renewing.release()


class Aiohttp(Looping):
    """aiohttp as it comes: 300 seconds a call."""

    errors = (aiohttp.ClientError, OSError, TimeoutError)
    timeout = aiohttp.ClientTimeout(total=300)

    async def start(self) -> None:
        self.http = aiohttp.ClientSession(timeout=self.timeout)

    async def close(self) -> None:
        if self._renewing is not None:
            await self.http.close()

    async def post(self, post: Post) -> Reply:
        async with self.http.post(self.base_url + post.path, data=post.body, headers=post.headers) as answer:
            return Reply(answer.status, answer.headers.get("Retry-After"), await answer.read())


class Aiohttp30(Aiohttp):
    """30 seconds a call."""

    timeout = aiohttp.ClientTimeout(total=30)


class Aiohttp10(Aiohttp):
    """Ten seconds a call."""

    timeout = aiohttp.ClientTimeout(total=10)


class AiohttpSockRead(Aiohttp):
    """Ten seconds from one piece of an answer to the next."""

    timeout = aiohttp.ClientTimeout(total=None, sock_read=10)


class Tornado(Looping):
    """tornado's own client, ten seconds a call."""

    errors = (HTTPClientError, OSError)

    async def start(self) -> None:
        self.http: AsyncHTTPClient = SimpleAsyncHTTPClient(force_instance=True)

    async def close(self) -> None:
        if self._renewing is not None:
            self.http.close()

    async def post(self, post: Post) -> Reply:
        answer = await self.http.fetch(
            self.base_url + post.path,
            raise_error=False,
            method="POST",
            body=post.body,
            headers=post.headers,
            request_timeout=10,
            follow_redirects=False,
        )
        if answer.code == 599:
            raise OSError(str(answer.error))
        return Reply(answer.code, answer.headers.get("Retry-After"), answer.body)


class HttpxAsync(Looping):
    """httpx, ten seconds a call."""

    errors = (httpx.TransportError, TimeoutError)
    timeout: float | None = 10

    async def start(self) -> None:
        self.http = self.platform.http_client(asynchronous=True, timeout=self.timeout)

    async def close(self) -> None:
        if self._renewing is not None:
            await self.http.aclose()

    async def post(self, post: Post) -> Reply:
        answer = await self.http.post(post.path, content=post.body, headers=post.headers)
        return Reply(answer.status_code, answer.headers.get("Retry-After"), answer.content)


class WaitFor(HttpxAsync):
    """`asyncio.wait_for(…, 10)`."""

    timeout = None

    async def post(self, post: Post) -> Reply:
        return await asyncio.wait_for(super().post(post), 10)


class AsyncioTimeout(HttpxAsync):
    """`asyncio.timeout(30)` around a task of its own."""

    timeout = None

    async def post(self, post: Post) -> Reply:
        async with asyncio.timeout(30):
            return await asyncio.create_task(super().post(post))


class AnyioFailAfter(HttpxAsync):
    """anyio's `fail_after(10)`."""

    timeout = None

    async def post(self, post: Post) -> Reply:
        with anyio.fail_after(10):
            return await super().post(post)


class Facade(Blocking):
    """aiohttp on a loop in a thread; the caller waits for `future.result(timeout=30)`, and cancels."""

    errors = (aiohttp.ClientError, OSError, TimeoutError)

    def start(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.http = asyncio.run_coroutine_threadsafe(self._session(), self.loop).result()

    async def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self.http.close(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def _post(self, post: Post) -> Reply:
        async with self.http.post(self.base_url + post.path, data=post.body, headers=post.headers) as answer:
            return Reply(answer.status, answer.headers.get("Retry-After"), await answer.read())

    def post(self, post: Post) -> Reply:
        future = asyncio.run_coroutine_threadsafe(self._post(post), self.loop)
        try:
            return future.result(timeout=30)
        except TimeoutError:
            future.cancel()
            raise
