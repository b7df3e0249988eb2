"""Options of the commands that judge a client: the client, and the contract that it is held to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import click

from contracts.cli import completing
from contracts.cli.options import F, Seconds, Whole, gathered, stacked
from contracts.judge import DEFAULTS, TYPED, Delivery, Parameters, header_name

if TYPE_CHECKING:
    from contracts.verify.expected import ExpectedFailures
    from contracts.verify.subject import Subject

PATIENCE = Seconds(min=0.01, max=3600)


class ClientChoice(NamedTuple):
    """The client that a command line names, and how to drive it."""

    target: str | None
    command: str | None
    one_shot: bool
    socket: bool
    real_time: bool
    patience: float | None
    show_output: bool


client_options: Callable[[Callable[..., Any]], Callable[..., Any]] = stacked(
    [
        click.argument("target", required=False, shell_complete=completing.files),
        click.option(
            "--command",
            metavar="CMD",
            help="A client in any language instead of TARGET. It speaks JSON Lines; no shell is used.",
        ),
        click.option("--one-shot", is_flag=True, help="Start CMD anew for each message, and pass it on its input."),
        click.option("--socket", is_flag=True, help="Serve the platform to TARGET over a real socket (any HTTP library)."),
        click.option("--real-time", is_flag=True, help="Let CMD wait in real time, even if its runtime supports virtual time."),
        click.option(
            "--patience",
            type=PATIENCE,
            metavar="S",
            help="Seconds of real time a client may be silent before it counts as hung.",
        ),
        click.option("--show-output", is_flag=True, help="Let the client print; otherwise only reports show its output."),
        gathered("choice", ClientChoice, ClientChoice._fields),
    ]
)


def _header(context: click.Context, parameter: click.Parameter, name: str | None) -> str | None:
    """Parse the name of a header. Raise BadParameter if no header can have it."""
    try:
        return header_name(name)
    except ValueError as error:
        raise click.BadParameter(str(error), context, parameter) from error


class Age(Seconds):
    """Seconds, or `off` for no limit."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """See FloatRange."""
        return inf if value in ("off", inf) else super().convert(value, param, ctx)


COUNT = Whole(min=1)


def _required(name: str, kind: click.ParamType[Any], help: str, metavar: str | None = None) -> Callable[[F], F]:
    """Return the option for a parameter of the contract, whose default is the contract's."""
    default = getattr(DEFAULTS, name.replace("-", "_"))
    return click.option(f"--{name}", type=kind, default=default, show_default=True, metavar=metavar, help=help)


contract_options: Callable[[Callable[..., Any]], Callable[..., Any]] = stacked(
    [
        click.option(
            "--clause",
            "clauses",
            multiple=True,
            metavar="CODE|NAME",
            shell_complete=completing.clauses,
            help="Judge only by this clause; may be repeated.",
        ),
        click.option("--delivery", type=click.Choice(get_args(Delivery)), default=DEFAULTS.delivery, show_default=True),
        _required("max-age", Age(min=0), "How old a session may be when it is used.", "S|off"),
        _required("max-attempts", COUNT, "Failures in a row after which a client must stop."),
        _required("min-attempts", COUNT, "Failures before which a client must not give up."),
        _required("max-wait", Seconds(min=0), "The longest Retry-After that a client must wait for.", "S"),
        _required("min-pause", Seconds(min=0), "The least time between a server error and the next try.", "S"),
        _required("token-margin", Seconds(min=0), "How long before its end a token may be renewed.", "S"),
        click.option(
            "--idempotency-key",
            metavar="HEADER",
            callback=_header,
            help="Sends of a message with the same value of this header count as one.",
        ),
        gathered("contract", Parameters, TYPED),
    ]
)


expected_failures = click.option(
    "--expected-failures",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="TOML: clauses known to be violated; they do not fail the run.",
)


def chosen(choice: ClientChoice, methods: Mapping[str, str] | None = None) -> Subject:
    """Return the client that TARGET or --command names. `methods` are those that a client in Python must have.

    Raises UsageError unless exactly one of the two is given, and ClientError.
    """
    from contracts.clients.target import find
    from contracts.verify.subject import of_command, of_factory

    if (choice.target is None) == (choice.command is None):
        raise click.UsageError("name one client: TARGET (package.module:factory or path/to/file.py:factory) or --command")
    waits = {} if choice.patience is None else {"patience": choice.patience}
    given = {**waits, "show_output": choice.show_output}
    if choice.command is not None:
        if choice.socket:
            raise click.UsageError("--socket is for TARGET only: a process uses a socket anyway")
        return of_command(choice.command, {"one_shot": choice.one_shot, "real_time": choice.real_time}, given)
    for flag, is_set in (("--one-shot", choice.one_shot), ("--real-time", choice.real_time)):
        if is_set:
            raise click.UsageError(f"{flag} is for --command only")
    target = str(choice.target)
    return of_factory(find(target), target, target, given, socket=choice.socket, methods=methods)


def known(file: Path | None, codes: Sequence[str]) -> ExpectedFailures:
    """Read a file of expected failures for clauses with these codes. Raises ExpectedFailuresError."""
    from contracts.verify import expected

    return expected.known(file, codes)
