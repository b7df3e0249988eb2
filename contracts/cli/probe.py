"""`dayfly probe`: judges a provider."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import click

from contracts.cli.destinations import Destination
from contracts.cli.options import SETTINGS, PlatformCommands, Whole, admin_token, gathered, platform_option, report_options


class ProbeArguments(NamedTuple):
    """The provider to probe, and the options for that."""

    url: str
    admin_token: str
    client_id: str
    client_secret: str
    replicas: Sequence[str]
    restart: str | None
    examples: int | None
    seed: int | None
    clauses: tuple[str, ...]
    destinations: Sequence[Destination]
    as_json: bool
    strict: bool


@click.command("probe", context_settings=SETTINGS)
@click.argument("url", metavar="URL")
@admin_token
@click.option("--client-id", metavar="ID", default="", help="An OAuth client, if there is no control API.")
@click.option("--client-secret", metavar="SECRET", default="", help="Its secret.")
@click.option("--replica", "replicas", metavar="URL", multiple=True, help="Another replica of it; may be repeated.")
@click.option("--restart", metavar="CMD", help="Restarts a replica, and exits once it serves again.")
@click.option("--examples", type=Whole(min=0), metavar="N", help="Histories to draw besides the directed trials.")
@click.option("--seed", type=Whole(min=0), metavar="N", help="Draw the same histories again; 0 if CI is set.")
@click.option("--clause", "clauses", multiple=True, metavar="CODE|NAME", help="Judge only by this clause; may be repeated.")
@platform_option
@report_options
@gathered("asked", ProbeArguments, ProbeArguments._fields)
@click.pass_context
def command(context: click.Context, /, platform: PlatformCommands, asked: ProbeArguments) -> None:
    """Judge the provider at URL by the clauses P1 to P13.

    A mock is probed through its control API, in organisations that the probe makes and deletes. With --client-id and
    --client-secret any provider can be probed. Messages are really sent then, and clauses that need control are not exercised.
    """
    platform.accept(context, "replicas", "restart", "examples", "seed", "clauses", "strict")
    context.exit(platform.probe(asked))
