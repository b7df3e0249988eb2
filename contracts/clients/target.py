"""Finds a client's factory by name: ``package.module:factory`` or ``path/to/file.py:factory``."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from contracts.clients.common import TARGET_PREFIX
from contracts.clients.errors import TargetError, Terminated
from contracts.clients.patches import importing

MOST_NAMES = 10
"""Names of a module that an error lists."""

Factory = Callable[[Any], Any]
"""Makes a client from its view of the platform."""


def find(target: str) -> Factory:
    """Return the factory that `target` names. Raises TargetError with the reason if that fails."""
    where, colon, name = target.rpartition(":")
    if not colon or not where or not name.isidentifier():
        raise TargetError(target, "must be package.module:factory or path/to/file.py:factory")
    module = _imported(target, where)
    factory = getattr(module, name, None)
    if factory is None:
        raise TargetError(target, f"has no {name!r}; {_instead(name, module)}")
    if not callable(factory):
        raise TargetError(target, f"{name!r} is {type(factory).__name__}, which cannot be called")
    return factory  # type: ignore[no-any-return]


def _instead(name: str, module: ModuleType) -> str:
    """Return the name that is meant, or the names that a module defines and that can be called."""
    near = get_close_matches(name, vars(module), n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    own = [
        one
        for one, value in vars(module).items()
        if callable(value) and not one.startswith("_") and getattr(value, "__module__", "") == module.__name__
    ]
    return f"it has {', '.join(own[:MOST_NAMES])}" if own else "define a function or a class there that makes a client"


def _imported(target: str, where: str) -> ModuleType:
    load = _load_file if where.endswith(".py") else _load_module
    try:
        with importing(), _not_ending_the_process():
            return load(target, where)
    except (TargetError, KeyboardInterrupt, Terminated):
        raise
    except BaseException as error:  # whatever the import raised, the target is not a client
        raise TargetError(target, f"importing it raised {type(error).__name__}: {error}") from error


@contextmanager
def _not_ending_the_process() -> Iterator[None]:
    """Let `os._exit` raise SystemExit meanwhile: a status of 0 would pass for a verdict. Child processes may still call it."""
    real, process = os._exit, os.getpid()

    def leave(status: int) -> NoReturn:
        if os.getpid() != process:
            real(status)
        raise SystemExit(f"os._exit({status!r}) was called")

    os._exit = leave
    try:
        yield
    finally:
        os._exit = real


def _load_module(target: str, where: str) -> ModuleType:
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(where)
    except ModuleNotFoundError as error:
        if error.name is not None and (where == error.name or where.startswith(f"{error.name}.")):
            raise TargetError(target, f"there is no module {error.name!r}") from error
        raise


def _load_file(target: str, where: str) -> ModuleType:
    path = Path(where).resolve()
    if not os.path.isfile(path):
        raise TargetError(target, f"there is no file {where}")
    # At the end, so that a file beside it cannot hide a module of the standard library.
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    name = f"{TARGET_PREFIX}{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
