"""The parts of commands that are for declared platforms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from contracts.cli.options import TYPED
from contracts.cli.sources import WEB, Readers, platform_in, read_by, without_user

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from contracts.judge import Requirement
    from contracts.protocol.recording import Reading
    from contracts.report.model import Report
    from contracts.stories.model import AnyStory
    from contracts.verify import Options
    from contracts.verify.declared import PlatformSource
    from mockserver.declared.past import DeclaredPast
    from mockserver.explain import Explanation
    from mockserver.journal import Entry
    from mockserver.platform.model import Platform
    from mockserver.settings import Settings

R = TypeVar("R")


def is_declared(platform: str | None) -> bool:
    """Return True if the platform is not the web chat, which has a judge of its own."""
    from mockserver.platform.library import WEB_CHAT

    return platform not in {None, "", WEB_CHAT}


# -- serving ---------------------------------------------------------------------------------------------------------


def policy_of(path: Path | None) -> dict[str, Any]:
    """Return the words of kinds that a TOML file sets, as ``{"session.ttl": 60}``. Raises ClickException, SettingsError."""
    if path is None:
        return {}
    from mockserver.settings import policy_table

    words: dict[str, Any] = {}
    for kind, told in policy_table(path).items():
        if not isinstance(told, dict):
            raise click.ClickException(f"{path}: {kind} has to be a table, as in [session] with ttl = 60 below it")
        words |= {f"{kind}.{word}": value for word, value in told.items()}
    return words


def make_app(named: str, policy: Mapping[str, Any]) -> Callable[[Settings], WSGIApplication]:
    """Return a function that makes the application of a declared platform. Raises SettingsError, DeclarationError."""
    from contracts.console_panels import extend
    from mockserver import stores
    from mockserver.declared.mock import BOUNDS, Mock, Registered
    from mockserver.journal_file import JournalFile
    from mockserver.platform import compile_platform, find
    from mockserver.web.declared import create_declared_app

    compiled = compile_platform(find(named), policy)
    registered = next((kind for kind in compiled.kinds.values() if kind.registered), None)

    def make(settings: Settings) -> WSGIApplication:
        given: dict[str, Registered] = {}
        if registered is not None:
            bound = dict.fromkeys(list(registered.bound)[:1], settings.client_secret)
            given[registered.name] = Registered(settings.client_id, bound)
        file = JournalFile(Path(settings.journal_file), dict(policy), compiled.name) if settings.journal_file else None
        store = stores.open(settings.store, BOUNDS._replace(journal_entries=settings.journal_entries))
        mock = Mock(compiled, store=store, registered=given, sink=file.append if file is not None else None)
        return create_declared_app(mock, settings, extensions=(lambda app, parts: extend(app, parts, named),))

    return make


def has_client(named: str) -> bool:
    """Return True if a platform has a kind that is registered, as an OAuth client is."""
    from mockserver.platform import compile_platform, find

    return any(kind.registered for kind in compile_platform(find(named)).kinds.values())


# -- judging ---------------------------------------------------------------------------------------------------------


def declaration(named: str | None, context: click.Context, *not_here: str) -> PlatformSource | None:
    """Return the platform that a command was given; None for the web chat.

    Raises UsageError for options `not_here` and reports, which are for the web chat, and for parameters that no clause has.
    """
    from contracts.report.kinds import OF_DECLARED, OF_WEB_CHAT
    from contracts.verify.declared import declaration

    declared = declaration(named)
    if declared is None:
        for kind, _ in context.params["destinations"]:
            if kind in OF_DECLARED:
                raise click.UsageError(f"the report {kind} is only for declared platforms: add --platform")
        return None
    used = {name for demand in declared.demands for name in demand.parameters}
    for name in (*not_here, *(name for name in TYPED if name not in used)):
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name.replace('_', '-')} is for the web chat, and does not go with --platform")
    for kind, _ in context.params["destinations"]:
        if kind in OF_WEB_CHAT:
            raise click.UsageError(f"the report {kind} is only for the web chat; take json or html with --platform")
    return declared


def check(declared: PlatformSource, recording: str, organization: str, admin_token: str, options: Options) -> Report:
    """Judge a HAR file, or the journal of a mock: a file, or that of the mock that runs at a URL."""
    read = reading_of(declared, recording, organization, admin_token)
    return declared.check(without_user(recording), read, options, "journal" if recording.startswith(WEB) else "recording")


def reading_of(declared: PlatformSource, recording: str, organization: str = "default", admin_token: str = "") -> Reading:
    """Read a HAR file or the journal of a mock, in a file or at a URL, as a recording of a platform."""
    from contracts.protocol import journal
    from contracts.protocol import recording as har

    is_running = recording.startswith(WEB)
    readers: Readers[Reading] = Readers(
        lambda file, name, _, attached: har.read(file, name, attached, declared.platform),
        lambda entries, name: journal.read(entries, compiled_for(declared, entries, name), complete=is_running),
    )
    return read_by(readers, recording, organization, admin_token)


def explanation_from(journal: str, context_id: str, named: str) -> Explanation:
    """Return the explanation of a contextId in a journal file. Without `named`, its header names the platform."""
    from mockserver.declared.explain import explained

    return _from_journal(journal, named, lambda past, _: explained(past, context_id))


def reproduced_from(journal: str, context_id: str, named: str) -> AnyStory:
    """Return the smallest story that is refused as a request in a journal file was."""
    from contracts.replay.minimize import distil_declared

    return _from_journal(journal, named, lambda past, platform: distil_declared(past, context_id, platform))


def _from_journal(journal: str, named: str, tell: Callable[[DeclaredPast, str], R]) -> R:
    """Return what `tell` makes of a journal file's past and of the name of its platform."""
    from contracts.verify.declared import declaration
    from mockserver.declared.past import DeclaredPast

    def trace(entries: list[Entry], name: str) -> R:
        platform = named or _shipped(platform_in(entries), name)
        declared = declaration(platform)
        if declared is None:
            raise click.ClickException(f"{name}: this is a journal of the web chat; `dayfly reproduce` explains its refusals")
        return tell(DeclaredPast(compiled_for(declared, entries, name), entries), platform)

    def har(_file: object, name: str, _page: str | None, _attached: object) -> R:
        raise click.ClickException(f"{name}: this is a HAR file; give a journal, as `dayfly serve --journal` writes it")

    return read_by(Readers(har, trace), journal, "default", "")


