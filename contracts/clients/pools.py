"""Thread pools that outlive the scheduler on which they were last used."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from weakref import WeakKeyDictionary, ref

from contracts.clients.locks import SimpleQueue
from contracts.clients.scheduled import current_scheduler
from contracts.clients.scheduler import Scheduler

_real_adjust = ThreadPoolExecutor._adjust_thread_count
_pools: WeakKeyDictionary[ThreadPoolExecutor, ref[Scheduler]] = WeakKeyDictionary()
"""The scheduler that each pool was last used on."""


def adjust(executor: ThreadPoolExecutor) -> None:
    """Stand in for `ThreadPoolExecutor._adjust_thread_count`: a pool that outlives its client gets new threads on each
    scheduler.

    The threads of an earlier scheduler were given up with it, and may wait on locks that were made in real time.
    """
    scheduler = current_scheduler()
    known = _pools.get(executor)
    if scheduler is not None and (known is None or known() is not scheduler):
        _pools[executor] = ref(scheduler)
        waiting, executor._work_queue = executor._work_queue, SimpleQueue()
        executor._threads = set()
        executor._idle_semaphore = threading.Semaphore(0)
        with suppress(queue.Empty):
            while True:
                executor._work_queue.put(waiting.get_nowait())
    _real_adjust(executor)
