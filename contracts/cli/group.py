"""The group of all commands, which loads a command when it is called, and says in one line why one failed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from traceback import format_exc, walk_tb
from typing import Any

import click
from click.exceptions import Abort, Exit

from contracts.errors import ContractsError
from mockserver.errors import MockServerError

COMMANDS = {
    "check": "Judge a recording, or a running mock's journal.",
    "completion": "Print what makes a shell complete this command.",
    "demo": "Show a refused message, its explanation, and two clients judged.",
    "explain": "Explain a clause, or what became of a request.",
    "platform": "List, show and check platforms as data.",
    "probe": "Judge a provider: a mock, replicas of one, or the service.",
    "replay": "Put a client through one scenario file.",
    "reproduce": "Replay a recording in its own time, and tell why its 403s were.",
    "serve": "Serve the mock.",
    "stories": "Put on raw requests with expected answers, or write them as scripts.",
    "tail": "Follow the journal of a running mock.",
    "verify": "Put a client through many scenarios and judge it.",
}
"""Commands and what they do, in a line: each is `command` in the module of its name beside this one."""

STDERR = 2
"""The number of its file descriptor."""


class LazyGroup(click.Group):
    """A group whose commands are modules."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Their names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Loads one."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        command = import_module(f"contracts.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """Writes the overview without loading anything."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Reads the command line; what --help and --version print may not be wanted either."""
        if sys.stderr is None:
            _say_it_nowhere()
        with _output_refused():
            return super().make_context(info_name, args, parent, **extra)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Finds a command. Raises ClickException where nobody would hear what it is there to say; a server goes without."""
        name, command, rest = super().resolve_command(ctx, args)
        if sys.stdout is None and name != "serve":
            raise click.ClickException("standard output is closed")
        return name, command, rest

    def invoke(self, ctx: click.Context) -> Any:
        """Turns errors into one line, below the traceback where somebody is debugging."""
        try:
            with _output_refused():
                return super().invoke(ctx)
        except (click.ClickException, Exit, Abort, KeyboardInterrupt):
            raise
        except Exception as error:
            if ctx.params.get("debug"):
                click.echo(format_exc(), err=True, nl=False)
            raise click.ClickException(_words(error)) from error


@contextmanager
def _output_refused() -> Iterator[None]:
    """Tells what becomes of printing where that cannot be done. Raises Exit, or ClickException where somebody should know."""
    try:
        yield
    except BrokenPipeError:
        _say_no_more()
        raise Exit(2) from None
    except OSError as error:
        if not _is_from_printing(error):
            raise
        _say_no_more()
        raise click.ClickException(f"cannot write to standard output: {error.strerror}") from error


def _is_from_printing(error: OSError) -> bool:
    *_, (frame, _) = walk_tb(error.__traceback__)
    return frame.f_code is click.echo.__code__


def _say_it_nowhere() -> None:
    """Opens a standard error that was closed, so that no file or socket gets its number and with it what is said there."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    if nowhere != STDERR:
        os.dup2(nowhere, STDERR)
        os.close(nowhere)
    os.set_inheritable(STDERR, True)
    sys.stderr = os.fdopen(STDERR, "w", errors="backslashreplace", closefd=False)


def _say_no_more() -> None:
    """Whoever read this, such as `head`, has seen enough; what is still to be flushed goes nowhere."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)


def _words(error: Exception) -> str:
    if isinstance(error, ContractsError | MockServerError):
        return str(error)
    return f"internal error: {type(error).__name__}: {error} (dayfly --debug … shows where)"


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    try:
        click.echo(f"dayfly {version('dayfly')}")
    except PackageNotFoundError:
        click.echo("dayfly, run from its source")
    ctx.exit()


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "DAYFLY"},
)
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version, help="Show the version.")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.pass_context
def dayfly(context: click.Context, debug: bool) -> None:  # noqa: ARG001 - read where errors are shown
    """A mock of a platform whose chat sessions are ephemeral, and a judge of the clients that use it.

    Exit status: 0 all that was put to the test held, 1 something was violated, 2 the job could not be done, 130 interrupted,
    143 terminated.
    Options can be given as variables too: --seed as DAYFLY_SEED.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
