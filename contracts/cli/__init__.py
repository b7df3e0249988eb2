"""The command line: `dayfly`, one file per command, none of them loaded before it is asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from click import ClickException


def run(arguments: Sequence[str]) -> int:
    """Runs the command line and returns its exit status: 0 held, 1 violated, 2 not done, 130 interrupted, 143 terminated."""
    import click

    from contracts.cli.group import dayfly

    try:
        return int(dayfly.main(list(arguments), prog_name="dayfly", standalone_mode=False) or 0)
    except (click.Abort, KeyboardInterrupt):
        return 130
    except SystemExit as error:  # not on its way out yet: a client may have left threads
        return int(error.code or 0)
    except click.ClickException as error:
        where = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "dayfly"
        click.echo(f"{where}: {_printable(error)}", err=True)
        return 2


def _printable(error: ClickException) -> str:
    """Its message on one line, and below it the lines that are quoted, with nothing that a terminal would obey."""
    from contracts.errors import ContractsError
    from contracts.report.cells import clean

    cause = error.__cause__
    quoted = cause.quoted if isinstance(cause, ContractsError) else ()
    message = error.format_message().removesuffix("".join(f"\n  {line}" for line in quoted))
    return "\n  ".join([clean(" ".join(message.split())), *map(clean, quoted)])


def main() -> NoReturn:
    """The entry point of the command `dayfly`."""
    status = run(sys.argv[1:])
    if _clients_left_threads():
        _leave(status)
    sys.exit(status)


def _clients_left_threads() -> bool:
    """Whether a client that hung has left a thread behind, for which Python might wait for ever."""
    locks = sys.modules.get("contracts.clients.locks")
    return locks is not None and locks.any_left()


def _leave(status: int) -> NoReturn:
    """Ends the process without waiting for threads."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(status)
