"""A stand-in for a Genesys-style chat platform with short-lived sessions.

The names here are the package's public interface; everything else may change. Each is imported at its first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mockserver.assemble import Assembly
    from mockserver.engine.model import Policy
    from mockserver.errors import MockServerError
    from mockserver.inprocess import AsyncTransport, Transport, router
    from mockserver.live import LiveServer
    from mockserver.settings import Settings
    from mockserver.web.app import create_app

__all__ = [
    "Assembly",
    "AsyncTransport",
    "LiveServer",
    "MockServerError",
    "Policy",
    "Settings",
    "Transport",
    "create_app",
    "router",
]

_HOMES = {
    "Assembly": "mockserver.assemble",
    "AsyncTransport": "mockserver.inprocess",
    "LiveServer": "mockserver.live",
    "MockServerError": "mockserver.errors",
    "Policy": "mockserver.engine.model",
    "Settings": "mockserver.settings",
    "Transport": "mockserver.inprocess",
    "create_app": "mockserver.web.app",
    "router": "mockserver.inprocess",
}

if not TYPE_CHECKING:  # a type checker would accept any name

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_HOMES[name]), name)
