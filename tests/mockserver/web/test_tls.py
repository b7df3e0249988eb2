from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import httpx
import pytest

from mockserver.declared.mock import Mock as DeclaredMock
from mockserver.errors import SettingsError
from mockserver.live import LiveServer
from mockserver.platform import compile_platform, find
from mockserver.web.declared import create_declared_app
from mockserver.web.tls import Identity, throw_away
from mockserver.web.tls_front import TlsFront
from tests.mockserver.web.answers import BODY, answer


@pytest.fixture(scope="module")
def identity() -> Iterator[Identity]:
    with throw_away() as identity:
        yield identity


@pytest.fixture
def client(identity: Identity) -> Iterator[httpx.Client]:
    trusted = ssl.create_default_context(cafile=identity.authority)
    with LiveServer(answer, identity=identity) as server, httpx.Client(base_url=server.url, verify=trusted) as client:
        yield client


def test_it_is_served_by_https(client: httpx.Client) -> None:
    assert client.base_url.scheme == "https"
    assert [client.post("/complete", content=b"{}").content for _ in range(3)] == [BODY] * 3


def test_answers_of_a_declared_platform_name_https(identity: Identity) -> None:
    trusted = ssl.create_default_context(cafile=identity.authority)
    app = create_declared_app(DeclaredMock(compile_platform(find("acme"))))
    with LiveServer(app, identity=identity) as server, httpx.Client(base_url=server.url, verify=trusted) as client:
        assert client.get("/dir").json()["newNonce"] == f"{server.url}/nonce"


@pytest.mark.parametrize("name", ["localhost", "[::1]"])
def test_the_certificate_is_for_every_name_of_this_machine(client: httpx.Client, name: str) -> None:
    headers, extensions = {"Host": name}, {"sni_hostname": name.strip("[]")}
    assert client.get("/complete", headers=headers, extensions=extensions).content == BODY


def test_it_is_not_trusted_without_its_authority(client: httpx.Client) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(client.base_url)


@pytest.mark.parametrize("delivery", ["lost_request", "lost_response"])
def test_a_lost_answer_is_a_closed_connection(client: httpx.Client, delivery: str) -> None:
    for _ in range(10):
        with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
            client.post(f"/{delivery}", content=b"{}")
        assert client.post("/complete", content=b"{}").content == BODY


def test_a_truncated_answer_is_half_of_it(client: httpx.Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        client.post("/truncated", content=b"{}")


def test_a_server_that_stops_closes_what_is_open(identity: Identity) -> None:
    trusted = ssl.create_default_context(cafile=identity.authority)
    with httpx.Client(verify=trusted) as client:
        with LiveServer(answer, identity=identity) as server:
            client.get(f"{server.url}/complete")
        with pytest.raises(httpx.TransportError):
            client.get(f"{server.url}/complete")


def test_the_files_go_and_the_authority_stays_where_it_was_asked_for(tmp_path: Path) -> None:
    wanted = tmp_path / "authority.pem"
    with throw_away("mock.example", wanted) as identity:
        assert identity.authority == wanted
        assert identity.key.stat().st_mode & 0o077 == 0 or identity.key.parent.stat().st_mode & 0o077 == 0
    assert not identity.key.exists()
    assert wanted.read_text().startswith("-----BEGIN CERTIFICATE-----")


def test_an_authority_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(SettingsError, match="cannot be written: No such file or directory"),
        throw_away("", tmp_path / "a" / "b"),
    ):
        pass


def test_a_missing_library_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(SettingsError, match=r"pip install 'dayfly\[tls\]'"), throw_away():
        pass


def test_a_certificate_that_is_none_or_does_not_fit_its_key_is_refused(identity: Identity, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read together"):
        Identity(tmp_path / "missing.pem", identity.key).context()
    (tmp_path / "text.pem").write_text("not a certificate")
    with pytest.raises(SettingsError, match="is not a PEM certificate"):
        Identity(tmp_path / "text.pem", identity.key).context()
    with throw_away() as other, pytest.raises(SettingsError, match="is not a PEM certificate for the key"):
        Identity(identity.certificate, other.key).context()


def test_a_relay_that_is_cancelled_while_it_ends_has_closed_its_connection() -> None:
    asyncio.run(asyncio.wait_for(cancelled_twice(), 30))


async def cancelled_twice() -> None:
    met, left = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.set()
        await reader.read()
        left.set()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        relay = TlsFront.__new__(TlsFront)
        relay._target = server.sockets[0].getsockname()
        task = asyncio.ensure_future(relay._relay(asyncio.StreamReader(), Mock()))
        await met.wait()
        task.cancel()
        await asyncio.sleep(0)  # it awaits the end of what it passes on
        task.cancel()
        await asyncio.wait([task])
        await left.wait()
