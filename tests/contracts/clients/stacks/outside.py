"""Stacks whose time does not move with the platform's, or does so only because their waits are known."""

from __future__ import annotations

import ctypes
import io
import json
import os
import queue
import sched
import select
import selectors
import subprocess
import threading
import time
from concurrent import futures
from typing import Any

import pycurl
import trio

from tests.contracts.clients.stacks.blocking import Blocking, FutureResult, HttpClient, Httpx
from tests.contracts.clients.stacks.looping import HttpxAsync
from tests.contracts.clients.stacks.rules import TOKEN, Post, Reply

POOL = futures.ThreadPoolExecutor(8)
"""Made at import, when time was real; its threads are started by the client."""

LOCK = threading.Lock()
WORK: queue.Queue[tuple[Any, queue.Queue[Any]]] = queue.Queue()


class Pycurl(Blocking):
    """libcurl, ten seconds a call."""

    errors = (pycurl.error,)

    def post(self, post: Post) -> Reply:
        body, headers = io.BytesIO(), list[bytes]()
        curl = pycurl.Curl()
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.NOPROXY, "*")
        curl.setopt(pycurl.URL, self.base_url + post.path)
        curl.setopt(pycurl.TIMEOUT, 10)
        curl.setopt(pycurl.POSTFIELDS, post.body)
        curl.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in post.headers.items()])
        curl.setopt(pycurl.WRITEDATA, body)
        curl.setopt(pycurl.HEADERFUNCTION, headers.append)
        try:
            curl.perform()
            return Reply(curl.getinfo(pycurl.RESPONSE_CODE), _retry_after(b"".join(headers).decode()), body.getvalue())
        finally:
            curl.close()


class CurlCommand(Blocking):
    """`curl` as a process, with `--max-time` and a timeout."""

    errors = (subprocess.SubprocessError,)

    def post(self, post: Post) -> Reply:
        headers = [word for name, value in post.headers.items() for word in ("-H", f"{name}: {value}")]
        command = ["curl", "-s", "-i", "--noproxy", "*", "--max-time", "10", "--data-binary", "@-", *headers]
        done = subprocess.run(
            [*command, self.base_url + post.path], input=post.body, capture_output=True, timeout=30, check=True
        )
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        return Reply(int(head.split()[1]), _retry_after(head.decode()), body)


def _retry_after(head: str) -> str | None:
    found = [line.partition(":")[2].strip() for line in head.splitlines() if line.lower().startswith("retry-after:")]
    return found[0] if found else None


class PopenWait(Httpx):
    """Asks a helper process with `Popen.wait(timeout)` before each call."""

    def post(self, post: Post) -> Reply:
        assert subprocess.Popen(["sleep", "0.05"]).wait(timeout=30) == 0
        return super().post(post)


class CSleep(Httpx):
    """Waits in C, which nothing here can move."""

    def sleep(self, seconds: float) -> None:
        ctypes.CDLL(None).usleep(int(min(seconds, 0.3) * 1_000_000))


class SelectSleep(Httpx):
    """Waits by `select.select`."""

    def sleep(self, seconds: float) -> None:
        select.select([], [], [], seconds)


class SelectorSleep(Httpx):
    """Waits by a selector, until `monotonic` says that it was long enough."""

    def sleep(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            while (left := ends - time.monotonic()) > 0:
                selector.select(left)


class PollSleep(Httpx):
    """Waits by `poll` and reads the time by `clock_gettime`."""

    def sleep(self, seconds: float) -> None:
        ends = time.clock_gettime(time.CLOCK_MONOTONIC) + seconds
        while (left := ends - time.clock_gettime(time.CLOCK_MONOTONIC)) > 0:
            select.poll().poll(max(1, left * 1000))


class SchedSleep(Httpx):
    """Waits by `sched`."""

    def sleep(self, seconds: float) -> None:
        scheduler = sched.scheduler()
        scheduler.enter(seconds, 1, lambda: None)
        scheduler.run()


class ModuleLock(Httpx):
    """Holds a lock that was made at import while it logs in."""

    def post(self, post: Post) -> Reply:
        if post.path != TOKEN:
            return super().post(post)
        with LOCK:
            return super().post(post)


class ModulePool(FutureResult):
    """Runs its calls in a pool that was made at import."""

    def start(self) -> None:
        Httpx.start(self)
        self.pool = POOL

    def close(self) -> None:
        Httpx.close(self)


class ModuleQueue(Httpx):
    """Hands its calls to a thread by a queue that was made at import, and waits for `queue.get(timeout=30)`."""

    errors = (*Httpx.errors, queue.Empty)
    timeout = 10

    def start(self) -> None:
        super().start()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while (work := WORK.get())[0] is not None:
            try:
                work[1].put(Httpx.post(self, work[0]))
            except Httpx.errors as error:
                work[1].put(error)

    def close(self) -> None:
        WORK.put((None, queue.Queue()))
        super().close()

    def post(self, post: Post) -> Reply:
        answers: queue.Queue[Any] = queue.Queue()
        WORK.put((post, answers))
        answer = answers.get(timeout=30)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Reply)
        return answer


class ForkedWorker(HttpClient):
    """A process that the factory forks makes the calls and the waits."""

    def start(self) -> None:
        ours, theirs = os.pipe(), os.pipe()
        if os.fork() == 0:
            try:
                os.close(theirs[1])
                os.close(ours[0])
                self._work(os.fdopen(theirs[0], "r"), os.fdopen(ours[1], "w"))
            finally:
                os._exit(0)
        os.close(theirs[0])
        os.close(ours[1])
        self.answers, self.questions = os.fdopen(ours[0], "r"), os.fdopen(theirs[1], "w")

    def close(self) -> None:
        self.questions.close()
        self.answers.close()

    def _work(self, questions: Any, answers: Any) -> None:
        for line in iter(questions.readline, ""):
            question = json.loads(line)
            try:
                reply = HttpClient.post(self, Post(question[0], question[1], question[2].encode()))
                print(json.dumps([reply.status, reply.retry_after, reply.body.decode()]), file=answers, flush=True)
            except Exception as error:
                print(json.dumps([repr(error)]), file=answers, flush=True)

    def post(self, post: Post) -> Reply:
        print(json.dumps([post.path, post.headers, post.body.decode()]), file=self.questions, flush=True)
        answer = json.loads(self.answers.readline() or "[]")
        if len(answer) < 3:
            raise OSError(str(answer))
        return Reply(answer[0], answer[1], answer[2].encode())


class Trio(Blocking):
    """httpx on trio, ten seconds a call, a loop for each."""

    errors = (*HttpxAsync.errors, trio.TooSlowError)

    def sleep(self, seconds: float) -> None:
        trio.run(trio.sleep, seconds)

    async def _post(self, post: Post) -> Reply:
        async with self.platform.http_client(asynchronous=True, timeout=None) as http:
            with trio.fail_after(10):
                answer = await http.post(post.path, content=post.body, headers=post.headers)
                return Reply(answer.status_code, answer.headers.get("Retry-After"), answer.content)

    def post(self, post: Post) -> Reply:
        return trio.run(self._post, post)
