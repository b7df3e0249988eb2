"""`dayfly serve`: runs the mock as a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contracts.cli.destinations import file_to_write
from contracts.cli.options import PlatformCommands, Whole, for_a_header, platform_option

if TYPE_CHECKING:
    from mockserver.serve import ServerProcess
    from mockserver.web.log import LogLevel
    from mockserver.web.tls import Identity


FILE = click.Path(path_type=Path, dir_okay=False)


def _unix(_: click.Context, __: click.Parameter, value: str | None) -> Path | None:
    if value is None:
        return None
    kind, colon, path = value.partition(":")
    if kind != "unix" or not colon or not path:
        raise click.BadParameter("must be unix:PATH; for TCP give --host and --port")
    return Path(path)


def _origins(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    from mockserver.errors import SettingsError
    from mockserver.web.cors import Cors

    try:
        Cors(values)
    except SettingsError as error:
        raise click.BadParameter(f"{error.value!r} {error.problem}") from error
    return values


@click.command("serve", context_settings={"auto_envvar_prefix": "DAYFLY", "show_default": True})
@click.option("--host", default="127.0.0.1", help="Name or address to listen on.")
@click.option("--port", type=Whole(0, 65535), default=8403, help="Port; 0 picks a free port.")
@click.option("--bind", metavar="unix:PATH", callback=_unix, help="Listen at a Unix socket instead of host and port.")
@click.option("--tls", is_flag=True, help="Serve HTTPS with a throw-away certificate; prints the authority's file.")
@click.option("--tls-ca", metavar="FILE", type=FILE, help="File for the authority of --tls, which clients have to trust.")
@click.option("--tls-cert", metavar="FILE", type=FILE, help="Serve HTTPS with this certificate, in PEM.")
@click.option("--tls-key", metavar="FILE", type=FILE, help="The key of --tls-cert, in PEM.")
@platform_option
@click.option("--store", metavar="URL", default="memory:", help="memory:, or redis://HOST:PORT/DB, which replicas share.")
@click.option("--workers", type=Whole(1, 256), default=1, help="Processes; more than one needs a shared store.")
@click.option(
    "--policy", metavar="FILE", type=click.Path(path_type=Path), help="TOML file with the limits that the platform enforces."
)
@click.option("--admin-token", metavar="TOKEN", default="", callback=for_a_header, help="The token of the control API.")
@click.option(
    "--journal",
    metavar="FILE",
    default="",
    callback=file_to_write,
    help="Append requests and answers to this file, as JSON Lines.",
)
@click.option("--opaque", is_flag=True, help="Answer as the platform does: without Dayfly-Reason.")
@click.option(
    "--cors",
    metavar="ORIGIN",
    multiple=True,
    default=("loopback",),
    callback=_origins,
    help="Origins whose web pages may use the platform: URLs, loopback, * or off.",
)
@click.option(
    "--client-id",
    metavar="ID",
    default="",
    callback=for_a_header,
    help="Client id of the default organisation; random if not given.",
)
@click.option("--client-secret", metavar="SECRET", default="", callback=for_a_header, help="Its secret; random if not given.")
@click.option("--log-requests", is_flag=True, help="Print a line for each request to standard error.")
@click.option(
    "--log-level",
    type=click.Choice(("error", "warning", "info", "debug")),
    default="warning",
    help="What to print to standard error; info adds a line for each request, debug the server's own messages.",
)
@click.option("--json", "as_json", is_flag=True, help="When ready, print {url, client_id, client_secret, admin_token}.")
@click.pass_context
def command(
    context: click.Context,
    /,
    host: str,
    port: int,
    bind: Path | None,
    tls: bool,
    tls_ca: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    platform: PlatformCommands,
    workers: int,
    policy: Path | None,
    journal: str,
    log_requests: bool,
    log_level: LogLevel,
    as_json: bool,
    **settings: Any,
) -> None:
    """Serve the mock until SIGTERM or Ctrl-C, and print one line when it is ready.

    Options can be given as variables, DAYFLY_PORT for --port. So can the values of the policy file, DAYFLY_POLICY_TTL for ttl.
    """
    if find_spec("granian") is None:
        raise click.ClickException("the server is not installed: run `pip install granian`")
    from mockserver.serve import run
    from mockserver.stores.durability import warning

    made, make_app, has_client = platform.served(policy, {**settings, "journal_file": journal})
    tell = _tell_programs if as_json else _tell_people

    def ready(serving: ServerProcess) -> None:
        tell(serving if has_client else serving._replace(client_id="", client_secret=""))
        forgetful = warning(made.store)
        if forgetful is not None and log_level != "error":
            click.echo(f"Warning: {forgetful}.", err=True)

    serving = partial(run, made, ready, host=host, port=port, path=bind, workers=workers, make_app=make_app)
    with _identity(host, tls, tls_ca, tls_cert, tls_key) as identity:
        context.exit(serving(log_requests=log_requests, log_level=log_level, identity=identity))


@contextmanager
def _identity(
    host: str, tls: bool, authority: Path | None, certificate: Path | None, key: Path | None
) -> Iterator[Identity | None]:
    """Provide the server's certificate and key for HTTPS; None for HTTP."""
    if (certificate is None) != (key is None):
        raise click.UsageError("give both --tls-cert and --tls-key")
    if certificate is not None and tls:
        raise click.UsageError("--tls makes its own certificate: give --tls, or --tls-cert and --tls-key")
    if authority is not None and not tls:
        raise click.UsageError("--tls-ca is for --tls only: give --tls too")
    if not tls and certificate is None:
        yield None
        return
    from mockserver.web.tls import Identity, throw_away

    if certificate is not None and key is not None:
        own = Identity(certificate, key)
        own.context()
        yield own
        return
    with throw_away(host, authority) as made:
        yield made


def _tell_programs(serving: ServerProcess) -> None:
    import json

    told = serving._asdict()
    click.echo(json.dumps(told if serving.authority else {name: told[name] for name in told if name != "authority"}))


def _tell_people(serving: ServerProcess) -> None:
    told = [f"Serving on {serving.url}"]
    told += [f"client id {serving.client_id}", f"client secret {serving.client_secret}"] if serving.client_id else []
    told += [f"authority {serving.authority}"] if serving.authority else []
    told += [] if serving.url.startswith("unix:") else [_console(serving)]
    click.echo(", ".join(told))


def _console(serving: ServerProcess) -> str:
    from mockserver.web.console import CONSOLE

    return f"console {serving.url}{CONSOLE}"
