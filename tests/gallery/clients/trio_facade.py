"""The shared policy on trio: `trio.run` for each message, with the token kept between them."""

from __future__ import annotations

from typing import Any

import trio

from stacks import Httpx, HttpxAsync


class Trio(Httpx):
    """A synchronous facade: `trio.run` for each message."""

    def open(self) -> None:
        """Open the client within the message."""

    def send(self, guest: Any, text: str) -> None:
        with self.renewing:
            trio.run(self.whole, guest, text)

    async def whole(self, guest: Any, text: str) -> None:
        inner = TrioInner(self.platform)
        inner.token = self.token
        try:
            await inner.send(guest, text)
        finally:
            self.token = inner.token
            await inner.close()

    def close(self) -> None:
        """Nothing is kept open."""


class TrioInner(HttpxAsync):
    """httpx on trio."""

    def lock(self) -> Any:
        return trio.Lock()

    async def sleep(self, seconds: float) -> None:
        await trio.sleep(seconds)
