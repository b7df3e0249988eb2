"""The commands `verify`, `replay`, `check`, `probe` and `serve` for a declared platform."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from contracts.cli.leftovers import nothing_left_running
from contracts.cli.options import driven

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from contracts.cli.console import Destination
    from contracts.cli.options import Choice, Chosen
    from contracts.protocol.judge import Verdict
    from contracts.protocol.verify import Report
    from mockserver.platform import Platform
    from mockserver.settings import Settings

IN_REAL_TIME, AS_PROCESS = 30, 90
"""Scenarios for a client whose waits are real, and for a process in virtual time, unless others are asked for."""

PRINTERS = ("text", "json", "junit", "issue")


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


def methods_of(platform: Platform) -> dict[str, str]:
    """Return the methods that a client in Python must have: one for each unit of work, with its signature."""
    return {name: f"{name}({', '.join(effect.get('with', {}))})" for name, effect in platform.effects.items()}


NOT_HERE = ("profile", "walk", "corpus", "corpus_keep", "expected_failures")
"""Options of `dayfly verify` that only the web chat has."""


def verify(context: click.Context, choice: Choice) -> int:
    """Verify a client of a declared platform with the options of `dayfly verify`; return the exit status."""
    from contracts.cli.console import clients_print_to_stderr
    from contracts.protocol.client import chosen as only
    from contracts.protocol.verify import verify as verified

    given = context.params
    for name in NOT_HERE:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name.replace('_', '-')} is for the web chat, and does not go with --platform")
    compile = compiler(given["platform"])
    platform = compile({})

    def run(client: Chosen) -> Report:
        most = given["examples"]
        if most is None and client.clients.is_process:
            most = AS_PROCESS if client.clients.clock == "virtual" else IN_REAL_TIME
        return verified(client.name, client.clients, compile, seed=given["seed"] or 0, most=most)

    with nothing_left_running(), clients_print_to_stderr():
        _, report = driven(choice, run, methods_of(platform))
    report = only(report, platform, given["clauses"])
    tell(report, platform, given["destinations"], as_json=given["as_json"])
    if given["examples"] is not None and given["examples"] > report.scenarios:
        wanted = given["examples"]
        click.echo(f"dayfly: {report.scenarios} scenarios are all that there are; --examples {wanted} adds none", err=True)
    return report.exit_status


def replay(named: str, choice: Choice, file: Path, *, times: int) -> int:
    """Run a client through one scenario file `times` times and print the result; return the exit status."""
    from contracts.cli.console import clients_print_to_stderr
    from contracts.protocol.report import text
    from contracts.protocol.scenario import load
    from contracts.protocol.verify import replayed

    scenario = load(file)
    compile = compiler(named or scenario.platform)
    platform = compile({})
    with nothing_left_running(), clients_print_to_stderr():
        _, (report, broken) = driven(
            choice,
            lambda client: replayed(client.name, client.clients, compile, scenario, times),
            methods_of(platform),
        )
    click.echo(text(report, platform), nl=False)
    if times > 1:
        click.echo(f"violated in {broken} of {times} replays")
    return report.exit_status


def check(named: str, recording: str, *, clauses: Sequence[str], reports: Sequence[Destination], as_json: bool) -> int:
    """Judge a HAR file by a declared platform and print the result; return the exit status."""
    from contracts.protocol.client import chosen as only
    from contracts.protocol.recording import read
    from contracts.protocol.verify import checked

    platform = compiler(named)({})
    if recording.startswith(("http://", "https://")):
        raise click.UsageError("a running mock of a declared platform cannot be checked yet: record the client as a HAR file")
    reading = read(Path(recording), platform)
    if not reading.calls:
        raise click.ClickException(f"{recording}: {reading.extent}; is it the right platform, and the right path in `servers`?")
    report = only(checked(recording, platform, reading.trace, reading.extent), platform, clauses)
    tell(report, platform, reports, as_json=as_json)
    return report.exit_status


def explain(named: str, code: str) -> str:
    """Return what a clause of a declared platform demands, and on which sentence it rests. Raises ClickException."""
    from mockserver.platform.errors import suggestion

    verdicts = clauses_of(compiler(named)({}))
    found = [verdict for verdict in verdicts if code in _names_of(verdict)]
    if not found:
        known = [verdict.code for verdict in verdicts]
        raise click.ClickException(f"this platform has no clause {code!r}; {suggestion(code, known)}")
    return worded(found)


def explain_anywhere(code: str) -> str:
    """Return what a clause demands on each platform that comes with dayfly and has it; "" if none has."""
    from mockserver.platform import names
    from mockserver.platform.library import WEB_CHAT

    parts = []
    for name in names():
        if name != WEB_CHAT and code in {part for one in clauses_of(compiler(name)({})) for part in _names_of(one)}:
            parts.append(f"on the platform {name}:\n{explain(name, code)}")
    return "\n".join(parts)


def _names_of(verdict: Verdict) -> tuple[str, str, str]:
    return verdict.code, verdict.code.partition("/")[0], verdict.name


def clauses_of(platform: Platform) -> list[Verdict]:
    """Return the clauses for clients of a platform, as verdicts on a run in which nothing happened."""
    from contracts.protocol.judge import judge
    from contracts.protocol.trace import Trace

    return judge(platform, Trace(exchanges=[]))


def worded(verdicts: Iterable[Verdict]) -> str:
    """Return clauses as text, each with the sentence that it rests on."""
    lines = []
    for verdict in verdicts:
        lines.append(f"{verdict.code} {verdict.name}: {verdict.statement}.")
        lines += [f"  {verdict.level}: {verdict.source}"] if verdict.source else []
    return "\n".join(lines) + "\n"


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


def tell(report: Report, platform: Platform, reports: Sequence[Destination], *, as_json: bool) -> None:
    """Print a report, or write it to each destination in `reports`. Raises ClickException."""
    from contracts.cli.console import deliver
    from contracts.protocol.report import render, text

    for kind, _ in reports:
        if kind not in PRINTERS:
            raise click.UsageError(f"for a declared platform there are the reports {', '.join(PRINTERS)}, and not {kind}")
    deliver(
        lambda kind: render(report, platform, kind).encode("utf-8", "backslashreplace"),
        lambda _: text(report, platform),
        reports,
        as_json=as_json,
    )
