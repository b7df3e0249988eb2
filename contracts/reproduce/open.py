"""Opens a recording, whichever it is: a HAR file, a trace, or a trace that dayfly wrote as a HAR file."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from contracts.har import MAX_BYTES, HarError
from contracts.har import read as read_har
from contracts.har.beginnings import told_by
from contracts.reproduce import archives, traces
from contracts.reproduce.archives import OwnPages
from contracts.reproduce.errors import RecordingError
from contracts.reproduce.steps import Recording

BEGINNING = 256
_LOG = re.compile(rb'\{\s*"log"\s*:')


def open_recording(
    path: Path, page: str | None = None, hosts: Collection[str] = (), progress: Callable[[int], object] = lambda _: None
) -> Recording:
    """The recording in the file at `path`. Raises RecordingError, or HarError."""
    if str(path).startswith(("http:", "https:")):
        raise RecordingError(str(path), "name a file; what a running mock recorded is at its …/__admin/organizations/ID/trace")
    try:
        with path.open("rb") as file:
            return _read(file, path, page, hosts, progress)
    except OSError as error:
        raise RecordingError(str(path), str(error.strerror or error)) from error


def _read(file: BinaryIO, path: Path, page: str | None, hosts: Collection[str], progress: Callable[[int], object]) -> Recording:
    if not _is_har(file, path):
        return traces.read(_lines(file, progress), str(path))
    try:
        return archives.read(file, str(path), hosts, page, progress)
    except OwnPages:
        file.seek(0)
        return traces.of_entries(read_har(file.read(MAX_BYTES + 1), str(path), page), str(path))
    except HarError as error:
        raise RecordingError(str(path), error.problem) from error


def _is_har(file: BinaryIO, path: Path) -> bool:
    """By its name, or since it begins as one, or as what holds one: a trace's lines say of which type they are."""
    first = file.read(BEGINNING)
    file.seek(0)
    if path.suffix.lower() == ".har" or told_by(first) is not None:
        return True
    return _LOG.match(first.removeprefix(b"\xef\xbb\xbf").lstrip()) is not None


def _lines(file: BinaryIO, progress: Callable[[int], object]) -> Iterator[bytes]:
    for line in file:
        progress(len(line))
        yield line
