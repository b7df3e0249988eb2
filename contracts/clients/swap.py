"""Replaces objects under whatever name a module holds them, as after ``from time import sleep``."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any

_KEEP_REAL_TIME = frozenset(
    {"_dayfly_time", "contracts", "mockserver", "hypothesis", "pytest", "_pytest", "xdist", "execnet", "waitress"}
)
"""Packages that drive a client, or run the tests around it. They keep real time."""

_LIBRARY: frozenset[str] = getattr(sys, "stdlib_module_names", frozenset({"datetime"}))
"""The standard library's modules. Python 3.9 does not name them; a process loads few before its time is moved."""

_DEFAULTS_COUNT = frozenset({"sched"})
"""Modules of the standard library whose functions have time functions as default arguments."""


def inverse(replacements: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return the replacements that undo these."""
    return {stand_in: real for real, stand_in in replacements.items()}


def swap(functions: Mapping[Any, Any], dates: Mapping[Any, Any]) -> None:
    """Replace objects by identity among the names of every module, and in the defaults of a client's own functions.

    The standard library keeps its dates: it builds on the real classes, and does not use them to show a client the time.
    """
    in_library = {id(old): new for old, new in functions.items()}
    elsewhere = in_library | {id(old): new for old, new in dates.items()}
    modules: dict[str, Any] = dict(sys.modules)
    for name, module in modules.items():
        package = name.partition(".")[0]
        if not isinstance(module, ModuleType) or package in _KEEP_REAL_TIME:
            continue
        if package in _LIBRARY:
            _swap_names(module, in_library)
            if package in _DEFAULTS_COUNT:
                for function in _functions_of(module):
                    _swap_defaults(function, in_library)
        else:
            _swap_names(module, elsewhere)
            for function in _functions_of(module):
                _swap_defaults(function, elsewhere)


def _swap_names(module: ModuleType, by_id: Mapping[int, Any]) -> None:
    names = vars(module)
    if by_id.keys().isdisjoint(map(id, names.values())):  # true of nearly every module
        return
    for held in [held for held, value in names.items() if id(value) in by_id]:
        names[held] = by_id[id(names[held])]


def _functions_of(module: ModuleType) -> Iterator[FunctionType]:
    """Yield the functions and methods that a module defines. It reads only their types, because some objects act on access."""
    for value in list(vars(module).values()):
        if type(value) is FunctionType:
            yield value
        elif issubclass(type(value), type) and value.__module__ == module.__name__:
            yield from (method for method in vars(value).values() if type(method) is FunctionType)


def _swap_defaults(function: FunctionType, by_id: Mapping[int, Any]) -> None:
    """Replace default arguments, as in ``def __init__(self, sleep=time.sleep)``."""
    given, named = function.__defaults__, function.__kwdefaults__
    if given and any(id(value) in by_id for value in given):
        function.__defaults__ = tuple(by_id.get(id(value), value) for value in given)
    if named and any(id(value) in by_id for value in named.values()):
        function.__kwdefaults__ = {name: by_id.get(id(value), value) for name, value in named.items()}


class WhileUsed:
    """Replacements that are made for the first user, and undone after the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0

    @contextmanager
    def used(self) -> Iterator[None]:
        """Have them in place while this context lasts."""
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._install()
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0:
                    self._undo()

    def _install(self) -> None:
        raise NotImplementedError

    def _undo(self) -> None:
        raise NotImplementedError
