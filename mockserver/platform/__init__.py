"""A platform as a value: an OpenAPI document with `x-lifecycle`, loaded, checked and compiled. Nothing here decides or serves.

`source` reads YAML and its line numbers, `declaration` resolves and checks it, `compiled` makes the value. The names here are
imported at their first use, because the web chat's own engine needs few of these modules, and no YAML until it refuses.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mockserver.platform.compiled import compile_platform
    from mockserver.platform.declaration import Declaration, load
    from mockserver.platform.errors import DeclarationError
    from mockserver.platform.library import find, names
    from mockserver.platform.model import Answer, Kind, Operation, Platform

__all__ = [
    "Answer",
    "Declaration",
    "DeclarationError",
    "Kind",
    "Operation",
    "Platform",
    "compile_platform",
    "find",
    "load",
    "names",
]

_HOMES = {
    "Answer": "model",
    "Declaration": "declaration",
    "DeclarationError": "errors",
    "Kind": "model",
    "Operation": "model",
    "Platform": "model",
    "compile_platform": "compiled",
    "find": "library",
    "load": "declaration",
    "names": "library",
}

if not TYPE_CHECKING:  # a type checker would accept any name

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
