"""The places to run stories of a declared platform in: a mock in this process, or a running one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from contracts.remote.control import RemoteControl
from contracts.remote.web import Web
from contracts.stories.plan import Gap
from contracts.stories.stage import StoryStage
from mockserver.declared.mock import Mock
from mockserver.inprocess import Transport
from mockserver.platform import Platform
from mockserver.web.declared import create_declared_app

PREFIX = "/__admin"


def _no_wait(_seconds: float) -> None:
    """Do not wait: only a story's own steps move its clock."""


class MockInProcess:
    """Mocks in this process: each story has its own."""

    has_control = True
    name = "the mock in this process"

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    @contextmanager
    def stage(self, _story: Any) -> Iterator[StoryStage]:
        """See Place."""
        app = create_declared_app(Mock(self._platform))
        control = RemoteControl(Web("http://127.0.0.1", transport=httpx.WSGITransport(app)), self.name, PREFIX)
        control.call("POST", "/clock/freeze", {})
        yield StoryStage(
            Web("https://platform.invalid", transport=Transport(app.answering, _no_wait)), {}, control, in_process=True
        )

    def close(self) -> None:
        """See Place."""


class RunningMock:
    """A running mock at a URL. Its clock stands still while a story runs, and its faults are cleared afterwards."""

    has_control = True

    def __init__(self, url: str, admin_token: str = "") -> None:
        headers = {"Authorization": f"Bearer {admin_token}"} if admin_token else {}
        self.name = url
        self._web, self._control = Web(url), RemoteControl(Web(url, headers), url, PREFIX)

    @contextmanager
    def stage(self, _story: Any) -> Iterator[StoryStage]:
        """See Place."""
        self._control.call("POST", "/clock/freeze", {})
        try:
            yield StoryStage(self._web, {}, self._control)
        finally:
            self._control.call("DELETE", "/faults")
            self._control.call("POST", "/clock/resume", {})

    def close(self) -> None:
        """See Place."""
        self._web.close()
        self._control.close()


class MockProvider:
    """Any provider at a URL, as one registered credential of it. Nothing can be controlled."""

    has_control = False

    def __init__(self, url: str, platform: Platform, client_id: str, client_secret: str) -> None:
        self.name, self._web = url, Web(url)
        kind = next((kind for kind in platform.kinds.values() if kind.registered), None)
        self._given: dict[Gap, str] = {}
        if kind is not None:
            self._given = {Gap(kind.name, "id"): client_id, **{Gap(kind.name, one): client_secret for one in kind.bound}}

    @contextmanager
    def stage(self, _story: Any) -> Iterator[StoryStage]:
        """See Place."""
        yield StoryStage(self._web, self._given)

    def close(self) -> None:
        """See Place."""
        self._web.close()
