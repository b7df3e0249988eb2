"""The way of an in-process client to the mock: through httpx. Each request and each answer waits for its turn."""

from __future__ import annotations

import asyncio
import os

import anyio
import httpx

from contracts.clients.base import Seat
from contracts.clients.clock import LAST
from contracts.clients.loop import VirtualLoop
from contracts.clients.raised import calling_line
from contracts.clients.scheduled import current_scheduled, current_scheduler
from contracts.clients.scheduler import Scheduler
from contracts.clients.watched import WatchedRequest
from mockserver import inprocess


class ScheduledTransport(inprocess.Transport):
    """The transport for `httpx.Client`."""

    def __init__(self, seat: Seat, scheduler: Scheduler) -> None:
        super().__init__(seat.handler, lambda seconds: sleep(seconds + LAST))
        self._seat, self._scheduler = seat, scheduler
        self._process = os.getpid()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See `inprocess.Transport`. Raises `httpx.ConnectError` in a process that the client has forked."""
        if os.getpid() != self._process:
            raise httpx.ConnectError("a forked process does not reach a platform in process; use --socket", request=request)
        if current_scheduler() is None:
            self._scheduler.notice("a request came from a thread that runs since the import")
        with WatchedRequest() as current:
            _turn()
            left = _now()
            try:
                response = super().handle_request(request)
            except httpx.TransportError as error:
                _turn()
                self._came_back(current, left, answered=not isinstance(error, httpx.TimeoutException))
                raise
            _turn()
            self._came_back(current, left)
            return response

    def _came_back(self, current: WatchedRequest, left: int, *, answered: bool = True) -> None:
        is_own = current_scheduler() is None or current_scheduled().is_message
        _came_back(self._seat, current, answered, aside=_now() > left and not is_own)


class LoopTransport(inprocess.AsyncTransport):
    """The transport for `httpx.AsyncClient`."""

    def __init__(self, seat: Seat, scheduler: Scheduler) -> None:
        super().__init__(seat.handler, _async_wait)
        self._seat, self._scheduler = seat, scheduler

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `inprocess.AsyncTransport`."""
        if current_scheduler() is None or not isinstance(_running_loop() or self._scheduler, VirtualLoop | Scheduler):
            self._scheduler.notice(
                "a request came from a loop that is not the standard library's, or that runs since the import"
            )
        with WatchedRequest() as current:
            await _async_turn()
            left = _now()
            try:
                response = await self._answered(request)
            except BaseException as error:
                if isinstance(error, httpx.TransportError) and not isinstance(error, httpx.TimeoutException):
                    await _async_turn()
                    self._came_back(current, left)
                else:  # too late, or cancelled: in asyncio, in trio or by anyio
                    self._came_back(current, left, answered=False)
                raise
            self._came_back(current, left)
            return response

    async def _answered(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        await _async_turn()
        return response

    def _came_back(self, current: WatchedRequest, left: int, *, answered: bool = True) -> None:
        _came_back(self._seat, current, answered, aside=_now() > left and not _is_messages_own())


def _came_back(seat: Seat, current: WatchedRequest, answered: bool, *, aside: bool) -> None:
    if current.context_id:
        if (line := calling_line()) is not None:
            seat.lines[current.context_id] = line
        seat.returned(current.context_id, answered, current.overtaken_by(), aside)


def _now() -> int:
    """Return the nanoseconds under the scheduler's clock; 0 for a thread that has no scheduler."""
    scheduler = current_scheduler()
    return 0 if scheduler is None else scheduler.clock.nanoseconds


def _is_messages_own() -> bool:
    """Return True if the calling task is a message's. Another task may have been ended or given up by its message."""
    loop = _running_loop()
    return isinstance(loop, VirtualLoop) and asyncio.current_task() in loop.messages


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:  # in trio, for example
        return None


def sleep(seconds: float) -> None:
    """Wait in virtual time, if the thread lives in it."""
    scheduler = current_scheduler()
    if scheduler is not None:
        scheduler.sleep(seconds)


async def _async_wait(seconds: float) -> None:
    await anyio.sleep(seconds + LAST)


def _turn() -> None:
    scheduler = current_scheduler()
    if scheduler is not None:
        scheduler.turn()


async def _async_turn() -> None:
    loop = _running_loop()
    if isinstance(loop, VirtualLoop):
        await loop.turn()
