"""The shared policy under one kind of concurrency after another, on httpx."""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
import time
from collections import defaultdict
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from policy import Call, NoAnswer, Reply
from stacks import Aiohttp, Httpx, HttpxAsync
from words import NotSent


class ThreadPool(Httpx):
    """A pool of threads; the caller waits for the result."""

    def open(self) -> None:
        super().open()
        self.pool = ThreadPoolExecutor(3)

    def send(self, guest: Any, text: str) -> None:
        self.pool.submit(super().send, guest, text).result()

    def close(self) -> None:
        self.pool.shutdown()
        super().close()


class PoolWithContext(ThreadPool):
    """A pool of threads whose jobs run in the caller's context, waited for with `wait`."""

    def send(self, guest: Any, text: str) -> None:
        context = contextvars.copy_context()
        job = self.pool.submit(context.run, Httpx.send, self, guest, text)
        wait([job])
        job.result()


class WorkerQueue(Httpx):
    """A queue and two workers; the caller waits for a future."""

    def open(self) -> None:
        super().open()
        self.jobs: queue.Queue[tuple[Future[None], Any, str] | None] = queue.Queue()
        self.workers = [threading.Thread(target=self.work, daemon=True) for _ in range(2)]
        for worker in self.workers:
            worker.start()

    def work(self) -> None:
        while (job := self.jobs.get()) is not None:
            future, guest, text = job
            try:
                future.set_result(super().send(guest, text))
            except Exception as error:
                future.set_exception(error)

    def send(self, guest: Any, text: str) -> None:
        future: Future[None] = Future()
        self.jobs.put((future, guest, text))
        future.result()

    def close(self) -> None:
        for _ in self.workers:
            self.jobs.put(None)
        for worker in self.workers:
            worker.join()
        super().close()


class SimpleQueueReplies(WorkerQueue):
    """A queue for jobs, and a queue a job for its reply."""

    def work(self) -> None:
        while (job := self.jobs.get()) is not None:
            replies, guest, text = job
            try:
                Httpx.send(self, guest, text)
                replies.put(None)  # type: ignore[attr-defined]
            except Exception as error:
                replies.put(error)  # type: ignore[attr-defined]

    def send(self, guest: Any, text: str) -> None:
        replies: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()
        self.jobs.put((replies, guest, text))  # type: ignore[arg-type]
        error = replies.get()
        if error is not None:
            raise error


class ThreadPerMessage(Httpx):
    """A thread for each message, joined."""

    def send(self, guest: Any, text: str) -> None:
        errors: list[Exception] = []

        def run() -> None:
            try:
                Httpx.send(self, guest, text)
            except Exception as error:
                errors.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        if errors:
            raise errors[0]


class EventPerMessage(Httpx):
    """A thread for each message that sets an event at its end."""

    def send(self, guest: Any, text: str) -> None:
        done, errors = threading.Event(), []

        def run() -> None:
            try:
                Httpx.send(self, guest, text)
            except Exception as error:
                errors.append(error)
            finally:
                done.set()

        threading.Thread(target=run, daemon=True).start()
        done.wait()
        if errors:
            raise errors[0]


class TimerWaits(Httpx):
    """Waits by a `threading.Timer` that sets an event."""

    def open(self) -> None:
        super().open()
        self.sleep = self.rest

    def rest(self, seconds: float) -> None:
        over = threading.Event()
        timer = threading.Timer(seconds, over.set)
        timer.start()
        over.wait()
        timer.cancel()


class EventWaits(Httpx):
    """Waits by an event that may end the wait early when the client closes."""

    def open(self) -> None:
        super().open()
        self.stopping = threading.Event()
        self.sleep = self.rest

    def rest(self, seconds: float) -> None:
        if self.stopping.wait(seconds):
            raise NotSent("the client is closing")

    def close(self) -> None:
        self.stopping.set()
        super().close()


class MonotonicWaits(Httpx):
    """Sleeps in slices until a moment of the monotonic clock."""

    def open(self) -> None:
        super().open()
        self.sleep = self.rest

    def rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 5))


class BackgroundRefresher(Httpx):
    """A background thread that renews the token whenever a message reports it as refused."""

    def open(self) -> None:
        super().open()
        self.wanted: queue.Queue[Future[str] | None] = queue.Queue()
        self.refresher = threading.Thread(target=self.refresh, daemon=True)
        self.refresher.start()

    def refresh(self) -> None:
        while (asked := self.wanted.get()) is not None:
            try:
                asked.set_result(super().bearer())
            except Exception as error:
                asked.set_exception(error)

    def bearer(self) -> str:
        asked: Future[str] = Future()
        self.wanted.put(asked)
        return asked.result()

    def close(self) -> None:
        self.wanted.put(None)
        self.refresher.join()
        super().close()


