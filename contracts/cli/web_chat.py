"""The parts of commands that are for the web chat."""

from __future__ import annotations

import dataclasses
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from contracts.cli.sources import WEB, check_platform, file_and_page, read_scenario, recorded, without_user
from contracts.report.kinds import OF_DECLARED
from mockserver.clock import pause

if TYPE_CHECKING:
    from contracts.cli.declared import MakeApp, Smallest
    from contracts.cli.probe import ProbeArguments
    from contracts.judge import Requirement
    from contracts.platform_requests import ClientCredentials
    from contracts.probe import Provider
    from contracts.replay import ReproductionReport
    from contracts.report.model import ClauseResult, Report, Source
    from contracts.stories.stage import StoryPlace
    from contracts.verify import Options
    from contracts.verify.platforms import JudgedPlatform
    from mockserver.settings import Settings

PATIENCE = 120
"""Most seconds that a restart may take."""


class WebChat:
    """What commands do for the web chat; see Declared."""

    def __init__(self, named: str) -> None:
        self.named = named

    @cached_property
    def judged(self) -> JudgedPlatform:
        """See Declared."""
        from contracts.verify.platforms import judged_platform

        return judged_platform("")

    def accept(self, context: click.Context, *only_web_chat: str) -> None:  # noqa: ARG002 - it has every option
        """See Declared."""
        for kind, _ in context.params["destinations"]:
            if kind in OF_DECLARED:
                raise click.UsageError(f"the report {kind} is only for declared platforms: add --platform")

    def clauses_named(self, code_or_name: str) -> Mapping[str, Sequence[Requirement]]:
        """See Declared. A clause that it lacks is looked for on the platforms that come with dayfly."""
        from contracts.clauses import DEMANDS

        own = {self.named: DEMANDS}
        if any(code_or_name in {one.code, one.name} for one in DEMANDS):
            return own
        from contracts.cli.declared import clauses_anywhere

        found = clauses_anywhere(code_or_name)
        if not found and re.fullmatch(r"[A-Za-z]\d+/[\w-]+", code_or_name):
            raise click.UsageError(f"{code_or_name} is a clause of a declared platform: name that with --platform NAME|FILE")
        return found or own

    def load(self, file: Path) -> Any:
        """See Declared."""
        from contracts.protocol import scenario as declared
        from contracts.scenario import load

        return read_scenario(file, load, declared.load, "a declared platform; add --platform")

    def check(self, recording: str, organization: str, admin_token: str, options: Options) -> Report:
        """See Declared."""
        from contracts.errors import TraceMalformed
        from contracts.verify import check

        read = recorded(recording, organization, admin_token)
        source: Source = "journal" if recording.startswith(WEB) else "recording"
        try:
            return check(without_user(recording), read.trace, options, read.extent, source, read.in_other_order)
        except TraceMalformed as error:
            raise click.ClickException(f"{without_user(recording)}: {error}") from error

    def as_curl(self, result: ClauseResult) -> str:
        """See Declared."""
        from contracts.report.exports import curl

        return curl.render(result)

    def reproduce(self, recording: str, policy: Path | None, hosts: Sequence[str]) -> tuple[ReproductionReport, Smallest]:
        """See Declared."""
        from contracts.replay import open_recording, reproduce, smallest
        from mockserver.settings import policy_from_file

        name, page = file_and_page(recording)
        enforced = policy_from_file(policy) if policy is not None else None
        with _bar("reading", _size(name)) as read_on:
            opened = open_recording(Path(name), page, hosts, read_on)
        with _bar("replaying", len(opened.steps)) as played:
            report = reproduce(opened, enforced, played)
        return report, lambda entry: smallest(opened, report, entry)

    def probe(self, asked: ProbeArguments) -> int:
        """See Declared."""
        from contracts.cli.output import tell
        from contracts.probe import BrokenOff, ProbeOptions, probe

        with _provider(asked) as provider:
            try:
                report = probe(provider, ProbeOptions(examples=asked.examples, seed=asked.seed, clauses=asked.clauses))
            except BrokenOff as broken_off:
                tell(replace(broken_off.report, replay_with=asked.url), asked.destinations, as_json=asked.as_json)
                raise
        tell(replace(report, replay_with=asked.url), asked.destinations, as_json=asked.as_json)
        return report.exit_status(strict=asked.strict)

    def place(self, url: str | None, admin_token: str, client: ClientCredentials | None) -> StoryPlace:
        """See Declared."""
        from contracts.stories.stage import InProcessStage, RemoteMock, Service, client_of

        if url is None:
            return InProcessStage()
        check_platform(url)
        return RemoteMock(url, admin_token) if client is None else Service(url, client_of(client))

    def served(self, policy: Path | None, settings: Mapping[str, Any]) -> tuple[Settings, MakeApp, bool]:
        """See Declared."""
        from contracts.console_panels import make_app
        from mockserver.settings import Settings

        return Settings.load(policy, os.environ, **settings), make_app, True


def _size(name: str) -> int:
    return os.path.getsize(name) if os.path.isfile(name) else 0


@contextmanager
def _bar(label: str, length: int) -> Iterator[Callable[[int], object]]:
    """Show a progress bar on standard error, if that is a terminal."""
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=length, label=label, file=sys.stderr, hidden=hidden) as bar:
        yield bar.update


def _provider(asked: ProbeArguments) -> Provider:
    from contracts.platform_requests import ClientCredentials
    from contracts.probe import at_url

    client_id, client_secret, restart = asked.client_id, asked.client_secret, asked.restart
    if bool(client_id) != bool(client_secret):
        raise click.UsageError("--client-id and --client-secret go together")
    if client_id and asked.admin_token:
        raise click.UsageError(
            "give --client-id and --client-secret, or --admin-token, but not both: with control no client is needed"
        )
    credentials = ClientCredentials(client_id, client_secret) if client_id else None
    if restart is not None and not restart.strip():
        raise click.UsageError("--restart is empty: give a command")
    restarting = None if restart is None else _running(restart)
    check_platform(asked.url)
    provider = at_url(
        asked.url, replicas=asked.replicas, admin_token=asked.admin_token, credentials=credentials, restart=restarting
    )
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
