"""Platforms that ship, served in process."""

from __future__ import annotations

from typing import Any

import httpx

from mockserver.declared.mock import Mock, Registered
from mockserver.platform import compile_platform, find
from mockserver.web.declared import create_declared_app

START = 1_795_348_800_000


def served(name: str, **policy: Any) -> tuple[httpx.Client, Mock]:
    """Return a client of a platform, and its mock, whose clock stands; words of kinds as ``refresh__successor=…``."""
    words = {word.replace("__", "."): value for word, value in policy.items()}
    platform = compile_platform(find(name), words)
    known = {"client": Registered("shop", {"secret": "s3cret"})} if "client" in platform.kinds else {}
    mock = Mock(platform, system=lambda: START, registered=known)
    transport = httpx.WSGITransport(create_declared_app(mock))
    return httpx.Client(transport=transport, base_url="http://platform.test"), mock
