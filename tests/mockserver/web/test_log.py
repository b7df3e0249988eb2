from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import get_args

import pytest

from mockserver.web.log import LogLevel, log_to_standard_error

LOG_LEVELS: tuple[LogLevel, ...] = get_args(LogLevel)


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    log = logging.getLogger("dayfly")
    handlers, level, propagate = log.handlers[:], log.level, log.propagate
    yield log
    log.handlers[:], log.propagate = handlers, propagate
    log.setLevel(level)


@pytest.mark.parametrize("level", LOG_LEVELS)
def test_lines_from_the_level_on_are_written_with_time_and_level(
    log: logging.Logger, level: LogLevel, capsys: pytest.CaptureFixture[str]
) -> None:
    log_to_standard_error(level)
    log_to_standard_error(level)
    for each in LOG_LEVELS:
        log.log(logging.getLevelName(each.upper()), "told %s", "so")
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" ")[1] for line in lines] == list(LOG_LEVELS[: LOG_LEVELS.index(level) + 1])
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \w+ told so", line) for line in lines)
