"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, wraps
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import click

from contracts.cli import completing
from contracts.cli.destinations import destinations, in_words, json_too
from contracts.report.kinds import KINDS, OF_DECLARED

if TYPE_CHECKING:
    from contracts.cli.declared import Declared
    from contracts.cli.web_chat import WebChat

F = TypeVar("F", bound=Callable[..., Any])

SETTINGS = {"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "DAYFLY"}
"""Settings of every command. Each option can be given as a variable too: --seed as DAYFLY_SEED."""


class Whole(click.IntRange):
    """A whole number in a range."""

    name = "whole number"


class Seconds(click.FloatRange):
    """Seconds in a range. NaN is refused, which click's bounds would allow."""

    name = "number of seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """See FloatRange."""
        seconds: float = super().convert(value, param, ctx)
        if not isfinite(seconds):
            self.fail(f"{value} is not a number of seconds.", param, ctx)
        return seconds


PlatformCommands: TypeAlias = "WebChat | Declared"
"""The part of each command that depends on the platform."""


def stacked(options: Sequence[Callable[[F], F]]) -> Callable[[F], F]:
    """Combine decorators into one; the first is outermost."""

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def gathered(name: str, kind: Callable[..., Any], fields: Sequence[str]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Pass the options in `fields` to a command as one argument of this name and kind."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def call(*args: Any, **options: Any) -> Any:
            told = kind(**{field: options.pop(field) for field in fields})
            return command(*args, **{name: told}, **options)

        return call

    return decorate


def reports_as(kinds: Sequence[str]) -> Callable[[F], F]:
    """Return the options --report and --json, for a report that has these kinds."""
    return stacked(
        [
            click.option(
                "--report",
                "destinations",
                metavar="KIND:PATH",
                multiple=True,
                callback=partial(destinations, kinds=kinds),
                shell_complete=partial(completing.reports, kinds=kinds),
                help=f"Write the report to a file as well, as {in_words(kinds)}; - is standard output; may be repeated.",
            ),
            click.option(
                "--json",
                "as_json",
                is_flag=True,
                callback=json_too,
                help="JSON on standard output, text for people on standard error.",
            ),
        ]
    )


report_options = stacked(
    [
        reports_as((*KINDS, *OF_DECLARED)),
        click.option("--strict", is_flag=True, help="Exit with 2 if a clause was inconclusive or cannot be judged."),
    ]
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="JSON on standard output, text for people on standard error."
)


def _commands(_: click.Context, __: click.Parameter, named: str) -> PlatformCommands:
    """Return what commands do for the platform of this name or in this file."""
    from mockserver.platform.library import is_declared

    if is_declared(named):
        from contracts.cli.declared import Declared

        return Declared(named)
    from contracts.cli.web_chat import WebChat

    return WebChat(named)


platform_option = click.option(
    "--platform",
    metavar="NAME|FILE",
    default="",
    callback=_commands,
    help="A declared platform instead of the web chat: a name from `dayfly platform list`, or a file.",
)


def for_a_header(_: click.Context, option: click.Parameter, value: str) -> str:
    """Check a credential. It is sent in a header, in which a colon ends the client id (RFC 7617)."""
    if not all("!" <= character <= "~" for character in value) or (option.name == "client_id" and ":" in value):
        raise click.BadParameter("must be visible ASCII characters without spaces, and a client id has no colon")
    return value


admin_token = click.option(
    "--admin-token", metavar="TOKEN", default="", callback=for_a_header, help="The token of the control API."
)
