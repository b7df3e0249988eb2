"""Shows the origin of an exception: the client's own frames, and a count of the others."""

from __future__ import annotations

import linecache
import os
import sys
import sysconfig
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from types import FrameType
from typing import NamedTuple

MOST_FRAMES = 8
"""The most own frames shown of one exception: the innermost ones."""

MOST_CAUSES = 3
"""The most exceptions shown of a chain."""

_OURS = tuple(str(Path(__file__).resolve().parents[2] / package) + os.sep for package in ("contracts", "mockserver"))
_LIBRARIES = tuple(
    os.path.realpath(path) + os.sep
    for path in dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib", "platstdlib"))
)


class _Frame(NamedTuple):
    file: str
    line: int
    function: str


def origin(error: BaseException) -> str:
    """Return the stack of `error` as text, the innermost frame last, followed by the stacks of its causes."""
    return "\n".join(_chain(error))


def raising_line(error: BaseException) -> tuple[str, int] | None:
    """Return the innermost file and line of the client's own in the stack of `error`; None if there is none."""
    own = [(frame.file, frame.line) for frame in _frames(error) if _is_own(frame.file)]
    return own[-1] if own else None


def calling_line() -> tuple[str, int] | None:
    """Return the file and the line of the client that is calling now; None if dayfly itself, or only a library, calls."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    while frame is not None and not frame.f_code.co_filename.startswith(_OURS):
        if _is_own(frame.f_code.co_filename):
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back
    return None


def _chain(error: BaseException) -> Iterator[str]:
    label, current = "", error
    for _ in range(MOST_CAUSES):
        if label:
            yield f"{label} {' '.join(f'{type(current).__name__}: {current}'.split())[:200]}"
        yield from _lines(current)
        if current.__cause__ is not None:
            label, current = "caused by", current.__cause__
        elif current.__context__ is not None and not current.__suppress_context__:
            label, current = "while handling", current.__context__
        else:
            return


def _lines(error: BaseException) -> Iterator[str]:
    frames = list(_frames(error))
    own = [_is_own(frame.file) for frame in frames]
    if not any(own) and frames:  # an installed client: its package is that of the first frame
        own = [_package(frame.file) == _package(frames[0].file) for frame in frames]
    hidden = max(0, sum(own) - MOST_FRAMES)
    if hidden:
        yield f"… {hidden} more of the client's frames"
    for is_own, group in groupby(zip(own, frames, strict=True), key=lambda pair: pair[0]):
        stretch = [frame for _, frame in group]
        if is_own:
            shown, hidden = stretch[hidden:], max(0, hidden - len(stretch))
            yield from map(_line, shown)
        else:
            yield f"… {len(stretch)} frame{'s'[: len(stretch) != 1]} in {_package(stretch[-1].file)}"


def _line(frame: _Frame) -> str:
    source = linecache.getline(frame.file, frame.line).strip()
    return f"{_shown(frame.file)}:{frame.line} in {frame.function}" + (f": {source}" if source else "")


def _frames(error: BaseException) -> Iterator[_Frame]:
    """Yield the frames of an exception, outermost first, without dayfly's own."""
    traceback = error.__traceback__
    while traceback is not None:
        frame: FrameType = traceback.tb_frame
        code = frame.f_code
        if not code.co_filename.startswith(_OURS):
            yield _Frame(code.co_filename, traceback.tb_lineno, code.co_name)
        traceback = traceback.tb_next


@lru_cache(maxsize=4096)
def _is_own(file: str) -> bool:
    """Return True if a file is the client's: not in the standard library, an installed package or generated code."""
    return not file.startswith("<") and not os.path.realpath(file).startswith(_LIBRARIES)


@lru_cache(maxsize=4096)
def _package(file: str) -> str:
    """Return the package or module that a file belongs to, as it is imported."""
    path = os.path.realpath(file)
    homes = sorted((home for home in _LIBRARIES if path.startswith(home)), key=len)
    if not homes:
        return file
    return path.removeprefix(homes[-1]).removeprefix("lib-dynload" + os.sep).split(os.sep)[0].removesuffix(".py")


@lru_cache(maxsize=4096)
def _shown(file: str) -> str:
    """Return a file relative to the working directory if it is below that, else unchanged."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file
