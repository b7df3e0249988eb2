"""Keeps a client's own output off the terminal: text that its threads print or log goes to their scheduler.

Other threads of the process, such as pytest's, keep their streams. Existing log handlers hold a stream of their own, so the
streams of handlers that write to the terminal are replaced as well.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from contracts.clients.scheduled import current_scheduler

_NO_STREAM = ""
"""The name of a stream whose text is dropped, because another handler has the same record."""


class Diverted:
    """Stands in for a text stream. Threads under a scheduler write to the scheduler, all others to `stream`."""

    def __init__(self, stream: Any, name: str) -> None:
        self.stream, self._name = stream, name

    def write(self, text: str) -> int:
        """Write to the scheduler, or to the real stream if the calling thread has no scheduler."""
        scheduler = current_scheduler()
        if scheduler is None:
            return int(self.stream.write(text) or 0)
        if self._name:
            scheduler.hear(self._name, str(text))
        if scheduler.shows_output:
            self.stream.write(text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several pieces."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Flush the stream."""
        self.stream.flush()

    def isatty(self) -> bool:
        """Return False to a client, which then writes no colours."""
        return current_scheduler() is None and bool(self.stream.isatty())

    @property
    def buffer(self) -> Any:
        """The stream of bytes below this one."""
        return self.stream.buffer if current_scheduler() is None else _Bytes(self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class _Bytes:
    """The `buffer` of a diverted stream."""

    def __init__(self, text: Diverted) -> None:
        self._text = text

    def write(self, data: bytes) -> int:
        self._text.write(bytes(data).decode("utf-8", "replace"))
        return len(data)

    def flush(self) -> None:
        self._text.flush()


@contextmanager
def diverted() -> Iterator[None]:
    """Divert standard output, standard error and log handlers while it lasts. It may be nested."""
    handlers = list(_handlers())  # before the streams change, by which they are recognized
    swapped = [(sys, name, _divert(sys, name, name)) for name in ("stdout", "stderr")]
    swapped += [(handler, "stream", _divert(handler, "stream", name)) for handler, name in handlers]
    otherwise = _Otherwise() if logging.root.handlers and all(map(_is_pytest, logging.root.handlers)) else None
    if otherwise is not None:
        logging.root.addHandler(otherwise)
    try:
        yield
    finally:
        if otherwise is not None:
            logging.root.removeHandler(otherwise)
        for holder, name, stand_in in reversed(swapped):
            if stand_in is not None and getattr(holder, name) is stand_in:  # otherwise other code has changed it meanwhile
                setattr(holder, name, stand_in.stream)


def _divert(holder: Any, name: str, stream: str) -> Diverted | None:
    """Replace an attribute that is a stream; None if there is none, or if it is diverted already."""
    held = getattr(holder, name)
    if held is None or isinstance(held, Diverted):
        return None
    stand_in = Diverted(held, stream)
    setattr(holder, name, stand_in)
    return stand_in


class _Otherwise(logging.Handler):
    """Takes warnings of a client that has configured no logging, if pytest has: Python itself then shows none."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """See Handler."""
        scheduler = current_scheduler()
        if scheduler is not None:
            with suppress(Exception):  # a record that cannot be formatted
                scheduler.hear("log", self.format(record) + "\n")


def _handlers() -> Iterator[tuple[Any, str]]:
    """Log handlers that write to the terminal or to pytest's report, each once, with a name for what they write."""
    loggers = [logging.root, *(found for found in list(logging.root.manager.loggerDict.values()))]
    found = {id(one): one for logger in loggers for one in getattr(logger, "handlers", ())}
    for handler in found.values():
        if _is_pytest(handler) and hasattr(handler, "stream"):
            yield handler, _NO_STREAM
        elif isinstance(handler, logging.StreamHandler) and _is_terminal(handler.stream):
            yield handler, "log"


def _is_pytest(handler: logging.Handler) -> bool:
    return type(handler).__module__.startswith("_pytest.")


def _is_terminal(stream: Any) -> bool:
    """Return True if a stream is this process's standard output or error, whatever object wraps it."""
    if isinstance(stream, Diverted) or any(stream is one for one in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)):
        return True
    with suppress(Exception):
        return stream.fileno() in {1, 2}
    return False
