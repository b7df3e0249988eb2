"""The HTTP clients that a platform hands out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import httpx
import httpx2
import pytest

from contracts.clients.http import NoSuchLibrary, make_client
from contracts.clients.python import PythonClients
from contracts.runner import Runner
from contracts.scenario import Fault, Scenario, Send
from mockserver.journal import Ended, Guest
from tests.contracts.small import Small, SmallAsync, errors, outcomes

HELLO = Send(Guest("Ann", "ann@example.com"), "hello")


def plain(platform: Any) -> Small:
    client = Small(platform)
    client.http.close()
    client.http = platform.http_client(library="httpx2")
    return client


async def asynchronous(platform: Any) -> SmallAsync:
    client = SmallAsync(platform)
    await client.http.aclose()
    client.http = platform.http_client(library="httpx2", asynchronous=True)
    return client


@pytest.mark.parametrize("socket", [False, True], ids=["in process", "socket"])
@pytest.mark.parametrize("factory", [plain, asynchronous])
def test_a_client_on_httpx2_lives_in_virtual_time(factory: Callable[[Any], Any], socket: bool) -> None:
    late = Fault("send", "latency", seconds=20)
    with Runner(PythonClients(factory, socket=socket)) as world:
        ran = world.run(Scenario((HELLO, late, HELLO, HELLO)))
    assert outcomes(ran) == ["accepted", "failed", "accepted"]
    assert errors(ran)[0].startswith("ReadTimeout")
    stamps = [entry.at for entry in ran.trace if isinstance(entry, Ended)]
    assert [at - stamps[0] for at in stamps] == [0, 5000, 5000]


def test_options_are_the_librarys_own() -> None:
    with make_client("httpx2", None, asynchronous=False, timeout=3, trust_env=False) as client:
        assert client.timeout == httpx2.Timeout(3)
    with make_client("httpx", None, asynchronous=False, timeout=3, trust_env=False) as client:
        assert client.timeout == httpx.Timeout(3)


def test_what_is_not_installed_is_said_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx2", None)
    with pytest.raises(NoSuchLibrary, match=r"pip install 'dayfly\[httpx2\]'"):
        make_client("httpx2", None, asynchronous=False)


def test_what_is_not_known_is_refused() -> None:
    with pytest.raises(NoSuchLibrary, match="one of httpx, httpx2, not 'requests'"):
        make_client("requests", None, asynchronous=False)  # type: ignore[arg-type]
