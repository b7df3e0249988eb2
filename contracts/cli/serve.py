"""`dayfly serve`: the mock as a server of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mockserver.serve import Serving


def _for_a_header(_: click.Context, option: click.Parameter, value: str) -> str:
    """A credential travels in a header, and a colon ends the client id there (RFC 7617)."""
    if not all("!" <= character <= "~" for character in value) or (option.name == "client_id" and ":" in value):
        raise click.BadParameter("must be visible ASCII characters without spaces, and a client id has no colon")
    return value


@click.command("serve", context_settings={"auto_envvar_prefix": "DAYFLY", "show_default": True})
@click.option("--host", default="127.0.0.1", help="Name or address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8403, help="Port; 0 takes any that is free.")
@click.option("--store", metavar="URL", default="memory:", help="memory:, or redis://HOST:PORT/DB, which replicas share.")
@click.option("--workers", type=click.IntRange(1, 256), default=1, help="Processes; several need a shared store.")
@click.option("--policy", metavar="FILE", type=click.Path(path_type=Path), help="TOML file with what the platform enforces.")
@click.option("--admin-token", metavar="TOKEN", default="", callback=_for_a_header, help="What the control API asks for.")
@click.option("--journal", metavar="FILE", default="", help="Append requests and answers to this file, as JSON Lines.")
@click.option("--opaque", is_flag=True, help="Tell clients no more than the platform would: no Dayfly-Reason.")
@click.option("--client-id", metavar="ID", default="", callback=_for_a_header, help="Default client id; drawn if not given.")
@click.option("--client-secret", metavar="SECRET", default="", callback=_for_a_header, help="Its secret; drawn if not given.")
@click.option("--log-requests", is_flag=True, help="Print a line for each request to standard error.")
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

    Options are variables too, DAYFLY_PORT for --port; so is what stands in the policy's file, DAYFLY_POLICY_TTL for ttl.
    """
    from contracts.workbench import make_app
    from mockserver.serve import run
    from mockserver.settings import Settings
    from mockserver.stores.durability import warning

    made = Settings.load(policy, os.environ, journal_file=journal, **settings)
    tell = _tell_programs if as_json else _tell_people

    def ready(serving: Serving) -> None:
        tell(serving)
        forgetful = warning(made.store)
        if forgetful is not None:
            click.echo(f"Warning: {forgetful}.", err=True)

    context.exit(run(made, ready, host=host, port=port, workers=workers, log_requests=log_requests, make_app=make_app))


def _tell_programs(serving: Serving) -> None:
    import json

    click.echo(json.dumps(serving._asdict()))


def _tell_people(serving: Serving) -> None:
    click.echo(
        f"Serving on {serving.url}, client id {serving.client_id}, client secret {serving.client_secret}, {_console(serving)}"
    )


def _console(serving: Serving) -> str:
    from mockserver.web.console import CONSOLE

    return f"console {serving.url}{CONSOLE}"
