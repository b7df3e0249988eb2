"""`dayfly serve`: the mock as a server of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from mockserver.serve import Serving


F = TypeVar("F", bound=Callable[..., Any])


class _Impossible(click.ClickException):
    exit_code = 2


def _for_a_header(_: click.Context, option: click.Parameter, value: str) -> str:
    """A credential travels in a header, and a colon ends the client id there (RFC 7617)."""
    if not all("!" <= character <= "~" for character in value) or (option.name == "client_id" and ":" in value):
        raise click.BadParameter("must be visible ASCII characters without spaces, and a client id has no colon")
    return value


def _option(name: str, **attributes: Any) -> Callable[[F], F]:
    variable = "DAYFLY_" + name.removeprefix("--").replace("-", "_").upper()
    return click.option(name, envvar=variable, show_envvar=True, **attributes)


@click.command("serve")
@_option("--host", default="127.0.0.1", show_default=True, help="Name or address to listen on.")
@_option("--port", type=click.IntRange(0, 65535), default=8403, show_default=True, help="Port; 0 takes any that is free.")
@_option("--store", metavar="URL", default="memory:", show_default=True, help="memory:, or redis://HOST which replicas share.")
@_option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes; several need a shared store.")
@_option("--policy", metavar="FILE", type=click.Path(path_type=Path), help="TOML file with what the platform enforces.")
@_option("--admin-token", metavar="TOKEN", default="", callback=_for_a_header, help="What the control API asks for.")
@_option("--journal", metavar="FILE", default="", help="Append every request and answer to this file, as JSON Lines.")
@_option("--opaque", is_flag=True, help="Tell clients no more than the platform would: no Dayfly-Reason.")
@_option("--client-id", metavar="ID", default="", callback=_for_a_header, help="Default client id; drawn where not given.")
@_option("--client-secret", metavar="SECRET", default="", callback=_for_a_header, help="Its secret; drawn where not given.")
@_option("--log-requests", is_flag=True, help="Print a line for each request to standard error.")
@click.option("--json", "as_json", is_flag=True, help="When ready, print {url, client_id, client_secret, admin_token}.")
@click.pass_context
def command(
    context: click.Context,
    /,
    host: str,
    port: int,
    workers: int,
    policy: Path | None,
    journal: str,
    log_requests: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Serve the mock until SIGTERM or Ctrl-C, and print one line when it is ready.

    The policy can be set by variables too, DAYFLY_POLICY_TTL=300 and so on; they win over the file.
    """
    from mockserver.errors import MockServerError
    from mockserver.serve import run
    from mockserver.settings import Settings

    try:
        made = Settings.load(policy, os.environ, journal_file=journal, **settings)
        tell = _tell_programs if as_json else _tell_people
        context.exit(run(made, tell, host=host, port=port, workers=workers, log_requests=log_requests))
    except MockServerError as error:
        raise _Impossible(str(error)) from error


def _tell_programs(serving: Serving) -> None:
    click.echo(json.dumps(serving._asdict()))


def _tell_people(serving: Serving) -> None:
    click.echo(f"Serving on {serving.url}, client id {serving.client_id}, client secret {serving.client_secret}")
