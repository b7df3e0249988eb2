"""When a process counts as silent, and which of its lines says why it ended."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from contracts.clients import child
from contracts.clients.child import LifeSigns, children_of, telling_line, work_of


def stillness(monkeypatch: pytest.MonkeyPatch, requests: Sequence[int], worked: Sequence[float]) -> list[bool]:
    """Return whether a process is still, at each check. The first of the numbers are those at the beginning."""
    counts, works = iter(requests), iter(worked)
    monkeypatch.setattr(child, "work_of", lambda _: next(works))
    life = LifeSigns(0, 10.0, lambda: next(counts))
    return [life.is_still() for _ in requests[1:]]


def test_a_process_that_neither_asks_nor_works_is_still(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stillness(monkeypatch, [0, 1, 1], [0, 0, 0]) == [False, True]


def test_one_that_works_may_take_three_times_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stillness(monkeypatch, [0, 0, 0, 0], [0, 1, 2, 3]) == [False, False, True]
    assert stillness(monkeypatch, [0, 0, 0, 1, 1], [0, 1, 2, 3, 4]) == [False, False, False, False]


def test_one_whose_child_has_ended_was_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stillness(monkeypatch, [0, 0], [5, 0.5]) == [False]


def test_a_runtime_at_rest_works_a_little(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stillness(monkeypatch, [0, 0], [5, 5.1]) == [True]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells what a process has worked")
def test_the_work_of_its_children_is_its_own() -> None:
    computing = "import time\nwhile time.process_time() < 0.2: pass\nprint(flush=True)\nopen(0).read()"
    command = ["sh", "-c", '"$0" -S -c "$1"; exit', sys.executable, computing]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert work_of(process.pid) > 0.1
        assert process.stdin is not None
        process.stdin.close()
    assert work_of(process.pid) == 0
    assert work_of(os.getpid()) > 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells the children of a process")
def test_children_of_all_its_threads_are_its_own() -> None:
    with ThreadPoolExecutor(1) as pool, pool.submit(subprocess.Popen[bytes], ["sleep", "60"]).result() as process:
        assert process.pid in children_of(os.getpid())
        process.kill()


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("one\nTraceback (most recent call last):\n  File x\nValueError: a bug\n", "ValueError: a bug"),
        ("httpx.HTTPStatusError: 401\nFor more information check: https://x\n", "httpx.HTTPStatusError: 401"),
        ("a.js:1\n  throw x\n  ^\n\nTypeError: no\n    at f (a.js:1:1)\n\nNode.js v20.1.0\n", "TypeError: no"),
        (
            'Exception in thread "main" java.lang.IllegalStateException: no\n\tat A.main(A.java:1)\n',
            'Exception in thread "main" java.lang.IllegalStateException: no',
        ),
        ("first\nlast\n\n", "last"),
        ("", ""),
    ],
)
def test_the_line_that_names_the_error_is_the_telling_one(written: str, line: str) -> None:
    assert telling_line(written) == line
