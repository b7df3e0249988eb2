"""What a client under test is told of the platform: the one argument of its factory."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from contracts.clients.base import Seat
from contracts.clients.stage import Stage
from contracts.clients.transport import LoopTransport, StageTransport, sleep

BASE_URL = "https://platform.invalid"
"""A name that no network resolves: what does not go through `http_client` goes nowhere."""


class PlatformAccess:
    """Where the platform is and who the client is to it; `now()` and `sleep()` are in seconds of its time."""

    base_url = BASE_URL

    def __init__(self, seat: Seat, stage: Stage) -> None:
        self.client_id, self.client_secret = seat.credentials
        self._seat, self._stage = seat, stage

    def http_client(self, *, asynchronous: bool = False, **options: Any) -> Any:
        """An `httpx.Client`, or an `httpx.AsyncClient`, that reaches the platform. `options` are httpx's own; paths are
        relative to `base_url`. The transport is the platform's."""
        own = {"base_url": self.base_url, **options}
        if asynchronous:
            return httpx.AsyncClient(transport=LoopTransport(self._seat.handler, self._seat.returned), **own)
        return httpx.Client(transport=StageTransport(self._seat.handler, self._seat.returned), **own)

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._stage.clock.seconds()

    def sleep(self, seconds: float) -> Any:
        """Waits; in a coroutine, to be awaited."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return sleep(seconds)
        return asyncio.sleep(seconds)
