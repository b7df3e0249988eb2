"""The setup of every test: the same examples each time, and no settings from the caller's environment."""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import settings

from tests.need import SLOW, told

TESTS = Path(__file__).parent

KEPT = {"DAYFLY_REQUIRE", "DAYFLY_SDK_DIR"}
"""Variables that are the tests' own."""

settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
settings.register_profile("nightly", derandomize=False, deadline=None, max_examples=1000)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="skip tests that are marked as slow")


def pytest_configure() -> None:
    for name in [name for name in os.environ if name.startswith("DAYFLY_") and name not in KEPT]:
        del os.environ[name]
    os.environ["DAYFLY_WALK"] = "short"  # a test that is about the whole walk asks for it
    # Else every command that a test starts compiles both packages again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    # A shell has what it starts in the background ignore interrupts, and so would all that tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Lets each worker begin with another part of the test modules, so that each module is compiled only once."""
    worker = getattr(session.config, "workerinput", None)
    if worker is None or session.config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    gc.disable()  # until everything is collected: what is imported stays
    files = sorted(TESTS.rglob("test_*.py"))
    first = len(files) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
    for file in (*files[first:], *files[:first]):
        with suppress(Exception, pytest.skip.Exception):  # the collection tells of it
            import_module(".".join(file.relative_to(TESTS.parent).with_suffix("").parts))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts long tests first, so that at the end workers do not wait for each other."""
    if config.getoption("quick"):
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason=SLOW))
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    is_slow, is_functional = item.get_closest_marker("slow") is not None, "functional" in item.path.parts
    if "compiled" in item.name:  # the longest: such a client is built, and then waits in real time
        return -1
    # Another long one, the check of types, is among the first of these.
    return [(True, False), (True, True), (False, True), (False, False)].index((is_slow, is_functional))


def pytest_collection_finish() -> None:
    _keep_out_of_collections()
    _quicken_processes()


def _keep_out_of_collections() -> None:
    """Lets the collector pass over modules and tests, which stay. To look at them took up to a tenth of a worker's time."""
    gc.collect()
    gc.freeze()
    gc.enable()


def _quicken_processes() -> None:
    """Lets started processes leave out packages, plugins and a compiler that they do not need. Each takes a while to load."""
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(TESTS / "left_out"), os.environ.get("PYTHONPATH")]))
    os.environ["HYPOTHESIS_NO_PLUGINS"] = "1"  # trio, which it would import
    os.environ["JDK_JAVA_OPTIONS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # made for short runs
    os.environ["PYTEST_ADDOPTS"] = " ".join(f"-p no:{name}" for name in ("anyio", "schemathesis", "valkey"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = [report.longrepr[2] for report in terminalreporter.getreports("skipped")]
    if reasons:
        terminalreporter.write_line(told(reasons))
