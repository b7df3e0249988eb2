from __future__ import annotations

import socket
from typing import NoReturn

import pytest

from mockserver.errors import SettingsError
from mockserver.web.listening import listen, url


def test_the_system_picks_a_port_and_the_url_names_it() -> None:
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        assert url(listening) == f"http://127.0.0.1:{port}"
        socket.create_connection(("127.0.0.1", port)).close()


def test_an_accepted_connection_sends_small_segments_at_once() -> None:
    with (
        listen("127.0.0.1", 0) as listening,
        socket.create_connection(listening.getsockname()),
        listening.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize(("host", "shown"), [("0.0.0.0", "127.0.0.1"), ("::1", "[::1]"), ("::", "[::1]")])
def test_the_url_is_one_that_can_be_called_from_here(host: str, shown: str) -> None:
    with listen(host, 0) as listening:
        assert url(listening).startswith(f"http://{shown}:")


def test_a_port_in_use_is_refused_and_never_shared() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(SettingsError, match="in use by another server") as caught:
            listen("127.0.0.1", other.getsockname()[1])
    assert caught.value.field == "port"


def test_an_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(SettingsError, match="not an address of this machine") as caught:
        listen("192.0.2.1", 0)
    assert caught.value.field == "host"


def unknown(host: str, *rest: object, **options: object) -> NoReturn:
    raise socket.gaierror(socket.EAI_NONAME, f"no address of {host}")


@pytest.mark.parametrize("host", ["no.such.host.invalid", "x" * 64, "a..b", "\0"])
def test_a_name_that_cannot_be_resolved_is_refused(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    if host.endswith(".invalid"):
        monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(SettingsError, match="cannot be resolved") as caught:
        listen(host, 0)
    assert caught.value.field == "host"


def test_a_port_can_be_had_again_once_its_server_has_gone() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = first.accept()
        accepted.close()
        client.close()
    listen("127.0.0.1", port).close()
