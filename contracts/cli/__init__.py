"""The command line `dayfly`. Each command is a file, imported when the command is called."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from click import ClickException


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit status: 0 held, 1 violated, 2 not done, 130 interrupted, 143 terminated."""
    import click
    from click.exceptions import NoArgsIsHelpError

    from contracts.cli.group import Noted, dayfly

    noted = Noted()
    try:
        return int(dayfly.main(list(arguments), prog_name="dayfly", standalone_mode=False, obj=noted) or 0)
    except (click.Abort, KeyboardInterrupt):
        return 130
    except SystemExit as error:  # the process does not end yet, because a client may have left threads
        return int(error.code or 0)
    except NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 2
    except click.ClickException as error:
        from contracts.cli.misplaced import explained
        from contracts.cli.output import tell_unjudged
        from contracts.report.github import annotation_of

        where = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "dayfly"
        message = explained(arguments, _printable(error))
        line = getattr(error.__cause__, "client_line", None)
        for told in (f"{where}: {message}", *annotation_of(message, line), *tell_unjudged(noted, message)):
            click.echo(told, err=True)
        command, as_json = _called(arguments)
        if as_json and not noted.printed and sys.stdout is not None:
            with suppress(OSError):
                click.echo(json.dumps({"error": {"command": command, "message": message, "exit_status": 2}}))
        return 2


def _called(arguments: Sequence[str]) -> tuple[str, bool]:
    """Return the command that arguments call, such as `dayfly platform check`, and whether it is to print JSON.

    The arguments are read as far as they can be. An option that stands before the command counts as the command's.
    """
    import click
    from click.core import ParameterSource

    from contracts.cli.group import dayfly

    lenient: Any = {"resilient_parsing": True, "ignore_unknown_options": True}
    command: click.Command = dayfly
    context, name, rest = None, "dayfly", list(arguments)
    while isinstance(command, click.Group):
        context = click.Context(command, context, name, **lenient)
        _, rest, _ = command.make_parser(context).parse_args(rest)
        place = next((place for place, word in enumerate(rest) if not word.startswith("-")), None)
        found = None if place is None else command.get_command(context, rest[place])
        if found is None or place is None:
            return context.command_path, "--json" in rest
        name, command = rest.pop(place), found
    context = command.make_context(name, rest, context, **lenient)
    wanted = context.params.get("as_json")  # None if the option is refused beside another one
    is_given = context.get_parameter_source("as_json") in {ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT}
    return context.command_path, is_given and wanted is not False


def _printable(error: ClickException) -> str:
    """Return the message on one line and the quoted lines below it, without characters that a terminal would obey."""
    from contracts.report.cells import clean

    quoted: Sequence[str] = getattr(error.__cause__, "quoted", ())
    _name_variable(error)
    message = error.format_message().removesuffix("".join(f"\n  {line}" for line in quoted))
    return "\n  ".join([clean(" ".join(message.split())), *map(clean, quoted)])


def _name_variable(error: ClickException) -> None:
    """Let an error about a value that was taken from a variable name the variable."""
    from click import BadParameter
    from click.core import ParameterSource

    if isinstance(error, BadParameter) and error.ctx is not None and error.param is not None and error.param.name:
        names = (str(error.param.envvar), f"{error.ctx.auto_envvar_prefix}_{error.param.name.upper()}")
        if error.ctx.get_parameter_source(error.param.name) is ParameterSource.ENVIRONMENT:
            error.param_hint = f"the variable {next(name for name in names if os.environ.get(name))}"


def main() -> NoReturn:
    """Run the command `dayfly`: its entry point."""
    status = run(sys.argv[1:])
    if _clients_left_threads():
        _leave(status)
    sys.exit(status)


def _clients_left_threads() -> bool:
    """Return whether a client that hung has left a thread behind, which Python might wait for forever at exit."""
    locks = sys.modules.get("contracts.clients.locks")
    return locks is not None and locks.any_left()


def _leave(status: int) -> NoReturn:
    """End the process without waiting for threads."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(status)
