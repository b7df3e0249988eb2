"""Platforms that ship, served in process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from contracts.protocol.rules import demands
from mockserver.declared.mock import Mock, Registered
from mockserver.platform import Platform, compile_platform, find
from mockserver.web.declared import create_declared_app
from tests.contracts.protocol.tape import Tape

DECLARED: dict[str, Path] = {}
"""Declarations that take the place of those that ship."""

START = 1_795_348_800_000


def compiled(name: str, **policy: Any) -> Platform:
    """Return a platform; words of kinds as ``refresh__successor=…``."""
    words = {word.replace("__", "."): value for word, value in policy.items()}
    return compile_platform(DECLARED.get(name) or find(name), words, name)


def served(name: str, **policy: Any) -> tuple[httpx.Client, Mock]:
    """Return a client of a platform, and its mock, whose clock stands."""
    platform = compiled(name, **policy)
    known = {"client": Registered("shop", {"secret": "s3cret"})} if "client" in platform.kinds else {}
    mock = Mock(platform, system=lambda: START, registered=known)
    transport = httpx.WSGITransport(create_declared_app(mock))
    return httpx.Client(transport=transport, base_url="http://platform.test"), mock


def told(answer: httpx.Response) -> tuple[int, str, dict[str, str], Any]:
    """Return the status of an answer, why it is refused, the platform's own headers, and the body."""
    headers = {
        name: value for name, value in answer.headers.items() if name not in {"date", "content-length", "dayfly-context"}
    }
    body = answer.json() if "json" in headers.get("content-type", "") else answer.text
    return answer.status_code, headers.pop("dayfly-reason", ""), headers, body


def clauses(name: str) -> dict[str, str]:
    """Return the clauses for clients of a platform, each with its level and the place of its sentence."""
    return {one.code: f"{one.level} {one.source.rpartition(' (')[2].rstrip(')')}".strip() for one in demands(compiled(name))}


def broken_by_false_failure(name: str, unit: str, path: str, *, method: str = "POST", body: Any = None) -> set[str]:
    """Return the clauses about the unit that a client breaks which reports failure though only a call after its own failed."""
    platform = compiled(name)
    tape = Tape(platform)
    tape.unit(1, 9, name=unit, payload=platform.effects[unit].get("with", {}), outcome="failed", alone=True)
    tape.call(path, 2, 3, method=method, body=body)
    tape.call("/elsewhere", 4, 5, status=503)
    return {code for code in tape.broken if code.endswith(unit)}
