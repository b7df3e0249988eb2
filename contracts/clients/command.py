"""Clients that a command starts: in virtual time if its runtime takes part in it, else in real time."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from contracts.clients.base import Clients
from contracts.clients.child import command_line
from contracts.clients.process import PATIENCE, ProcessClients


def command_clients(
    command: str,
    *,
    one_shot: bool = False,
    faketime: bool = False,
    real_time: bool = False,
    patience: float = PATIENCE,
    show_output: bool = False,
) -> Clients:
    """Return the clients that `command` starts; see ProcessClients for the options.

    With `real_time` or `faketime` their time is real. Without, the command is started once to find out what
    its runtime can do. Raises ClientError if the command cannot be read or started.
    """
    why = ""
    if not (faketime or real_time):
        from contracts.clients.virtual.driver import VirtualClients
        from contracts.clients.virtual.probe import why_real_time

        why = why_real_time(command_line(command))
        if not why:
            return VirtualClients(command, one_shot=one_shot, patience=patience, show_output=show_output)
    return ProcessClients(
        command, one_shot=one_shot, faketime=faketime, patience=patience, show_output=show_output, real_time=why
    )


def typed(command: str, flags: Mapping[str, bool], patience: float | None) -> str:
    """Return the arguments that name a client on the command line."""
    told = "".join(f" --{name.replace('_', '-')}" for name, is_set in flags.items() if is_set)
    return f"--command {shlex.quote(command)}{told}" + ("" if patience is None else f" --patience {patience:g}")
