"""How an in-process client reaches the mock: through httpx, with each request and each answer waiting for its turn."""

from __future__ import annotations

import asyncio

import httpx

from contracts.clients.actors import current_stage
from contracts.clients.base import Returned
from contracts.clients.loop import VirtualLoop
from contracts.clients.watched import Exchange, WatchedHandler
from mockserver import inprocess


class StageTransport(inprocess.Transport):
    """For `httpx.Client`."""

    def __init__(self, handler: WatchedHandler, returned: Returned) -> None:
        super().__init__(handler, sleep)
        self._returned = returned

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See `inprocess.Transport`."""
        with Exchange() as current:
            _turn()
            try:
                response = super().handle_request(request)
            except httpx.TransportError as error:
                _turn()
                _came_back(self._returned, current, answered=not isinstance(error, httpx.TimeoutException))
                raise
            _turn()
            _came_back(self._returned, current)
            return response


class LoopTransport(inprocess.AsyncTransport):
    """For `httpx.AsyncClient`."""

    def __init__(self, handler: WatchedHandler, returned: Returned) -> None:
        super().__init__(handler)
        self._returned = returned

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `inprocess.AsyncTransport`."""
        with Exchange() as current:
            await _async_turn()
            try:
                response = await self._answered(request)
            except (httpx.TimeoutException, asyncio.CancelledError):
                _came_back(self._returned, current, answered=False)
                raise
            except httpx.TransportError:
                await _async_turn()
                _came_back(self._returned, current)
                raise
            _came_back(self._returned, current)
            return response

    async def _answered(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        await _async_turn()
        return response


def _came_back(returned: Returned, current: Exchange, *, answered: bool = True) -> None:
    overtaken_by = current.overtaken_by()
    if current.context_id:
        returned(current.context_id, answered, overtaken_by)


def sleep(seconds: float) -> None:
    """Waits in virtual time, for threads that live in it."""
    stage = current_stage()
    if stage is not None:
        stage.sleep(seconds)


def _turn() -> None:
    stage = current_stage()
    if stage is not None:
        stage.turn()


async def _async_turn() -> None:
    loop = asyncio.get_running_loop()
    if isinstance(loop, VirtualLoop):
        await loop.turn()