def _shipped(platform: str, name: str) -> str:
    """Return the platform of a journal. Raises ClickException if it does not come with dayfly, so that its file is needed."""
    from mockserver.platform import names

    if platform and platform not in names():
        raise click.ClickException(f"{name}: this is a journal of the platform {platform}; give its file with --platform FILE")
    return platform


def compiled_for(declared: PlatformSource, entries: Iterable[Entry], name: str) -> Platform:
    """Return the platform under the policy of a journal. Raises ClickException if the journal is another platform's."""
    from mockserver.journal import Header
    from mockserver.platform.library import WEB_CHAT

    found = platform_in(entries) or WEB_CHAT
    if found != declared.platform.name:
        hint = "leave out --platform" if found == WEB_CHAT else f"add --platform {found}, or its file"
        raise click.ClickException(f"{name}: this is a journal of the platform {found}; {hint}")
    return declared.compile(next(one.policy for one in entries if isinstance(one, Header)))


def clauses_anywhere(code: str) -> dict[str, tuple[Requirement, ...]]:
    """Return the clauses with this code or name on the platforms that come with dayfly, by platform; not the web chat's."""
    from mockserver.platform import names
    from mockserver.platform.library import WEB_CHAT

    found = {name: tuple(one for one in clauses_of(name) if code in _names_of(one)) for name in names() if name != WEB_CHAT}
    return {name: clauses for name, clauses in found.items() if clauses}


def _names_of(demand: Requirement) -> tuple[str, str, str]:
    return demand.code, demand.code.partition("/")[0], demand.name


def clauses_of(named: str) -> tuple[Requirement, ...]:
    """Return the clauses of a platform: the web chat's, or those for clients of a declared one."""
    from contracts.clauses import DEMANDS
    from contracts.verify.declared import declaration

    declared = declaration(named)
    return DEMANDS if declared is None else declared.demands


def worded(demands: Iterable[Requirement]) -> str:
    """Return clauses as text, each with the sentence that it rests on."""
    lines = []
    for demand in demands:
        lines.append(f"{demand.code} {demand.name}: the client must {demand.statement}.")
        lines += [f"  {demand.level}: {demand.source}"] if demand.source else []
    return "\n".join(lines) + "\n"


def probe(named: str, url: str, admin_token: str, client_id: str, client_secret: str, *, as_json: bool) -> int:
    """Probe a provider of a declared platform and print the result; return the exit status."""
    from contracts.cli.output import say_json
    from contracts.protocol.probe import KnownCredential, prober, table
    from mockserver.platform import compile_platform, find

    platform = compile_platform(find(named))
    registered = next((kind for kind in platform.kinds.values() if kind.registered), None)
    given = {}
    if client_id and registered is not None:
        given[registered.name] = KnownCredential(client_id, dict.fromkeys(list(registered.bound)[:1], client_secret))
    with prober(platform, url, admin_token, given) as asking:
        checks = list(asking.checks())
    click.echo(table(checks), nl=False, err=as_json)
    if as_json:
        say_json({"schema_version": 1, "subject": "provider", "target": url, "checks": [check._asdict() for check in checks]})
    if any(check.status == "violated" for check in checks):
        return 1
    return 0 if any(check.status == "held" for check in checks) else 2
