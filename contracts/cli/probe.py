"""`dayfly probe`: judges a provider."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from contracts.cli.options import SETTINGS, admin_token, report_options
from contracts.cli.options import platform as platform_option
from contracts.cli.output import Destination, tell
from contracts.cli.sources import check_platform
from mockserver.clock import pause

if TYPE_CHECKING:
    from contracts.probe import Provider

PATIENCE = 120
"""Most seconds that a restart may take."""


@click.command("probe", context_settings=SETTINGS)
@click.argument("url", metavar="URL")
@admin_token
@click.option("--client-id", metavar="ID", default="", help="An OAuth client, if there is no control API.")
@click.option("--client-secret", metavar="SECRET", default="", help="Its secret.")
@click.option("--replica", "replicas", metavar="URL", multiple=True, help="Another replica of it; may be repeated.")
@click.option("--restart", metavar="CMD", help="Restarts a replica, and exits once it serves again.")
@click.option("--examples", type=click.IntRange(min=0), metavar="N", help="Histories to draw besides the directed trials.")
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Draw the same histories again; 0 if CI is set.")
@click.option("--clause", "clauses", multiple=True, metavar="CODE|NAME", help="Judge only by this clause; may be repeated.")
@platform_option
@report_options
@click.pass_context
def command(
    context: click.Context,
    url: str,
    admin_token: str,
    client_id: str,
    client_secret: str,
    replicas: Sequence[str],
    restart: str | None,
    examples: int | None,
    seed: int | None,
    clauses: tuple[str, ...],
    platform: str,
    destinations: Sequence[Destination],
    as_json: bool,
    strict: bool,
) -> None:
    """Judge the provider at URL by the clauses P1 to P13.

    A mock is probed through its control API, in organisations that the probe makes and deletes. With --client-id and
    --client-secret any provider can be probed. Messages are really sent then, and clauses that need control are not exercised.
    """
    from contracts.cli import declared
    from contracts.probe import BrokenOff, ProbeOptions, probe

    if declared.is_declared(platform):
        if destinations:
            raise click.UsageError("--report is for the web chat, and does not go with --platform; --json does")
        context.exit(declared.probe(platform, url, admin_token, client_id, client_secret, as_json=as_json))

    options = ProbeOptions(examples=examples, seed=seed, clauses=clauses)
    with _provider(url, replicas, admin_token, client_id, client_secret, restart) as provider:
        try:
            report = probe(provider, options)
        except BrokenOff as broken_off:
            tell(replace(broken_off.report, replay_with=url), destinations, as_json=as_json)
            raise
    tell(replace(report, replay_with=url), destinations, as_json=as_json)
    context.exit(report.exit_status(strict=strict))


def _provider(
    url: str, replicas: Sequence[str], admin_token: str, client_id: str, client_secret: str, restart: str | None
) -> Provider:
    from contracts.platform_requests import ClientCredentials
    from contracts.probe import at_url

    if bool(client_id) != bool(client_secret):
        raise click.UsageError("--client-id and --client-secret go together")
    if client_id and admin_token:
        raise click.UsageError(
            "give --client-id and --client-secret, or --admin-token, but not both: with control no client is needed"
        )
    credentials = ClientCredentials(client_id, client_secret) if client_id else None
    if restart is not None and not restart.strip():
        raise click.UsageError("--restart is empty: give a command")
    restarting = None if restart is None else _running(restart)
    check_platform(url)
    provider = at_url(url, replicas=replicas, admin_token=admin_token, credentials=credentials, restart=restarting)
    return dataclasses.replace(provider, wait=_wait)


def _wait(seconds: float) -> None:
    """Say why nothing seems to happen while a provider's Retry-After passes."""
    click.echo(f"dayfly: waiting {seconds:g} s, as the provider asks", err=True)
    pause(seconds)


def _running(command: str) -> Callable[[], None]:
    """Return a function that runs a command of the shell. It raises ProbeError if that fails.

    The output goes to a file, because a server that the command starts would keep a pipe open.
    """

    def run() -> None:
        import subprocess
        from tempfile import TemporaryFile

        from contracts.probe import ProbeError

        with TemporaryFile("w+", errors="replace") as said:
            try:
                status = subprocess.run(
                    command, shell=True, stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False, timeout=PATIENCE
                ).returncode
            except subprocess.TimeoutExpired as error:
                raise ProbeError(command, f"has not ended within {PATIENCE} s") from error
            said.seek(0)
            last = said.read().strip().splitlines()[-1:]
        if status:
            raise ProbeError(command, ": ".join((f"ended with status {status}", *last)))

    return run
