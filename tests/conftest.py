"""The setup of every test: the same examples each time, and no settings from the caller's environment."""

from __future__ import annotations

import os
import signal
import sys

import pytest
from hypothesis import settings

from tests.need import told

KEPT = {"DAYFLY_REQUIRE", "DAYFLY_SDK_DIR"}
"""Variables that are the tests' own."""

settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
settings.register_profile("nightly", derandomize=False, deadline=None, max_examples=1000)
settings.load_profile("repeatable")


def pytest_configure() -> None:
    for name in [name for name in os.environ if name.startswith("DAYFLY_") and name not in KEPT]:
        del os.environ[name]
    os.environ["DAYFLY_WALK"] = "short"  # a test that is about the whole walk asks for it
    # Else every command that a test starts compiles both packages again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    # A shell has what it starts in the background ignore interrupts, and so would all that tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts slow tests first, then those that start processes: at the end no worker is to wait for another's long test."""
    items.sort(key=lambda item: 0 if item.get_closest_marker("slow") else 1 if "functional" in item.path.parts else 2)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = [report.longrepr[2] for report in terminalreporter.getreports("skipped")]
    if reasons:
        terminalreporter.write_line(told(reasons))
