"""Opens a recording of any kind: a HAR file, a trace, or a trace that dayfly wrote as a HAR file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from contracts.har import HarError, opened
from contracts.reproduce import archives, traces
from contracts.reproduce.errors import RecordingError
from contracts.reproduce.steps import Recording


def open_recording(
    path: Path, page: str | None = None, hosts: Collection[str] = (), progress: Callable[[int], object] = lambda _: None
) -> Recording:
    """Read the recording in the file at `path`. Raises RecordingError."""
    if str(path).startswith(("http:", "https:")):
        raise RecordingError(
            str(path), "give a file; download a running mock's recording from its …/__admin/organizations/ID/trace"
        )
    try:
        with path.open("rb") as file:
            found = opened(file, str(path), path.parent)
            if found.kind == "har":
                return archives.read(found.file, str(path), hosts, page, progress, found.attached)
            return traces.read(_lines(found.file, progress), str(path))
    except HarError as error:
        where = "" if error.entry is None else f"entry {error.entry}: "
        raise RecordingError(str(path), where + error.problem) from error
    except OSError as error:
        raise RecordingError(str(path), str(error.strerror or error)) from error


def _lines(file: BinaryIO, progress: Callable[[int], object]) -> Iterator[bytes]:
    for line in file:
        progress(len(line))
        yield line
