"""`dayfly probe`: judges a provider."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from contracts.cli.console import Destination, tell
from contracts.cli.options import SETTINGS, admin_token, report_options
from contracts.cli.options import platform as platform_option
from mockserver.clock import pause

if TYPE_CHECKING:
    from contracts.probe import Provider

PATIENCE = 120
"""Seconds that a restart may take."""


@click.command("probe", context_settings=SETTINGS)
@click.argument("url", metavar="URL")
@admin_token
@click.option("--client-id", metavar="ID", default="", help="An OAuth client, where there is no control API.")
@click.option("--client-secret", metavar="SECRET", default="", help="Its secret.")
@click.option("--replica", "replicas", metavar="URL", multiple=True, help="Another replica of it; may be repeated.")
@click.option("--restart", metavar="CMD", help="Restarts a replica, and ends once that serves again.")
@click.option("--examples", type=click.IntRange(min=0), metavar="N", help="Histories to draw beside the directed trials.")
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Draws the same histories again; 0 under CI.")
@click.option("--clause", "clauses", multiple=True, metavar="CODE|NAME", help="Judge by this clause alone; may be repeated.")
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

    A mock is probed through its control API, in organisations of the probe's own, which are deleted again. With --client-id and
    --client-secret it may be any provider: messages are really sent there, and what needs control is not exercised.
    """
    from contracts.cli import declared
    from contracts.probe import BrokenOff, Options, probe

    if declared.is_declared(platform):
        context.exit(declared.probe(platform, url, admin_token, client_id, client_secret))

    options = Options(examples=examples, seed=seed, clauses=clauses)
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
    from contracts.asking import Credentials
    from contracts.probe import at_url

    if bool(client_id) != bool(client_secret):
        raise click.UsageError("--client-id and --client-secret go together")
    if client_id and admin_token:
        raise click.UsageError("name --client-id and --client-secret, or --admin-token: with control no client is needed")
    credentials = Credentials(client_id, client_secret) if client_id else None
    if restart is not None and not restart.strip():
        raise click.UsageError("--restart names no command")
    restarting = None if restart is None else _running(restart)
    provider = at_url(url, replicas=replicas, admin_token=admin_token, credentials=credentials, restart=restarting)
    return dataclasses.replace(provider, wait=_wait)


def _wait(seconds: float) -> None:
    """Says why nothing is to be seen, where a provider asks for patience."""
    click.echo(f"dayfly: the provider asks for {seconds:g} s of patience", err=True)
    pause(seconds)


def _running(command: str) -> Callable[[], None]:
    """Runs a command of the shell. Raises ProbeError where that fails.

    What it says goes to a file: a pipe would be held open by the server that it starts.
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
