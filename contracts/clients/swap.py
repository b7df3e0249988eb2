"""Replaces objects under whatever name a module holds them, as after ``from time import sleep``."""

from __future__ import annotations

import sys
import threading
from collections.abc import Collection, Container, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import BuiltinFunctionType, CellType, FunctionType, MethodType, ModuleType
from typing import Any

KEEP_REAL_TIME = frozenset(
    {"_dayfly_time", "contracts", "mockserver", "hypothesis", "pytest", "_pytest", "xdist", "execnet", "waitress"}
)
"""Packages that drive a client, or run the tests around it. They keep real time."""

_LIBRARY: frozenset[str] = getattr(sys, "stdlib_module_names", frozenset({"datetime"}))
"""The standard library's modules. Python 3.9 does not name them; a process loads few before its time is moved."""

_DEFAULTS_COUNT = frozenset({"sched"})
"""Modules of the standard library whose functions have time functions as default arguments."""


def like_builtins(replacements: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return the replacements for builtin functions as objects that do not become methods of a class that holds them."""
    return {
        real: _Builtin.of(real, stand_in) if type(stand_in) is FunctionType and type(real) is not FunctionType else stand_in
        for real, stand_in in replacements.items()
    }


class _Builtin(partial):  # type: ignore[type-arg] # Python 3.9 reads this too
    """A function that is no method of a class which holds it, and has the name of a builtin one."""

    @classmethod
    def of(cls, real: Any, stand_in: Any) -> _Builtin:
        """Return the stand-in for `real`."""
        made = cls(stand_in)
        for name in ("__module__", "__name__", "__qualname__", "__doc__", "__self__", "__text_signature__"):
            setattr(made, name, getattr(real, name, None))
        return made

    def __reduce__(self) -> str:
        return str(vars(self)["__name__"])  # a copy is the same one, and it is pickled by its name, as a builtin function is

    def __get__(self, instance: Any, owner: Any = None) -> _Builtin:
        return self


def inverse(replacements: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return the replacements that undo these."""
    return {stand_in: real for real, stand_in in replacements.items()}


def swap(
    functions: Mapping[Any, Any],
    dates: Mapping[Any, Any],
    untouched: Container[int] = frozenset(),
    spared: Container[str] = KEEP_REAL_TIME,
    plain: dict[str, tuple[int, int]] | None = None,
) -> set[int]:
    """Replace objects by identity among the names of every module, and in its classes and functions, but not in `spared` ones.

    The standard library keeps its dates, and so do the classes and functions of installed libraries: they compare the real
    classes, and do not use them to show a client the time.
    Return the identities of the libraries' modules in which it replaced nothing. An inverse swap takes them as `untouched`, and
    skips them.

    `plain` remembers the libraries' modules whose classes and functions hold none of the `functions`: their identities and
    numbers of names, by name. To look through them again would take most of the time.
    """
    in_library, libraries = {id(old): new for old, new in functions.items()}, set[int]()
    elsewhere = in_library | {id(old): new for old, new in dates.items()}
    modules: dict[str, Any] = dict(sys.modules)
    for name, module in modules.items():
        package = name.partition(".")[0]
        if not isinstance(module, ModuleType) or package in spared or id(module) in untouched:
            continue
        is_standard, is_installed = package in _LIBRARY, _is_installed(module)
        swapped = _swap_names(module, in_library if is_standard else elsewhere)
        as_seen = id(module), len(vars(module))
        if (not is_standard or package in _DEFAULTS_COUNT) and (plain is None or plain.get(name) != as_seen):
            found = _swap_in_definitions(module, in_library if is_standard or is_installed else elsewhere)
            if plain is not None and is_installed and not found:
                plain[name] = as_seen
            swapped |= found
        if not swapped and (is_standard or is_installed):
            libraries.add(id(module))
    return libraries


def _is_installed(module: ModuleType) -> bool:
    return "-packages" in str(vars(module).get("__file__"))


def _swap_names(module: ModuleType, by_id: Mapping[int, Any]) -> bool:
    names = vars(module)
    if not _may_hold(names.values(), by_id):
        return False
    replaced = {
        name: new
        for name, value in list(names.items())
        if (id(value) in by_id or type(value) in _BOUND) and (new := _instead_of(value, by_id)) is not value
    }
    names.update(replaced)
    return bool(replaced)


def _may_hold(values: Collection[Any], by_id: Mapping[int, Any]) -> bool:
    """Return whether one of the values may have to be replaced. It is quick, and says no for nearly all holders."""
    return not (by_id.keys().isdisjoint(map(id, values)) and _INDIRECT.isdisjoint(map(type, values)))


_BOUND = frozenset({BuiltinFunctionType, MethodType})
"""The types of `datetime.now`, and of the method that stands in for it."""

_INDIRECT = _BOUND | {staticmethod}


def _instead_of(value: Any, by_id: Mapping[int, Any]) -> Any:
    """Return what replaces a value, or the value itself. A method of a class that is replaced becomes its stand-in's."""
    if type(value) in _BOUND and id(value.__self__) in by_id:
        return getattr(by_id[id(value.__self__)], value.__name__)
    return by_id.get(id(value), value)


def _swap_in_definitions(module: ModuleType, by_id: Mapping[int, Any]) -> bool:
    """Replace what a module's classes and functions hold. It reads only types, because some objects act on access."""
    swapped, functions = False, list[FunctionType]()
    for value in list(vars(module).values()):
        if type(value) is FunctionType:
            functions.append(value)
        elif issubclass(type(value), type) and value.__module__ == module.__name__:
            swapped |= _swap_attributes(value, by_id)
            functions += _methods_of(value)
    for function in functions:
        if function.__defaults__ or function.__kwdefaults__:
            swapped |= _swap_defaults(function, by_id)
        if function.__closure__:
            swapped |= _swap_closure(function, by_id)
    return swapped


def _methods_of(home: type) -> list[FunctionType]:
    plain = [one.__func__ if type(one) in _METHODS else one for one in list(vars(home).values())]
    return [one for one in plain if type(one) is FunctionType]


_METHODS = frozenset({staticmethod, classmethod})


def _package_of(function: FunctionType) -> str:
    return str(function.__globals__.get("__name__")).partition(".")[0]


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # it is empty
        return None


def _swap_attributes(home: type, by_id: Mapping[int, Any]) -> bool:
    """Replace what a class holds, as in ``clock = time.time`` and ``sleep = staticmethod(time.sleep)``."""
    if not _may_hold(vars(home).values(), by_id):
        return False
    swapped = False
    for name, value in list(vars(home).items()):
        is_static = type(value) is staticmethod
        held = value.__func__ if is_static else value
        new = _instead_of(held, by_id)
        if new is not held:
            type.__setattr__(home, name, staticmethod(new) if is_static else new)
            swapped = True
    return swapped


def _swap_closure(function: FunctionType, by_id: Mapping[int, Any]) -> bool:
    """Replace what a function holds by its closure, and what the functions that it holds there do.

    As in ``@retry(sleep=time.sleep)`` and ``field(default_factory=time.time)``.
    """
    swapped, seen, functions = False, {id(function)}, [function]
    for one in functions:
        for cell in one.__closure__ or ():
            held = _content(cell)
            new = _instead_of(held, by_id)
            if new is not held:
                cell.cell_contents, swapped = new, True
            elif type(held) is FunctionType and id(held) not in seen and _package_of(held) not in KEEP_REAL_TIME:
                seen.add(id(held))
                functions.append(held)
                swapped |= _swap_defaults(held, by_id)
    return swapped


def _swap_defaults(function: FunctionType, by_id: Mapping[int, Any]) -> bool:
    """Replace default arguments, as in ``def __init__(self, sleep=time.sleep)``."""
    given, named = function.__defaults__ or (), function.__kwdefaults__ or {}
    values = (*given, *named.values())
    if not _may_hold(values, by_id) or all(_instead_of(value, by_id) is value for value in values):
        return False
    function.__defaults__ = tuple(_instead_of(value, by_id) for value in given) or None
    function.__kwdefaults__ = {name: _instead_of(value, by_id) for name, value in named.items()} or None
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
