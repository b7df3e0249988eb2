"""Finds out whether a command starts a process that takes part in virtual time, by starting it once."""

from __future__ import annotations

import selectors
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing

from contracts.clients.base import unheard
from contracts.clients.child import Child, environment
from contracts.clients.virtual.members import EntrySocket, Member
from contracts.clients.virtual.protocol import BadMessage
from contracts.clients.virtual.starting import NOBODY, shimmed

LONGEST = 5.0
"""Seconds of real time in which a process has to say hello, end, or ask the platform; longer if it is still at work."""

PAUSE = 0.02

NO_SHIM = "its runtime did not say hello"

_monotonic = time.monotonic


def why_real_time(words: Sequence[str]) -> str:
    """Return why the clients that a command starts cannot be in virtual time; empty if they can.

    The process finds its input at its end, so that one without a shim ends too. Raises ClientError if the command cannot
    be started.
    """
    try:
        door = EntrySocket()
    except OSError as error:
        return f"no socket can be made for it ({error})"
    with closing(door), closing(socket.create_server(("127.0.0.1", 0))) as platform, selectors.DefaultSelector() as selector:
        variables = environment(f"http://127.0.0.1:{platform.getsockname()[1]}", NOBODY)
        child = Child(words, shimmed(variables, door.path), NOBODY, stdout=subprocess.DEVNULL, wrote=unheard)
        try:
            child.end_input()
            selector.register(platform, selectors.EVENT_READ)
            return _answer(child, door, platform, selector)
        finally:
            child.kill()


def _answer(child: Child, door: EntrySocket, platform: socket.socket, selector: selectors.BaseSelector) -> str:
    selector.register(door.listening, selectors.EVENT_READ)
    members: list[Member] = []
    try:
        for _ in _looks(child):
            has_ended = child.wait(0) is not None  # first: what it has said before its end counts
            ready = [key.fileobj for key, _ in selector.select(0 if has_ended else PAUSE)]
            if door.listening in ready and (member := door.admit()) is not None:
                members.append(member)
                selector.register(member.channel, selectors.EVENT_READ)
            for member in members:
                if member.hear():
                    return ""
            if platform in ready or (has_ended and not ready):
                return NO_SHIM
    except BadMessage as error:
        return str(error)
    finally:
        for member in members:
            member.close()
    return NO_SHIM


def _looks(child: Child) -> Iterator[None]:
    """Yield as long as the process may yet show something."""
    life = child.life(LONGEST, lambda: 0)
    while True:
        ends = _monotonic() + LONGEST
        while _monotonic() < ends:
            yield
        if life.is_still():
            return
