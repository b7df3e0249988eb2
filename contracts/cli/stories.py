"""`dayfly stories`: shows and runs raw requests with expected answers, and writes them as scripts."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from contracts.cli import completing
from contracts.cli.options import SETTINGS, Seconds, admin_token
from contracts.cli.options import as_json as json_option
from contracts.cli.options import platform as platform_option
from contracts.cli.output import say_json
from contracts.cli.sources import check_platform
from contracts.stories.exports import KINDS

if TYPE_CHECKING:
    from contracts.report.style import Style
    from contracts.stories.model import AnyStory
    from contracts.stories.run import StoryResult
    from contracts.stories.stage import StoryPlace

WIDTH = 80
"""Most columns of stories."""


@click.group("stories", context_settings=SETTINGS)
def command() -> None:
    """Run stories: raw requests with the answers they get, and changes of the platform between them.

    A story is given by its name or by the path of its file.
    """


@command.command("list", context_settings=SETTINGS)
@platform_option
@json_option
def list_stories(platform: str, as_json: bool) -> None:
    """List the stories that come with dayfly."""
    from contracts.stories import library, text

    of = _folder(platform)
    stories = {name: library.find(name, of) for name in library.names(of)}
    if as_json:
        rows = [{"name": name, "title": story.title, "summary": story.summary} for name, story in stories.items()]
        say_json(rows)
        return
    for line in text.listed(stories, _style()):
        click.echo(line, color=True)


@command.command("show", context_settings=SETTINGS)
@click.argument("name", shell_complete=completing.stories)
@click.option("--emit", "kind", type=click.Choice(list(KINDS)), help="Print the story as a script.")
@platform_option
@json_option
def show(name: str, kind: str | None, platform: str, as_json: bool) -> None:
    """Show a story as steps, with the answer to each request."""
    from contracts.stories import codec, library, text

    of = _folder(platform)
    if as_json and kind is not None:
        raise click.UsageError("--json cannot be combined with --emit")
    story = library.find(name, of)
    if as_json:
        say_json({"name": name, **codec.document(story)})
        return
    if kind is not None:
        from contracts.stories.exports import render

        click.echo(render(story, kind), nl=False)
        return
    for line in text.shown(name, story, _style()):
        click.echo(line, color=True)


@command.command("run", context_settings=SETTINGS)
@click.argument("names", metavar="NAME...", nargs=-1, shell_complete=completing.stories)
@click.option("--all", "every", is_flag=True, help="Run every story that comes with dayfly.")
@platform_option
@click.option("--url", metavar="URL", help="A running mock, or any provider with --client-id. Default: a mock in this process.")
@admin_token
@click.option("--client-id", metavar="ID", default="", help="An OAuth client of a provider without a control API.")
@click.option("--client-secret", metavar="SECRET", default="", help="Its secret.")
@click.option(
    "--wait", metavar="S", type=Seconds(min=0, max=86_400), default=0.0, help="Most seconds that a story may really wait."
)
@json_option
@click.pass_context
def run_stories(
    context: click.Context,
    names: tuple[str, ...],
    every: bool,
    platform: str,
    url: str | None,
    admin_token: str,
    client_id: str,
    client_secret: str,
    wait: float,
    as_json: bool,
) -> None:
    """Run stories, and compare every answer with the expected one.

    Each story has its own organisation, which is deleted again. A running mock of a declared platform has one; its clock stands
    still meanwhile, and its faults are cleared. With --client-id the provider cannot be controlled: a story
    that needs control is skipped, and so is one that waits, unless --wait allows it.

    Exit status: 0 all as expected, 1 one was not, 2 none could be run.
    """
    from contracts.stories import library

    of = _folder(platform)
    if every == bool(names):
        raise click.UsageError("name a story, or add --all; `dayfly stories list` shows their names")
    stories = {name: library.find(name, of) for name in (library.names(of) if every else names)}
    if not stories:
        raise click.UsageError(f"no stories come with the platform {platform}; name a file")
    place = _place(of, url, admin_token, client_id, client_secret)
    try:
        told = _tell(stories, place, wait, as_json)
    finally:
        place.close()
    context.exit(_status(told))


def _folder(platform: str) -> str:
    """Return the platform's name or file; "" without one. Raises SettingsError or DeclarationError."""
    from contracts.verify.declared import declaration

    return "" if declaration(platform) is None else platform


def _place(platform: str, url: str | None, admin_token: str, client_id: str, client_secret: str) -> StoryPlace:
    from contracts.platform_requests import ClientCredentials
    from contracts.stories.stage import InProcessStage, MockInProcess, RemoteMock, Service, client_of
    from mockserver.platform import compile_platform, find

    if bool(client_id) != bool(client_secret):
        raise click.UsageError("--client-id and --client-secret go together")
    if url is None and client_id:
        raise click.UsageError("--client-id is for a provider at --url; the mock in this process has its own client")
    declared = compile_platform(find(platform)) if platform else None
    if url is None:
        return InProcessStage() if declared is None else MockInProcess(declared)
    check_platform(url, "" if declared is None else declared.name)
    if client_id:
        return Service(url, client_of(ClientCredentials(client_id, client_secret), declared))
    return RemoteMock(url, admin_token, declared=declared is not None)


def _tell(stories: Mapping[str, AnyStory], place: StoryPlace, wait: float, as_json: bool) -> Mapping[str, StoryResult]:
    from contracts.stories import run, text

    people, told = sys.stderr if as_json else sys.stdout, {}
    style = _style(as_json)
    for name, story in stories.items():
        told[name] = run.run(story, place, wait)
        for line in text.told(name, story, told[name], style, steps=len(stories) == 1):
            click.echo(line, file=people, color=True)
    click.echo(_summary(told, place), file=people)
    if as_json:
        results = [run.as_json(name, stories[name], one) for name, one in told.items()]
        say_json({"place": place.name, "stories": results})
    return told


def _summary(told: Mapping[str, StoryResult], place: StoryPlace) -> str:
    counts = {word: sum(one.outcome == word for one in told.values()) for word in ("as expected", "different", "skipped")}
    return f"{place.name}: " + ", ".join(f"{count} {word}" for word, count in counts.items() if count)


def _status(told: Mapping[str, StoryResult]) -> int:
    outcomes = {one.outcome for one in told.values()}
    if "different" in outcomes:
        return 1
    return 0 if "as expected" in outcomes else 2


def _style(aside: bool = False) -> Style:
    from contracts.cli.output import style_for

    look = style_for(sys.stderr if aside else sys.stdout)
    return replace(look, columns=min(WIDTH, look.columns))
