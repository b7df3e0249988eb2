"""Replaces objects under whatever name a module holds them, as after ``from time import sleep``."""

from __future__ import annotations

import sys
import threading
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary

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


_defaults: WeakKeyDictionary[ModuleType, list[FunctionType]] = WeakKeyDictionary()


def swap(functions: Mapping[Any, Any], dates: Mapping[Any, Any], untouched: Container[int] = frozenset()) -> set[int]:
    """Replace objects by identity among the names of every module, and in the defaults of a client's own functions.

    The standard library keeps its dates: it builds on the real classes, and does not use them to show a client the time.
    Return the identities of the libraries' modules in which it replaced nothing. An inverse swap takes them as `untouched`, and
    skips them.
    """
    in_library, libraries = {id(old): new for old, new in functions.items()}, set[int]()
    elsewhere = in_library | {id(old): new for old, new in dates.items()}
    modules: dict[str, Any] = dict(sys.modules)
    for name, module in modules.items():
        package = name.partition(".")[0]
        if not isinstance(module, ModuleType) or package in _KEEP_REAL_TIME or id(module) in untouched:
            continue
        is_standard = package in _LIBRARY
        by_id = in_library if is_standard else elsewhere
        swapped = _swap_names(module, by_id)
        for function in () if is_standard and package not in _DEFAULTS_COUNT else _with_defaults(module):
            swapped |= _swap_defaults(function, by_id)
        if not swapped and (is_standard or _is_installed(module)):
            libraries.add(id(module))
    return libraries


def _is_installed(module: ModuleType) -> bool:
    return "-packages" in str(vars(module).get("__file__"))


def _with_defaults(module: ModuleType) -> Iterable[FunctionType]:
    """Return the functions that a module defines. For a library, find those with a callable default, and keep the result."""
    if not _is_installed(module) or type(module).__hash__ is not ModuleType.__hash__:
        return _functions_of(module)
    _defaults[module] = [one for one in _functions_of(module) if any(map(callable, _defaults_of(one)))]
    return _defaults[module]


def _defaults_of(function: FunctionType) -> tuple[Any, ...]:
    return (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())


def _swap_names(module: ModuleType, by_id: Mapping[int, Any]) -> bool:
    names = vars(module)
    if by_id.keys().isdisjoint(map(id, names.values())):  # true of nearly every module
        return False
    for held in [held for held, value in names.items() if id(value) in by_id]:
        names[held] = by_id[id(names[held])]
    return True


def _functions_of(module: ModuleType) -> Iterator[FunctionType]:
    """Yield the functions and methods that a module defines. It reads only their types, because some objects act on access."""
    for value in list(vars(module).values()):
        if type(value) is FunctionType:
            yield value
        elif issubclass(type(value), type) and value.__module__ == module.__name__:
            yield from (method for method in vars(value).values() if type(method) is FunctionType)


def _swap_defaults(function: FunctionType, by_id: Mapping[int, Any]) -> bool:
    """Replace default arguments, as in ``def __init__(self, sleep=time.sleep)``."""
    given, named = function.__defaults__, function.__kwdefaults__
    if not (given or named) or by_id.keys().isdisjoint(map(id, _defaults_of(function))):
        return False
    function.__defaults__ = given and tuple(by_id.get(id(value), value) for value in given)
    function.__kwdefaults__ = named and {name: by_id.get(id(value), value) for name, value in named.items()}
    return True


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