class OneAtATime(Httpx):
    """One message at a time, under a lock that is always released."""

    def open(self) -> None:
        super().open()
        self.turn = threading.RLock()

    def send(self, guest: Any, text: str) -> None:
        with self.turn:
            super().send(guest, text)


class GuestLocks(Httpx):
    """One message at a time for each guest."""

    def open(self) -> None:
        super().open()
        self.turns: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def send(self, guest: Any, text: str) -> None:
        with self.turns[guest.email]:
            super().send(guest, text)


class TwoAtATime(Httpx):
    """At most two messages at a time, by a semaphore."""

    def open(self) -> None:
        super().open()
        self.turns = threading.BoundedSemaphore(2)

    def send(self, guest: Any, text: str) -> None:
        with self.turns:
            super().send(guest, text)


class CircuitBreaker(Httpx):
    """A breaker that delays calls while it is open, instead of failing messages at once."""

    def open(self) -> None:
        super().open()
        self.failures, self.open_until = 0, 0.0

    def exchange(self, call: Call) -> Reply:
        while (left := self.open_until - time.monotonic()) > 0:
            self.sleep(left)
        try:
            reply = super().exchange(call)
        except NoAnswer:
            self.count(failed=True)
            raise
        self.count(failed=reply.status >= 500)
        return reply

    def count(self, *, failed: bool) -> None:
        self.failures = self.failures + 1 if failed else 0
        if self.failures >= 3:
            self.failures, self.open_until = 0, time.monotonic() + 1


class LoopInAThread(Httpx):
    """A synchronous facade: an event loop in a thread runs the message."""

    def open(self) -> None:
        self.loop: Any = None

    def send(self, guest: Any, text: str) -> None:
        inner, loop = self.started()
        asyncio.run_coroutine_threadsafe(inner.send(guest, text), loop).result()

    def started(self) -> Any:
        with self.renewing:
            if self.loop is None:
                ready: queue.SimpleQueue[Any] = queue.SimpleQueue()
                self.thread = threading.Thread(target=asyncio.run, args=[self.serve(ready)])
                self.thread.start()
                self.inner, self.loop, self.stop = ready.get()
        return self.inner, self.loop

    async def serve(self, ready: Any) -> None:
        inner, stop = HttpxAsync(self.platform), asyncio.Event()
        ready.put((inner, asyncio.get_running_loop(), stop))
        await stop.wait()
        await inner.close()

    def close(self) -> None:
        if self.loop is not None:
            self.loop.call_soon_threadsafe(self.stop.set)
            self.thread.join()


class LoopPerMessage(Httpx):
    """A synchronous facade: `asyncio.run` for each message, with the token kept between them."""

    def open(self) -> None:
        self.kept: list[str] = []

    def send(self, guest: Any, text: str) -> None:
        with self.renewing:
            asyncio.run(self.whole(guest, text))

    async def whole(self, guest: Any, text: str) -> None:
        inner = HttpxAsync(self.platform)
        inner.token = self.token
        try:
            await inner.send(guest, text)
        finally:
            self.token = inner.token
            await inner.close()

    def close(self) -> None:
        """Nothing is kept open."""


class InExecutor(HttpxAsync):
    """An asynchronous facade: the blocking client in an executor."""

    def open(self) -> None:
        self.inner = Httpx(self.platform)

    async def send(self, guest: Any, text: str) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self.inner.send, guest, text)

    async def close(self) -> None:
        self.inner.close()


class ToThread(InExecutor):
    """An asynchronous facade by `asyncio.to_thread`."""

    async def send(self, guest: Any, text: str) -> None:
        await asyncio.to_thread(self.inner.send, guest, text)


class TaskGroup(HttpxAsync):
    """Runs each message as a task of a group."""

    async def send(self, guest: Any, text: str) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(super().send(guest, text))
        except* NotSent as errors:
            raise NotSent(str(errors.exceptions[0])) from errors


class WaitFor(HttpxAsync):
    """A deadline of 20 s for each call, by `wait_for`."""

    async def exchange(self, call: Call) -> Reply:
        try:
            return await asyncio.wait_for(super().exchange(call), 20)
        except TimeoutError as error:
            raise NoAnswer("no answer within 20 s") from error


