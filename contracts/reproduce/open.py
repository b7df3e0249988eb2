"""Opens a recording, whichever it is: a HAR file, a trace, or a trace that dayfly wrote as a HAR file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from contracts.har import MAX_BYTES, HarError
from contracts.har import read as read_har
from contracts.reproduce import archives, traces
from contracts.reproduce.archives import OwnPages
from contracts.reproduce.errors import RecordingError
from contracts.reproduce.steps import Recording


def open_recording(
    path: Path, page: str | None = None, hosts: Collection[str] = (), progress: Callable[[int], object] = lambda _: None
) -> Recording:
    """The recording in the file at `path`. Raises RecordingError, or HarError."""
    try:
        with path.open("rb") as file:
            return _read(file, path, page, hosts, progress)
    except OSError as error:
        raise RecordingError(str(path), str(error.strerror or error)) from error


def _read(file: BinaryIO, path: Path, page: str | None, hosts: Collection[str], progress: Callable[[int], object]) -> Recording:
    if path.suffix.lower() != ".har":
        return traces.read(_lines(file, progress), str(path))
    try:
        return archives.read(file, str(path), hosts, progress)
    except OwnPages:
        file.seek(0)
        return traces.of_entries(read_har(file.read(MAX_BYTES + 1), str(path), page), str(path))
    except HarError as error:
        raise RecordingError(str(path), error.problem) from error


def _lines(file: BinaryIO, progress: Callable[[int], object]) -> Iterator[bytes]:
    for line in file:
        progress(len(line))
        yield line
