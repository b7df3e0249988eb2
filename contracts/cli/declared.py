"""What the commands do for a declared platform."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.core import ParameterSource
from msgspec.structs import replace

from contracts.cli.options import TYPED

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from contracts.cli.options import Chosen
    from contracts.report.model import Report
    from contracts.verify import Options
    from contracts.verify.campaign import Watch
    from mockserver.platform import Platform
    from mockserver.settings import Settings


def is_declared(platform: str | None) -> bool:
    """Return True if the platform is not the web chat, which has a judge of its own."""
    from mockserver.platform.library import WEB_CHAT

    return platform not in {None, "", WEB_CHAT}


def compiler(named: str) -> Callable[[Mapping[str, Any]], Platform]:
    """Return a function that compiles a platform under a policy. Raises SettingsError, DeclarationError."""
    from mockserver.platform import compile_platform, find

    path = find(named)

    def compile(policy: Mapping[str, Any]) -> Platform:
        return compile_platform(path, policy)

    compile({})
    return compile


# -- serving ---------------------------------------------------------------------------------------------------------


def policy_of(path: Path | None) -> dict[str, Any]:
    """Return the words of kinds that a TOML file sets, as ``{"session.ttl": 60}``. Raises ClickException."""
    if path is None:
        return {}
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path}: cannot be read as TOML: {error}") from error
    words: dict[str, Any] = {}
    for kind, told in content.items():
        if not isinstance(told, dict):
            raise click.ClickException(f"{path}: {kind} has to be a table, as in [session] with ttl = 60 below it")
        words |= {f"{kind}.{word}": value for word, value in told.items()}
    return words


def make_app(named: str, policy: Mapping[str, Any]) -> Callable[[Settings], WSGIApplication]:
    """Return a function that makes the application of a declared platform. Raises SettingsError, DeclarationError."""
    from mockserver.declared.mock import Mock, Registered
    from mockserver.web.declared import create_declared_app

    compiled = compiler(named)(policy)
    registered = next((kind for kind in compiled.kinds.values() if kind.registered), None)

    def make(settings: Settings) -> WSGIApplication:
        given: dict[str, Registered] = {}
        if registered is not None:
            bound = dict.fromkeys(list(registered.bound)[:1], settings.client_secret)
            given[registered.name] = Registered(settings.client_id, bound)
        mock = Mock(compiled, registered=given, journal_entries=settings.journal_entries)
        return create_declared_app(mock, admin_token=settings.admin_token, opaque=settings.opaque)

    return make


# -- judging ---------------------------------------------------------------------------------------------------------


class Declaration(NamedTuple):
    """A declared platform: its name or file as it was given, and what compiles it under a policy."""

    named: str
    compile: Callable[[Mapping[str, Any]], Platform]

    @property
    def platform(self) -> Platform:
        """The platform without a policy."""
        return self.compile({})

    @property
    def codes(self) -> list[str]:
        """The codes of the clauses for its clients."""
        from contracts.protocol.rules import demands

        return [demand.code for demand in demands(self.platform)]

    @property
    def methods(self) -> dict[str, str]:
        """The methods that a client in Python must have: one for each unit of work, with its signature."""
        return {name: f"{name}({', '.join(effect.get('with', {}))})" for name, effect in self.platform.effects.items()}

    def refuse(self, context: click.Context, *names: str) -> None:
        """Raise UsageError if an option was given that is for the web chat, or a parameter that no clause has here."""
        from contracts.protocol.rules import demands

        used = {name for demand in demands(self.platform) for name in demand.parameters}
        for name in (*names, *(name for name in TYPED if name not in used)):
            if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
                raise click.UsageError(f"--{name.replace('_', '-')} is for the web chat, and does not go with --platform")

    def verify(self, client: Chosen, options: Options, watch: Watch | None) -> Report:
        """Verify a client."""
        from contracts.protocol.verify import verify

        return self._named(verify(client.name, client.clients, self.compile, options, watch))

    def replay(self, client: Chosen, file: Path, options: Options, times: int) -> Report:
        """Run a client through a scenario file."""
        from contracts.protocol.scenario import load
        from contracts.protocol.verify import replayed

        return self._named(replayed(client.name, client.clients, self.compile, load(file), options, times))

    def check(self, recording: str, options: Options) -> Report:
        """Judge a HAR file. Raises ClickException."""
        from contracts.protocol.recording import read
        from contracts.protocol.verify import checked

        if recording.startswith(("http://", "https://")):
            raise click.UsageError(
                "a running mock of a declared platform cannot be checked yet: record the client as a HAR file"
            )
        reading = read(Path(recording), self.platform)
        if not reading.calls:
            raise click.ClickException(f"{recording}: {reading.extent}; is it the right platform?")
        return self._named(checked(recording, self.platform, reading.trace, reading.extent, options))

    def _named(self, report: Report) -> Report:
        return replace(report, platform=self.named)


def declaration(named: str | None) -> Declaration | None:
    """Return the platform that a command was given; None for the web chat. Raises SettingsError, DeclarationError."""
    return Declaration(str(named), compiler(str(named))) if is_declared(named) else None


def explain(named: str, code: str) -> str:
    """Return what a clause of a declared platform demands, and on which sentence it rests. Raises UnknownClause."""
    from contracts.cli.console import style_for
    from contracts.protocol.rules import demands
    from contracts.report.describe import describe
    from contracts.verify import select_from

    found = select_from(demands(compiler(named)({})), (code,))
    return "\n".join(describe(demand, style_for(sys.stdout)) for demand in found)


def probe(named: str, url: str, admin_token: str, client_id: str, client_secret: str) -> int:
    """Probe a provider of a declared platform and print the result; return the exit status."""
    from contracts.protocol.probe import Given, prober, table

    platform = compiler(named)({})
    registered = next((kind for kind in platform.kinds.values() if kind.registered), None)
    given = {}
    if client_id and registered is not None:
        given[registered.name] = Given(client_id, dict.fromkeys(list(registered.bound)[:1], client_secret))
    with prober(platform, url, admin_token, given) as asking:
        checks = list(asking.checks())
    click.echo(table(checks), nl=False)
    if any(check.status == "violated" for check in checks):
        return 1
    return 0 if any(check.status == "held" for check in checks) else 2
