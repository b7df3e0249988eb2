"""The mock in this process as a provider, with answers that are changed on their way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec

from contracts.platform_requests import PlatformReply
from contracts.probe import Provider, in_process
from contracts.probe.replicas import Replica
from mockserver.wire.message import Request

Change = Callable[[Request, PlatformReply], PlatformReply]


class SpoilingDoor:
    """A door that lets `change` see every request with its answer."""

    in_process = True

    def __init__(self, door: Replica, change: Change) -> None:
        self._door, self._change = door, change
        self.at_once = door.at_once

    def ask(self, request: Request) -> PlatformReply:
        return self._change(request, self._door.ask(request))

    def begin(self, request: Request) -> Callable[[], PlatformReply]:
        return partial(self._finish, request, self._door.begin(request))

    def reconnect(self) -> None:
        self._door.reconnect()

    def close(self) -> None:
        self._door.close()

    def _finish(self, request: Request, wait: Callable[[], PlatformReply]) -> PlatformReply:
        return self._change(request, wait())


def spoilt(change: Change) -> Provider:
    """A provider whose answers `change` gives back as it likes."""
    sound = in_process()
    return replace(sound, doors=[SpoilingDoor(door, change) for door in sound.doors])


def with_header(reply: PlatformReply, name: str, value: str | None) -> PlatformReply:
    """The answer with another header; None takes it away."""
    headers = {key: told for key, told in reply.headers.items() if key != name}
    return replace(reply, headers=headers if value is None else {**headers, name: value})


def with_body(reply: PlatformReply, **members: Any) -> PlatformReply:
    """The answer with other members in its body."""
    return replace(reply, body=msgspec.json.encode({**reply.document, **members}))


def with_status(reply: PlatformReply, status: int) -> PlatformReply:
    """Return the answer with another status, in its body too if that contains it."""
    changed = replace(reply, status=status)
    return with_body(changed, status=status) if "status" in reply.document else changed
