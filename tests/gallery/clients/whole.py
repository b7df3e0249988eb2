"""Policy and stack in one class, so that a mistake is one method that differs."""

from __future__ import annotations

from typing import Any

from policy import Policy
from stacks import Aiohttp, Httpx, HttpxAsync, Requests


class Whole(Policy):
    """Is its own policy."""

    def made_rules(self, platform: Any) -> Policy:
        Policy.__init__(self, platform.client_id, platform.client_secret)
        return self


class Notifier(Whole, Httpx):
    """Blocking calls on httpx."""

    def __init__(self, platform: Any) -> None:
        Httpx.__init__(self, platform)


class AsyncNotifier(Whole, HttpxAsync):
    """httpx on asyncio."""

    def __init__(self, platform: Any) -> None:
        HttpxAsync.__init__(self, platform)


class AiohttpNotifier(Whole, Aiohttp):
    """aiohttp; needs a socket."""

    def __init__(self, platform: Any) -> None:
        Aiohttp.__init__(self, platform)


class RequestsNotifier(Whole, Requests):
    """requests; needs a socket."""

    def __init__(self, platform: Any) -> None:
        Requests.__init__(self, platform)
