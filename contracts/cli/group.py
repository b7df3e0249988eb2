"""The group of all commands. It imports a command when it is called, and reports an error in one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from traceback import format_exc, walk_tb
from typing import Any

import click
from click.exceptions import Abort, Exit

from contracts.errors import ContractsError
from mockserver.errors import MockServerError

COMMANDS = {
    "check": "Judge a recording, or a running mock's journal.",
    "completion": "Print the shell completion script.",
    "demo": "Show a refused message, its explanation, and two clients judged.",
    "explain": "Explain a clause, or the answer to a request.",
    "platform": "List, show and check platforms as data.",
    "probe": "Judge a provider: a mock, replicas of one, or the service.",
    "replay": "Put a client through one scenario file.",
    "reproduce": "Replay a recording and explain each refusal.",
    "serve": "Serve the mock.",
    "shim": "Check what takes a runtime into virtual time.",
    "stories": "Run raw requests with expected answers, or write them as scripts.",
    "tail": "Follow the journal of a running mock.",
    "verify": "Put a client through many scenarios and judge it.",
}
"""The commands, each with a one-line description. Each is `command` in the module of that name in this package."""

STDERR = 2
"""The file descriptor of standard error."""


class Noted:
    """Notes of a command for its end: whether a document for programs was `printed`, and reports are still to be written.

    `asked` is the context with the options of those reports.
    """

    printed = False
    asked: click.Context | None = None


class LazyGroup(click.Group):
    """A group whose commands are modules, imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        command = import_module(f"contracts.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        _read_variables(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """Write the overview without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse the command line. Writing for --help and --version can fail here too."""
        if sys.stderr is None:
            _say_it_nowhere()
        with _output_refused():
            return super().make_context(info_name, args, parent, **extra)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command. Raise ClickException if stdout is closed, except for `serve`, which does not need it."""
        near = get_close_matches(args[0], COMMANDS, 1)
        if near and args[0] not in COMMANDS:
            raise click.UsageError(f"No such command {args[0]!r}. Did you mean {near[0]!r}?", ctx)
        name, command, rest = super().resolve_command(ctx, args)
        if sys.stdout is None and name != "serve":
            raise click.ClickException("standard output is closed")
        return name, command, rest

    def invoke(self, ctx: click.Context) -> Any:
        """Turn an error into one line, after its traceback if --debug is set."""
        try:
            with _output_refused():
                return super().invoke(ctx)
        except (click.ClickException, Exit, Abort, KeyboardInterrupt):
            raise
        except Exception as error:
            if ctx.params.get("debug"):
                click.echo(format_exc(), err=True, nl=False)
            raise click.ClickException(_words(error)) from error


def _read_variables(command: click.Command) -> None:
    """Let each option be read from the variable of its name, whatever its parameter is called: --json from DAYFLY_JSON."""
    for option in command.params:
        name = max(option.opts, key=len).removeprefix("--").replace("-", "_")
        if isinstance(option, click.Option) and name != option.name and option.envvar is None:
            option.envvar = f"DAYFLY_{name.upper()}"
    for one in command.commands.values() if isinstance(command, click.Group) else ():
        _read_variables(one)


@contextmanager
def _output_refused() -> Iterator[None]:
    """Raise Exit if the reader of standard output has gone, and ClickException if it cannot be written for another reason."""
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
    """Reopen a closed standard error, so that no other file or socket gets its descriptor and the messages with it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    if nowhere != STDERR:
        os.dup2(nowhere, STDERR)
        os.close(nowhere)
    os.set_inheritable(STDERR, True)
    sys.stderr = os.fdopen(STDERR, "w", errors="backslashreplace", closefd=False)


def _say_no_more() -> None:
    """Discard what is still to be flushed, because the reader, such as `head`, has closed the pipe."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)


def _words(error: Exception) -> str:
    if isinstance(error, ContractsError | MockServerError):
        return str(error)
    if isinstance(error, UnicodeEncodeError):
        wrong = error.object[error.start : error.end]
        return f"{wrong!r} cannot be sent as {error.encoding}; write what you give here in UTF-8, and addresses in ASCII"
    return f"internal error: {type(error).__name__}: {error} (run dayfly --debug … for the traceback)"


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version

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
