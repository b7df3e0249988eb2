"""A journal file holds whole lines, and a disk that is full costs entries, not answers."""

from __future__ import annotations

import logging
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mockserver.assemble import assemble
from mockserver.errors import SettingsError
from mockserver.journal import TraceError, decode, read
from mockserver.settings import Settings
from mockserver.wire import Request


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size` bytes, as a full disk does."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def stray() -> Request:
    return Request(method="POST", path="/nowhere")


def test_a_full_disk_costs_entries_and_no_answers(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "journal.jsonl"
    with assemble(Settings(journal_file=str(path))) as mock:
        assert mock.handler.handle(stray()).status == 404
        whole = path.read_bytes()
        with largest_file(len(whole) + 100), caplog.at_level(logging.WARNING, logger="dayfly"):
            for _ in range(5):
                assert mock.handler.handle(stray()).status == 404
            assert path.read_bytes() == whole
            (told,) = [record.getMessage() for record in caplog.records]
        assert "cannot be written (File too large)" in told
        assert mock.handler.handle(stray()).status == 404
    assert "10 entries are missing" in caplog.records[-1].getMessage()
    entries = list(read(path.read_bytes().splitlines(keepends=True)))
    assert len(entries) == 5
    assert [entry.seq for entry in entries[1:]] == [1, 2, 3, 4]  # type: ignore[union-attr]


def test_a_device_that_is_full_is_refused_at_the_start() -> None:
    with pytest.raises(SettingsError, match=r"/dev/full.*cannot be written: No space left on device"):
        assemble(Settings(journal_file="/dev/full"))


def test_a_torn_line_of_a_killed_process_is_not_continued(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    for _ in range(2):
        with assemble(Settings(journal_file=str(path))) as mock:
            mock.handler.handle(stray())
        with path.open("ab") as file:
            file.write(b'{"type":"answer","seq":3,"at":1')
    lines = path.read_bytes().split(b"\n")
    assert len([decode(line) for line in lines[:-1]]) == 5


def test_a_reader_takes_a_torn_last_line_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with assemble(Settings(journal_file=str(path))) as mock:
        mock.handler.handle(stray())
    whole = path.read_bytes()
    torn = whole[:-10].splitlines(keepends=True)
    assert len(list(read(torn))) == 2
    for lines in ([torn[0], torn[1][:-10] + b"\n", torn[2]], [torn[0], torn[1][:-10], torn[1]], [torn[0][:-10]]):
        with pytest.raises(TraceError):
            list(read(lines))


def test_two_processes_write_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with assemble(Settings(journal_file=str(path))) as mock:
        child = os.fork()
        for _ in range(50):
            mock.handler.handle(stray())
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
    assert len(list(read(path.read_bytes().splitlines(keepends=True)))) == 201
