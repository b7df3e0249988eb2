"""Ends what clients have started and left behind: whoever asks for a verdict gets no processes to look after."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

from contracts.clients.errors import Terminated

_PR_SET_CHILD_SUBREAPER = 36
"""From Linux' prctl.h: orphans below this process become its children, not those of the first process."""

PROCESSES = Path("/proc")

ROUNDS = 100
"""How often it is looked again: what is killed may have had children, which are orphans then."""


@contextmanager
def nothing_left_running() -> Iterator[None]:
    """At its end, which SIGTERM brings about, every child that this process has got meanwhile is killed, and theirs. Only Linux
    tells them all; elsewhere that is left to whoever started them.

    For commands alone: whoever calls from a program may start children beside it.
    """
    with _ending_at_sigterm(), _killing_children() if sys.platform.startswith("linux") else nullcontext():
        yield


@contextmanager
def _ending_at_sigterm() -> Iterator[None]:
    """Where nobody else handles SIGTERM, it raises SystemExit meanwhile, once."""
    found = signal.getsignal(signal.SIGTERM)
    if found is not signal.SIG_DFL or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, found)


def _leave(number: int, _: FrameType | None) -> NoReturn:
    """Ends this process as the shell has it; whoever says so twice, as `timeout` does, does not disturb it at that."""
    signal.signal(number, signal.SIG_IGN)
    raise Terminated(128 + number)


@contextmanager
def _killing_children() -> Iterator[None]:
    before = set(_children(os.getpid()))
    _adopt_orphans(True)
    try:
        yield
    finally:
        for _ in range(ROUNDS):
            new = set(_children(os.getpid())) - before
            if not new:
                break
            for child in new:
                _end(child)
        _adopt_orphans(False)


def _adopt_orphans(whether: bool) -> None:
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(whether), 0, 0, 0)


def _children(parent: int) -> Iterator[int]:
    for entry in PROCESSES.iterdir():
        if entry.name.isdecimal() and _parent_of(entry) == parent:
            yield int(entry.name)


def _parent_of(entry: Path) -> int | None:
    """The second field after the name, which stands in brackets and may hold anything; None where the process has gone."""
    try:
        return int((entry / "stat").read_bytes().rpartition(b")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return None


def _end(child: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(child, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(child, 0)