class TimeoutScope(HttpxAsync):
    """A deadline of 20 s for each call, by `asyncio.timeout`."""

    async def exchange(self, call: Call) -> Reply:
        try:
            async with asyncio.timeout(20):
                return await super().exchange(call)
        except TimeoutError as error:
            raise NoAnswer("no answer within 20 s") from error


class AiohttpWaitFor(Aiohttp):
    """aiohttp, with `wait_for` round each call."""

    total = None

    async def exchange(self, call: Call) -> Reply:
        try:
            return await asyncio.wait_for(super().exchange(call), 10)
        except TimeoutError as error:
            raise NoAnswer("no answer within 10 s") from error


class ShieldedCalls(HttpxAsync):
    """Runs each call as a task of its own and waits for it with `asyncio.wait`."""

    async def exchange(self, call: Call) -> Reply:
        task = asyncio.ensure_future(super().exchange(call))
        done, _ = await asyncio.wait({task}, timeout=25)
        if not done:
            task.cancel()
            raise NoAnswer("no answer within 25 s")
        return task.result()


class CallLater(HttpxAsync):
    """Waits by a future that `loop.call_later` resolves."""

    async def sleep(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        over = loop.create_future()
        loop.call_later(seconds, over.set_result, None)
        await over


class AsyncSemaphore(HttpxAsync):
    """At most two messages at a time."""

    def open(self) -> None:
        super().open()
        self.turns = asyncio.Semaphore(2)

    async def send(self, guest: Any, text: str) -> None:
        async with self.turns:
            await super().send(guest, text)


class AsyncQueue(HttpxAsync):
    """A queue and two worker tasks; the caller awaits a future."""

    def open(self) -> None:
        super().open()
        self.jobs: asyncio.Queue[Any] = asyncio.Queue()
        self.workers: list[asyncio.Task[None]] = []

    async def work(self) -> None:
        while True:
            future, guest, text = await self.jobs.get()
            try:
                future.set_result(await super().send(guest, text))
            except Exception as error:
                future.set_exception(error)

    async def send(self, guest: Any, text: str) -> None:
        if not self.workers:
            self.workers = [asyncio.create_task(self.work()) for _ in range(2)]
        future = asyncio.get_running_loop().create_future()
        self.jobs.put_nowait((future, guest, text))
        await future

    async def close(self) -> None:
        for worker in self.workers:
            worker.cancel()
        await asyncio.gather(*self.workers, return_exceptions=True)
        await super().close()


class SharedRenewal(HttpxAsync):
    """One task renews the token, and all messages await it."""

    renewal: asyncio.Task[str] | None = None

    async def bearer(self) -> str:
        if self.token is not None:
            return self.token
        if self.renewal is None or self.renewal.done():
            self.renewal = asyncio.create_task(super().bearer())
        return await asyncio.shield(self.renewal)


class AsyncGuestLocks(HttpxAsync):
    """One message at a time for each guest."""

    def open(self) -> None:
        super().open()
        self.turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def send(self, guest: Any, text: str) -> None:
        async with self.turns[guest.email]:
            await super().send(guest, text)


class Anyio(HttpxAsync):
    """anyio's lock, sleep and deadline."""

    def lock(self) -> Any:
        import anyio

        return anyio.Lock()

    async def sleep(self, seconds: float) -> None:
        import anyio

        await anyio.sleep(seconds)

    async def exchange(self, call: Call) -> Reply:
        import anyio

        try:
            with anyio.fail_after(25):
                return await super().exchange(call)
        except TimeoutError as error:
            raise NoAnswer("no answer within 25 s") from error


class AnyioTaskGroup(Anyio):
    """anyio's task group, with the result in a list."""

    async def send(self, guest: Any, text: str) -> None:
        import anyio

        errors: list[Exception] = []

        async def run() -> None:
            try:
                await HttpxAsync.send(self, guest, text)
            except Exception as error:
                errors.append(error)

        async with anyio.create_task_group() as group:
            group.start_soon(run)
        if errors:
            raise errors[0]


class AnyioPortal(Httpx):
    """A synchronous facade: anyio's blocking portal."""

    def open(self) -> None:
        from anyio.from_thread import start_blocking_portal

        self.started = start_blocking_portal()
        self.portal = self.started.__enter__()
        self.inner = self.portal.call(HttpxAsync, self.platform)

    def send(self, guest: Any, text: str) -> None:
        self.portal.call(self.inner.send, guest, text)

    def close(self) -> None:
        self.portal.call(self.inner.close)
        self.started.__exit__(None, None, None)
