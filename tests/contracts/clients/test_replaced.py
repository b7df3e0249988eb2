"""Clients of libraries that put green threads and sockets in the place of the process's own."""

from __future__ import annotations

import socket
import sys
import threading
from types import ModuleType
from typing import Any

import pytest

from contracts.clients.errors import ThreadsReplaced
from contracts.clients.python import PythonClients
from contracts.clients.replaced import NEEDED
from contracts.clients.sockets import _STAND_INS
from contracts.runner import Runner
from tests.contracts.small import Small


def patch_threads(patch: pytest.MonkeyPatch) -> None:
    """Do as `gevent.monkey.patch_all()` does, as far as this can be noticed."""
    real = threading.get_ident

    def get_ident() -> int:
        return real()

    patch.setitem(sys.modules, "gevent", ModuleType("gevent"))
    patch.setattr(threading, "get_ident", get_ident)


def test_a_client_that_replaces_threads_at_its_import_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    patch_threads(monkeypatch)
    with (
        pytest.raises(ThreadsReplaced, match=r"gevent has replaced the threads of this process .* judge it with --command"),
        Runner(PythonClients(Small)),
    ):
        pass


def test_a_client_that_replaces_threads_in_its_factory_is_refused() -> None:
    with pytest.MonkeyPatch.context() as patch:

        def factory(platform: Any) -> Small:
            patch_threads(patch)
            return Small(platform)

        with Runner(PythonClients(factory)) as world, pytest.raises(ThreadsReplaced):
            world.check()


def test_sockets_that_cannot_be_put_on_a_stage_are_refused_where_they_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    class GreenSocket:
        """Like Eventlet's, without `sendmsg`."""

    monkeypatch.setattr(socket, "socket", GreenSocket)
    with pytest.raises(ThreadsReplaced, match="a library has replaced the sockets"), Runner(PythonClients(Small, socket=True)):
        pass
    with Runner(PythonClients(Small)) as world:
        world.check()


def test_all_that_has_a_stand_in_is_needed() -> None:
    assert set(NEEDED) == set(_STAND_INS)
