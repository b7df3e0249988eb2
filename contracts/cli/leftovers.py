"""Ends processes that clients have started and left running."""

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
"""From Linux' prctl.h. Orphaned descendants of this process become its children, not those of the first process."""

PROCESSES = Path("/proc")

ROUNDS = 100
"""Most rounds of killing. A killed process may have had children, which become orphans."""


@contextmanager
def nothing_left_running() -> Iterator[None]:
    """Kill the children that this process gets meanwhile, and their descendants, at its end or at SIGTERM.

    Only Linux can list them all, so nothing is killed elsewhere. For commands only: a program may start children of its own
    meanwhile.
    """
    with _ending_at_sigterm(), _killing_children() if sys.platform.startswith("linux") else nullcontext():
        yield


@contextmanager
def _ending_at_sigterm() -> Iterator[None]:
    """Let SIGTERM raise SystemExit meanwhile, unless it has a handler already."""
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
    """Exit with 128 + signal. A second signal is ignored, because `timeout` may send two."""
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
    """Return the parent of a process, or None if the process has ended.

    It is the second field after the name, which stands in brackets and may contain anything.
    """
    try:
        return int((entry / "stat").read_bytes().rpartition(b")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return None


def _end(child: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(child, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(child, 0)
