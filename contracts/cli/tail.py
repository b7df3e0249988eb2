"""`dayfly tail`: follows the journal of a running mock."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from contracts.cli.options import SETTINGS, Whole, admin_token
from contracts.stories.exports import DEFAULT_URL

if TYPE_CHECKING:
    from mockserver.journal import Perturbed
    from mockserver.journal_queries import Exchange


@click.command("tail", context_settings=SETTINGS)
@click.argument("url", default=DEFAULT_URL)
@click.option(
    "--organization", metavar="ID", default="default", show_default=True, help="The organisation whose journal to follow."
)
@click.option(
    "-n",
    "--lines",
    type=Whole(0, 1000),
    default=10,
    show_default=True,
    help="Number of latest requests to begin with.",
)
@click.option("--no-follow", is_flag=True, help="Print the latest requests, and exit.")
@click.option("--status", type=Whole(100, 599), help="Only requests with this status.")
@click.option(
    "--reason",
    metavar="REASON",
    help="Only requests with this reason, such as session.consumed; session alone covers all of them.",
)
@click.option("--operation", metavar="NAME", help="Only requests of this operation: token, create, send, or a declared one.")
@click.option("--guest", metavar="NAME", help="Only requests for the guest of this name or e-mail address.")
@click.option("--text", metavar="WORDS", help="Only requests with this in message, guest, session id or contextId.")
@admin_token
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(
    url: str, organization: str, lines: int, no_follow: bool, admin_token: str, as_json: bool, **filters: object
) -> None:
    """Follow the journal of the mock at URL: each request with its answer and the reason, as it happens, until Ctrl-C.

    Each refusal is followed by its contextId, which `dayfly explain` explains.
    """
    from contracts.cli.following import Journal, Strays, merged

    wanted = {name: str(value) for name, value in filters.items() if value is not None}
    journal, tell = Journal(url, organization, admin_token, wanted), _teller(as_json)
    shown = journal.last(lines)
    strays = Strays(url, organization, admin_token, wanted)
    shown = sorted([*shown, *strays.last(lines)], key=lambda exchange: exchange.at)[-lines:] if lines else strays.last(0)
    if strays.count:
        _warn(strays.told())
    for exchange in shown:
        tell(exchange)
    if not no_follow:
        for item in merged(journal.follow(_lost), strays.follow(_warn)):
            tell(item)


def _teller(as_json: bool) -> Callable[[Exchange | Perturbed], None]:
    if as_json:
        import msgspec

        return lambda item: click.echo(msgspec.json.encode(item))
    from contracts.cli.journalled import journalled
    from contracts.cli.output import style_for

    style = style_for(sys.stdout)
    return lambda item: click.echo("\n".join(journalled(item, style)), color=True)


def _lost(why: str) -> None:
    _warn(f"the stream is lost ({why}); trying again")


def _warn(words: str) -> None:
    click.echo(words, err=True)
