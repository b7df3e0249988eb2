"""The client that a test verifies: a factory or a command, and its name on the command line."""

from __future__ import annotations

import inspect
import shlex
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from contracts.clients.base import Clients
from contracts.clients.command import command_clients, typed
from contracts.clients.errors import BeyondVirtualTime
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


def subject_of(
    make_client: Callable[[Any], Any] | None,
    command: str | None,
    flags: dict[str, bool],
    given: dict[str, Any],
    *,
    socket: bool,
    root: Path,
    methods: Mapping[str, str] | None,
) -> Subject:
    """Return the client of a factory or of a command, whichever is given. Raises TypeError for both, none or wrong options.

    `flags` are options of a command only, and `socket` is one of a factory. `given` are those that any client has.
    """
    _check_kind(make_client, command, flags, socket)
    if make_client is None:
        return of_command(str(command), flags, given)
    from contracts.clients.python import PythonClients  # with HTTP libraries, which a recording does not need

    typed = _typed(make_client, socket, given.get("patience")) if _is_found(make_client) else None
    clients = partial(PythonClients, make_client, socket=socket, methods=methods, **given)
    return Subject(_name(make_client, root), typed, clients)


def _check_kind(make_client: object, command: object, flags: Mapping[str, bool], socket: bool) -> None:
    """Raise TypeError unless one client is given, with options of its kind."""
    if (make_client is None) == (command is None):
        raise TypeError("verify_client takes one client: a factory, or command='…'")
    wrong = [name for name, is_set in flags.items() if is_set and command is None]
    if wrong:
        raise TypeError(f"{wrong[0]} is for command only")
    if socket and command is not None:
        raise TypeError("socket is for a factory only: a process uses a socket anyway")


def of_command(command: str, flags: dict[str, bool], given: dict[str, Any]) -> Subject:
    """Return a client that a command starts; see `subject_of`."""

    def clients(**more: bool) -> Clients:
        return command_clients(command, **{**flags, **more}, **given)

    return Subject(command, typed(command, flags, given.get("patience")), clients)


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
