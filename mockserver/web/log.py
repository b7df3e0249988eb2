"""The server's log: lines on standard error, from a level on."""

from __future__ import annotations

import logging
import sys
from typing import Literal

from mockserver.clock import iso

LogLevel = Literal["error", "warning", "info", "debug"]


class _Lines(logging.Formatter):
    """Formats time, level and message in a line, followed by a traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record with its time in the format of all the mock's output."""
        return f"{iso(int(record.created * 1000))} {record.levelname.lower()} {super().format(record)}"


def log_to_standard_error(level: LogLevel) -> None:
    """Write this process's log messages from `level` on."""
    log = logging.getLogger("dayfly")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    log.handlers[:] = [handler]
    log.setLevel(level.upper())
    log.propagate = False
