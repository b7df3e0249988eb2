"""Stand-ins for waits in real time: for processes that a client starts, and for alarms.

A process does not have virtual time. A wait for one lasts a moment of real time; then its timeout counts under the scheduler.
"""

from __future__ import annotations

import os
import signal
import subprocess
from typing import Any

from contracts.clients.scheduled import current_scheduler

_real_wait = subprocess.Popen._wait  # type: ignore[attr-defined]
_real_alarm, _real_setitimer = signal.alarm, signal.setitimer


def wait(process: subprocess.Popen[Any], timeout: float | None) -> Any:
    """Stand in for `Popen._wait`, which `wait`, `communicate` and `run` call."""
    scheduler = current_scheduler()
    if scheduler is None or timeout is None or process.returncode is not None:
        return _real_wait(process, timeout)
    until = scheduler.clock.after(timeout)
    if not scheduler.wait_until(lambda: is_over(process.pid), until, outside=True):
        raise subprocess.TimeoutExpired(process.args, timeout)
    return _real_wait(process, None)


def is_over(pid: int) -> bool:
    """Return True if a child has ended, with all of its threads. It can still be waited for afterwards."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def alarm(seconds: int, /) -> int:
    """Stand in for `signal.alarm`, which would fire in real time, and in a thread that is not the client's."""
    scheduler = current_scheduler()
    if scheduler is None:
        return _real_alarm(seconds)
    if seconds:
        scheduler.notice("signal.alarm counts real time, and strikes in the main thread alone")
    return 0


def setitimer(which: int, seconds: float, interval: float = 0.0, /) -> tuple[float, float]:
    """Stand in for `signal.setitimer`, for the same reasons."""
    scheduler = current_scheduler()
    if scheduler is None:
        return _real_setitimer(which, seconds, interval)
    if seconds:
        scheduler.notice("signal.setitimer counts real time, and strikes in the main thread alone")
    return 0.0, 0.0


def notice_fork() -> None:
    """Call before a process forks: the copy lives in real time, and its actions are not seen in this process."""
    scheduler = current_scheduler()
    if scheduler is not None:
        scheduler.notice("it forked a process")
