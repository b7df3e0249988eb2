"""The client that a test verifies: a factory or a command, and its name on the command line."""

from __future__ import annotations

import inspect
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from contracts.clients.base import Clients
from contracts.clients.command import command_clients, typed
from contracts.clients.errors import BeyondVirtualTime
from contracts.clients.python import PythonClients
from contracts.report.model import Report
from contracts.verify.names import below


class Subject(NamedTuple):
    """A client: its name, its arguments for `dayfly verify` (None: it has none), and the function that makes its clients."""

    name: str
    typed: str | None
    clients: Callable[..., Clients]

    def judged(self, judge: Callable[[str, Clients], Report]) -> Report:
        """Judge the clients, in real time if they turn out to need that. Raise what `judge` raises."""
        __tracebackhide__ = True
        try:
            return judge(self.name, self.clients())
        except BeyondVirtualTime as error:
            clients = self.clients(real_time=True)
            clients.real_time = error.reason
            return judge(self.name, clients)


def of_command(command: str, flags: dict[str, bool], given: dict[str, Any]) -> Subject:
    """Return a client that a command starts. `flags` are its own options, `given` those that any client has."""

    def clients(**more: bool) -> Clients:
        return command_clients(command, **{**flags, **more}, **given)

    return Subject(command, typed(command, flags, given.get("patience")), clients)


def of_factory(factory: Callable[[Any], Any], root: Path, *, socket: bool, given: dict[str, Any], **more: Any) -> Subject:
    """Return a client that a factory makes. It is named by its file, relative to `root`."""
    found = _typed(factory, socket, given.get("patience")) if _is_found(factory) else None
    return Subject(_name(factory, root), found, lambda: PythonClients(factory, socket=socket, **given, **more))


def _typed(factory: Callable[[Any], Any], socket: bool, patience: float | None) -> str:
    waits = "" if patience is None else f" --patience {patience:g}"
    return shlex.quote(_name(factory, Path.cwd())) + (" --socket" if socket else "") + waits


def _is_found(factory: Callable[[Any], Any]) -> bool:
    """Return whether a file has the factory under its name. It does not for a lambda, or a function made in another one."""
    name, module = getattr(factory, "__qualname__", ""), sys.modules.get(getattr(factory, "__module__", ""))
    if module is None or not name.isidentifier() or getattr(module, name, None) is not factory:
        return False
    return _file(factory) == _file(module)


def _file(thing: Any) -> str | None:
    try:
        return inspect.getsourcefile(thing)
    except TypeError:
        return None


def _name(factory: Callable[[Any], Any], root: Path) -> str:
    """Return a factory as TARGET would name it in `root`, as far as possible."""
    name = getattr(factory, "__qualname__", type(factory).__qualname__)
    file = _file(factory)
    if file is None:
        return f"{getattr(factory, '__module__', '?')}:{name}"
    return f"{below(file, root)}:{name}"
