"""The pytest plugin. It is imported in every session of whoever has dayfly installed, so it imports nothing but pytest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from contracts.pytest_platform import Platform, Platforms
    from contracts.report.model import Report

MARKER = "dayfly(**options): options for verify_client in this test, such as examples=20 or clauses=['S1']"

_platforms = pytest.StashKey[dict[str, "Platform"]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options `--dayfly-…`."""
    group = parser.getgroup("dayfly", "clients of a platform with ephemeral sessions")
    group.addoption("--dayfly-seed", type=int, metavar="N", help="Draw the same scenarios again.")
    group.addoption("--dayfly-examples", type=int, metavar="N", help="How many scenarios verify_client draws.")
    group.addoption("--dayfly-corpus", metavar="DIR", help="Where counterexamples are kept, and tried first.")
    group.addoption("--dayfly-base-url", metavar="URL", help="The only host that dayfly_router answers for.")


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker."""
    config.addinivalue_line("markers", MARKER)


@pytest.fixture(scope="session")
def dayfly_platforms() -> Iterator[Platforms]:
    """Makes platforms: ``with dayfly_platforms.platform() as platform``; for tests that need several, or one per example."""
    from contracts.pytest_platform import Platforms

    platforms = Platforms()
    yield platforms
    platforms.close()


@pytest.fixture
def dayfly_platform(request: pytest.FixtureRequest, dayfly_platforms: Platforms) -> Iterator[Platform]:
    """A platform of this test's own, in process."""
    with dayfly_platforms.platform(request.node.name) as platform:
        request.node.stash.setdefault(_platforms, {})["dayfly_platform"] = platform
        yield platform


@pytest.fixture
def dayfly_live_platform(request: pytest.FixtureRequest, dayfly_platforms: Platforms) -> Iterator[Platform]:
    """A platform of this test's own, behind a socket."""
    with dayfly_platforms.platform(request.node.name, live=True) as platform:
        request.node.stash.setdefault(_platforms, {})["dayfly_live_platform"] = platform
        yield platform


@pytest.fixture
def dayfly_router(request: pytest.FixtureRequest, dayfly_platform: Platform) -> Iterator[Any]:
    """Answers the httpx calls of this test, whatever host they go to, from `dayfly_platform`."""
    with dayfly_platform.router(request.config.getoption("--dayfly-base-url")) as router:
        yield router


@pytest.fixture
def verify_client(request: pytest.FixtureRequest) -> Callable[..., Report]:
    """`contracts.verify_client` with the options of the command line and of the marker `dayfly`."""
    from contracts.verify import verify_client

    marker = request.node.get_closest_marker("dayfly")
    given = {name: request.config.getoption(f"--dayfly-{name}") for name in ("seed", "examples", "corpus")}
    defaults = {name: value for name, value in given.items() if value is not None}
    marked = dict(marker.kwargs) if marker is not None else {}

    def verify(make_client: Callable[[Any], Any], **options: Any) -> Report:
        return verify_client(make_client, **{**defaults, **marked, **options})

    return verify


def contract_test(make_client: Callable[[Any], Any], **options: Any) -> Callable[..., None]:
    """A test function that verifies a client: ``test_contract = contract_test(make_client)``."""

    def test_contract(verify_client: Callable[..., Report]) -> None:
        verify_client(make_client, **options)

    return test_contract


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Where a test fails that has a platform, shows what reached it."""
    report = yield
    if report.failed and report.when == "call":
        for name, platform in item.stash.get(_platforms, {}).items():
            story = platform.story()
            if story:
                report.sections.append((f"what reached {name}", story))
    return report
