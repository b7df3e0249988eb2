"""Pytest sessions of their own, with the plugin and a small client."""

from __future__ import annotations

import os
from importlib.metadata import entry_points
from pathlib import Path

import pytest

INSTALLED = any(point.name == "dayfly" for point in entry_points(group="pytest11"))
PLUGIN = () if INSTALLED else ("-p", "contracts.pytest_plugin")

SMALL = """
    import pytest
    from contracts import contract_test
    from contracts.builtin import BUILTIN
    from tests.contracts.small import MESSAGES, SESSIONS, TOKEN, Small
    from tests.walked import FIRST

    class Caching(Small):
        kept = None
        def create(self, guest):
            self.kept = self.kept or super().create(guest)
            return self.kept

    def log_in(platform, http):
        pair = (platform.client_id, platform.client_secret)
        answer = http.post(TOKEN, auth=pair, data={"grant_type": "client_credentials"})
        http.headers["Authorization"] = "Bearer " + answer.json()["access_token"]

    def send_twice(platform, http):
        log_in(platform, http)
        session = http.post(SESSIONS).json()["webChatSessionId"]
        message = {"webChatSessionId": session, "text": "hello"}
        return [http.post(MESSAGES, json=message).status_code for _ in range(2)]
"""


def prepare(monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config) -> None:
    """Sessions find this project's modules, and draw the same each time."""
    monkeypatch.setenv("PYTHONPATH", str(pytestconfig.rootpath), prepend=os.pathsep)
    monkeypatch.setenv("CI", "true")


SESSION = (*PLUGIN, "-Werror", "-pno:cacheprovider", "-pno:anyio", "-pno:schemathesis", "-pno:valkey")
"""Loading the plugin of Schemathesis takes half a second, and no test here needs it. Pytester ignores `PYTEST_ADDOPTS`."""


def run(pytester: pytest.Pytester, tests: str, *arguments: str | Path) -> pytest.RunResult:
    pytester.makepyfile(SMALL + tests)
    return pytester.runpytest_subprocess(*SESSION, *arguments)
