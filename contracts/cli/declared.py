"""The parts of commands that are for declared platforms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource
from msgspec.structs import replace

from contracts.cli.sources import WEB, Readers, check_platform, platform_in, read_by, read_scenario, without_user
from contracts.judge import TYPED
from contracts.report.kinds import OF_DEFAULT

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from contracts.cli.probe import ProbeArguments
    from contracts.judge import Requirement
    from contracts.platform_requests import ClientCredentials
    from contracts.protocol.recording import Reading
    from contracts.replay import ReproductionReport
    from contracts.report.model import ClauseResult, Report
    from contracts.stories.model import AnyStory
    from contracts.stories.stage import StoryPlace
    from contracts.verify import Options
    from contracts.verify.declared import PlatformSource
    from mockserver.declared.past import DeclaredPast
    from mockserver.explain import Explanation
    from mockserver.journal import Entry
    from mockserver.platform.model import Platform
    from mockserver.settings import Settings
    from mockserver.web.declared import DeclaredApp

    MakeApp = Callable[[Settings], WSGIApplication]
    Smallest = Callable[[int | None], AnyStory]

R = TypeVar("R")


class Declared:
    """What commands do for a declared platform; `named` is its name or its file."""

    def __init__(self, named: str) -> None:
        self.named = named

    @cached_property
    def judged(self) -> PlatformSource:
        """The platform whose clients are judged. Raises SettingsError or DeclarationError."""
        from contracts.verify.declared import declaration

        found = declaration(self.named)
        assert found is not None
        return found

    def accept(self, context: click.Context, *only_web_chat: str) -> None:
        """Raise UsageError for a report, for a parameter or for one of these options that the platform does not have."""
        used = {name for demand in self.judged.demands for name in demand.parameters}
        options = {str(one.name): one.opts[0] for one in context.command.params}
        for name in (*only_web_chat, *(name for name in TYPED if name not in used)):
            if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
                raise click.UsageError(f"{options[name]} is for the web chat, and does not go with --platform")
        for kind, _ in context.params["destinations"]:
            if kind in OF_DEFAULT:
                raise click.UsageError(f"the report {kind} is only for the web chat; take json or html with --platform")

    def clauses_named(self, code_or_name: str) -> Mapping[str, Sequence[Requirement]]:  # noqa: ARG002 - all are its own
        """Return the clauses that may be meant, by platform."""
        return {self.named: self.judged.demands}

    def load(self, file: Path) -> Any:
        """Read a scenario. Raises ScenarioError, or ClickException for one of the web chat."""
        from contracts.scenario import load

        return read_scenario(file, self.judged.load, load, "the web chat; leave out --platform")

    def check(self, recording: str, organization: str, admin_token: str, options: Options) -> Report:
        """Judge a HAR file, or the journal of a mock: a file, or that of the mock that runs at a URL."""
        read = reading_of(self.judged, recording, organization, admin_token)
        return self.judged.check(
            without_user(recording), read, options, "journal" if recording.startswith(WEB) else "recording"
        )

    def as_curl(self, result: ClauseResult) -> str:
        """Return what the client did in a counterexample as a script of curl commands."""
        from contracts.protocol.course import CourseOfRun
        from contracts.protocol.scenario import DeclaredScenario
        from contracts.replay.calls import story_of
        from contracts.replay.minimize.declared import UNDER_POLICY
        from contracts.stories.exports import render

        found = result.counterexample
        assert found is not None
        assert isinstance(found.course, CourseOfRun)
        title = f"{result.code} {result.name}: {found.message}"
        assert isinstance(found.scenario, DeclaredScenario)
        platform = self.judged.compile(found.scenario.policy)
        story = story_of(platform, found.course.trace, self.named, title)
        return render(replace(story, notes=(UNDER_POLICY,)) if found.scenario.policy else story, "curl")

    def reproduce(self, recording: str, policy: Path | None, hosts: Sequence[str]) -> tuple[ReproductionReport, Smallest]:  # noqa: ARG002 - of the web chat
        """Replay a recording."""
        from contracts.replay.declared import DeclaredReplay

        words = _policy_of(policy)
        source = self.judged._replace(compile=lambda recorded: self.judged.compile({**recorded, **words}))
        reading = reading_of(source, recording)
        told = "as declared" if policy is None else f"that of {policy}"
        report = DeclaredReplay(reading, self.named, recording, told).report()
        return report, lambda entry: DeclaredReplay(reading, self.named, recording).smallest(entry)

    def probe(self, asked: ProbeArguments) -> int:
        """Probe a provider and print the result; return the exit status."""
        from contracts.cli.output import say_json
        from contracts.protocol.probe import KnownCredential, table
        from contracts.protocol.providers import prober

        if asked.destinations:
            raise click.UsageError("--report is for the web chat, and does not go with --platform; --json does")
        platform = self.judged.platform
        registered, given = platform.registered, {}
        if asked.client_id and registered is not None:
            bound = dict.fromkeys(list(registered.bound)[:1], asked.client_secret)
            given[registered.name] = KnownCredential(asked.client_id, bound)
        with prober(platform, asked.url, asked.admin_token, given) as asking:
            checks = list(asking.checks())
        click.echo(table(checks), nl=False, err=asked.as_json)
        if asked.as_json:
            told = [check._asdict() for check in checks]
            say_json({"schema_version": 1, "subject": "provider", "target": asked.url, "checks": told})
        if any(check.status == "violated" for check in checks):
            return 1
        return 0 if any(check.status == "held" for check in checks) else 2

    def place(self, url: str | None, admin_token: str, client: ClientCredentials | None) -> StoryPlace:
        """Return the place of stories: without a URL a mock in this process, with a client a provider without control."""
        from contracts.stories.stage import MockInProcess, RemoteMock, Service, client_of

        if url is None:
            return MockInProcess(self.judged.platform)
        check_platform(url, self.judged.platform)
        if client is None:
            return RemoteMock(url, admin_token, declared=True)
        return Service(url, client_of(client, self.judged.platform))

    def served(self, policy: Path | None, settings: Mapping[str, Any]) -> tuple[Settings, MakeApp, bool]:
        """Return the settings of a mock, what makes its application, and whether its clients have an id and a secret."""
        from mockserver.platform import compile_platform, find
        from mockserver.settings import Settings

        made, words = Settings.load(None, {}, **settings), _policy_of(policy)
        compiled = compile_platform(find(self.named), words)
        return made, partial(_make_app, compiled, self.named, words), compiled.registered is not None


def _policy_of(path: Path | None) -> dict[str, Any]:
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


def _make_app(compiled: Platform, named: str, policy: Mapping[str, Any], settings: Settings) -> DeclaredApp:
    """Make the application of a declared platform, with the console and its additions."""
    from contracts.console_panels import extend
    from mockserver import stores
    from mockserver.declared.mock import BOUNDS, Mock, Registered
    from mockserver.journal_file import JournalFile
    from mockserver.web.declared import create_declared_app

    given: dict[str, Registered] = {}
    if compiled.registered is not None:
        bound = dict.fromkeys(list(compiled.registered.bound)[:1], settings.client_secret)
        given[compiled.registered.name] = Registered(settings.client_id, bound)
    file = JournalFile(Path(settings.journal_file), dict(policy), compiled.name) if settings.journal_file else None
    store = stores.open(settings.store, BOUNDS._replace(journal_entries=settings.journal_entries))
    mock = Mock(compiled, store=store, registered=given, sink=file.append if file is not None else None)
    return create_declared_app(mock, settings, extensions=(lambda app, parts: extend(app, parts, named),))


# -- recordings and journals -----------------------------------------------------------------------------------------


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
    from mockserver.platform.library import DEFAULT

    found = platform_in(entries) or DEFAULT
    if found != declared.platform.name:
        hint = "leave out --platform" if found == DEFAULT else f"add --platform {found}, or its file"
        raise click.ClickException(f"{name}: this is a journal of the platform {found}; {hint}")
    return declared.compile(next(one.policy for one in entries if isinstance(one, Header)))


def worded(demands: Iterable[Requirement]) -> str:
    """Return clauses as text, each with the sentence that it rests on."""
    lines = []
    for demand in demands:
        lines.append(f"{demand.code} {demand.name}: the client must {demand.statement}.")
        lines += [f"  {demand.level}: {demand.source}"] if demand.source else []
    return "\n".join(lines) + "\n"


def clauses_anywhere(code: str) -> dict[str, tuple[Requirement, ...]]:
    """Return the clauses with this code or name on the declared platforms that come with dayfly, by platform."""
    from mockserver.platform import names
    from mockserver.platform.library import is_declared

    declared = {name: Declared(name).judged.demands for name in names() if is_declared(name)}
    found = {
        name: tuple(one for one in demands if code in {one.code, one.code.partition("/")[0], one.name})
        for name, demands in declared.items()
    }
    return {name: clauses for name, clauses in found.items() if clauses}
