"""A platform as a value: an OpenAPI document with `x-lifecycle`, loaded, checked and compiled. Nothing here decides or serves.

`source` reads YAML and its line numbers, `declaration` resolves and checks it, `compiled` makes the value.
"""

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
