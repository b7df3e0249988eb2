"""The pytest plugin. It imports little besides pytest, because every pytest session imports it if dayfly is installed."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from contracts.profiles import PROFILES, UnknownProfile

if TYPE_CHECKING:
    from contracts.pytest_corpus import ScenarioFile
    from contracts.pytest_platform import Platforms, Reached
    from contracts.report.model import Report
    from contracts.verify.expected import ExpectedFailures

MARKER = (
    "dayfly(**options): options for verify_client in this test, such as examples=20 or clauses=['S1'];"
    " check=False leaves its platform unjudged; tls=True gives its live platform HTTPS; policy={…} gives it a policy"
)

OPTIONS = (
    "clauses",
    "command",
    "corpus",
    "corpus_keep",
    "delivery",
    "examples",
    "expected_failures",
    "idempotency_key",
    "max_age",
    "max_attempts",
    "max_wait",
    "min_attempts",
    "min_pause",
    "one_shot",
    "patience",
    "platform",
    "profile",
    "real_time",
    "seed",
    "show_output",
    "socket",
    "token_margin",
    "walk",
)
"""Options of the marker that `verify_client` takes as well."""

_platforms = pytest.StashKey[dict[str, "Reached"]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options `--dayfly-…`, and those of them that a project can set in its configuration."""
    group = parser.getgroup("dayfly", "clients of a platform with ephemeral sessions")
    group.addoption("--dayfly-seed", type=_count, metavar="N", help="Draw the same scenarios again.")
    group.addoption("--dayfly-examples", type=_count, metavar="N", help="Number of scenarios that verify_client draws.")
    group.addoption("--dayfly-profile", choices=sorted(PROFILES), help="How thorough verify_client is.")
    group.addoption("--dayfly-corpus", metavar="DIR", help="Directory of counterexamples, which are tried first.")
    group.addoption(
        "--dayfly-client", metavar="TARGET", help="The client that the corpus's scenario files test, as module:factory."
    )
    group.addoption("--dayfly-command", metavar="COMMAND", help="The same for a client in any language: starts it.")
    group.addoption("--dayfly-socket", action="store_true", help="Let that client reach the platform through a real socket.")
    group.addoption("--dayfly-platform", metavar="NAME", help="A declared platform instead of the web chat, or its file.")
    group.addoption("--dayfly-expected-failures", metavar="FILE", help="TOML: clauses known to be violated.")
    group.addoption("--dayfly-base-url", metavar="URL", help="The only host that dayfly_router answers for.")
    group.addoption("--dayfly-corpus-keep", action="store_true", help="Keep those in the corpus that no longer fail.")
    group.addoption("--dayfly-show-output", action="store_true", help="Let verified clients print to pytest's capture.")
    group.addoption("--dayfly-check", action="store_true", help="Judge the platform of every test at the test's end.")
    for name in ("profile", "corpus", "client", "command", "platform", "expected_failures"):
        parser.addini(f"dayfly_{name}", f"The same as --dayfly-{name.replace('_', '-')}; paths from the project's root.")
    parser.addini("dayfly_socket", "The same as --dayfly-socket.", type="bool", default=False)
    parser.addini("dayfly_check", "The same as --dayfly-check.", type="bool", default=False)


def _count(typed: str) -> int:
    if not typed.isdecimal():
        raise ArgumentTypeError(f"{typed!r} is not a number of 0 or more")
    return int(typed)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker. Raises UsageError if an option names a profile or a file that cannot be used."""
    config.addinivalue_line("markers", MARKER)
    profile = _option(config, "profile")
    if profile is not None and profile not in PROFILES:
        raise pytest.UsageError(f"dayfly_profile: {UnknownProfile(profile)}")
    if _option(config, "client") and _option(config, "command"):
        raise pytest.UsageError("dayfly_command: dayfly_client names a client already; set one of them")
    for name in ("platform", "expected_failures"):
        if _option(config, name) is not None:
            _check_files(config, name)


def _check_files(config: pytest.Config, name: str) -> None:
    from contracts.errors import ContractsError
    from mockserver.errors import MockServerError

    try:
        _known(config, _option(config, "platform"))
    except (ContractsError, MockServerError) as error:
        raise pytest.UsageError(f"dayfly_{name}: {error}") from error


# -- fixtures ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def dayfly_platforms() -> Iterator[Platforms]:
    """Make platforms: ``with dayfly_platforms.platform() as platform``; for tests that need several, or one per example."""
    from contracts.pytest_platform import Platforms

    platforms = Platforms()
    yield platforms
    platforms.close()


@pytest.fixture
def dayfly_platform(request: pytest.FixtureRequest, dayfly_platforms: Platforms) -> Iterator[Any]:
    """A platform for this test alone, in process; which one is said by the marker `dayfly` or the configuration."""
    with _provided(request, dayfly_platforms, "dayfly_platform") as platform:
        yield platform


@pytest.fixture
def dayfly_live_platform(request: pytest.FixtureRequest, dayfly_platforms: Platforms) -> Iterator[Any]:
    """A platform for this test alone, behind a socket; with `@pytest.mark.dayfly(tls=True)` it uses HTTPS."""
    tls = _marked(request.node).get("tls", False)
    with _provided(request, dayfly_platforms, "dayfly_live_platform", live=True, tls=tls) as platform:
        yield platform


@contextmanager
def _provided(request: pytest.FixtureRequest, platforms: Platforms, name: str, **how: bool) -> Iterator[Any]:
    policy, node = _marked(request.node).get("policy"), request.node
    if not isinstance(policy, Mapping | None) or not all(isinstance(name, str) for name in policy or ()):
        pytest.fail(f"dayfly: policy is {policy!r}; it must be a dict, as in policy={{'ttl': 60}}", pytrace=False)
    with ExitStack() as stack:
        with _told_in_one_line():
            platform = stack.enter_context(platforms.platform(node.name, policy=policy, platform=_platform_of(node), **how))
        node.stash.setdefault(_platforms, {})[name] = platform
        yield platform


@contextmanager
def _told_in_one_line() -> Iterator[None]:
    """Fail the test without a traceback for a platform, a policy or a clause that cannot be used."""
    from contracts.errors import ContractsError
    from mockserver.errors import MockServerError

    try:
        yield
    except AssertionError:  # a violated clause
        raise
    except (ContractsError, MockServerError) as error:
        raise pytest.fail.Exception(f"dayfly: {error}", pytrace=False) from None


@pytest.fixture
def dayfly_router(request: pytest.FixtureRequest, dayfly_platform: Reached) -> Iterator[Any]:
    """Answer the httpx calls of this test from `dayfly_platform`, whatever their host."""
    with dayfly_platform.router(request.config.getoption("--dayfly-base-url")) as router:
        yield router


@pytest.fixture
def verify_client(request: pytest.FixtureRequest) -> Callable[..., Report]:
    """`contracts.verify_client` with the options of the command line, of the configuration and of the marker `dayfly`."""
    from contracts.pytest_records import keep
    from contracts.verify import ContractViolated, NothingExercised, verify_client
    from contracts.verify.errors import CorpusUnkept
    from contracts.verify.platforms import judged_platform

    names = ("seed", "examples", "profile", "corpus", "expected_failures", "platform")
    defaults = {name: value for name in names if (value := _option(request.config, name)) is not None}
    defaults |= {name: True for name in ("corpus_keep", "show_output") if request.config.getoption(f"dayfly_{name}")}
    defaults["root"], defaults["test"] = request.config.rootpath, _typed(request.node)
    marked = {name: value for name, value in _marked(request.node).items() if name in OPTIONS}

    def verify(make_client: Callable[[Any], Any] | None = None, **options: Any) -> Report:
        __tracebackhide__ = True
        given = {**defaults, **marked, **options}
        with _told_in_one_line():
            judged_platform(given.get("platform"))
        try:
            if given.get("platform") != defaults.get("platform") and "expected_failures" not in {**marked, **options}:
                given.pop("expected_failures", None)  # the configured ones are another platform's
            report = verify_client(make_client, **given)
        except (ContractViolated, CorpusUnkept, NothingExercised) as error:
            keep(request.node, error.report)
            raise
        keep(request.node, report)
        return report

    return verify


def _typed(item: pytest.Item) -> str:
    """Return the test as an argument of pytest in the directory in which pytest was started."""
    from contracts.verify.names import below

    _, colons, name = item.nodeid.partition("::")
    return f"{below(item.path, item.config.invocation_params.dir)}{colons}{name}"


def contract_test(make_client: Callable[[Any], Any] | None = None, **options: Any) -> Callable[..., None]:
    """Make a test function that verifies a client: ``test_contract = contract_test(make_client)``, or ``(command="…")``."""

    def test_contract(verify_client: Callable[..., Report]) -> None:
        __tracebackhide__ = True
        verify_client(make_client, **options)

    return test_contract


# -- hooks -------------------------------------------------------------------------------------------------------------


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    """Collect the scenario files of the corpus as tests, if a client is configured for them."""
    config = parent.config
    corpus, client, command = (_option(config, name) for name in ("corpus", "client", "command"))
    if corpus is None or client is command is None or file_path.suffix != ".json":
        return None
    if file_path.parent.resolve() != Path(corpus).resolve():
        return None
    from contracts.pytest_corpus import CorpusTarget, ScenarioFile

    socket, platform = bool(config.getoption("dayfly_socket") or config.getini("dayfly_socket")), _option(config, "platform")
    options = _held_to(config, {}, platform)
    target = CorpusTarget(client, command, options, socket=socket, root=config.rootpath, platform=platform)
    made: ScenarioFile = ScenarioFile.from_parent(parent, path=file_path, target=target)
    return made


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Check the markers of every test, even if it does not use them."""
    _marked(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Any:
    """Judge what reached the platforms of a test that passed, if the test or the configuration asks for it."""
    __tracebackhide__ = True
    result = yield
    marked = _marked(item)
    if _platforms in item.stash and marked.get("check", _checks(item.config)):
        from contracts.verify.client import HeldTo

        held_to = {name: marked[name] for name in ("clauses", *HeldTo.__annotations__) if name in marked}
        options = _held_to(item.config, held_to, _platform_of(item))
        for platform in item.stash[_platforms].values():
            with _told_in_one_line():
                platform.judge(options)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Show what reached the platform of a test that failed. Attach the results of a test that verified a client."""
    report = yield
    if report.failed and report.when == "call":
        _note_what_was_judged(item, call)
        for name, platform in item.stash.get(_platforms, {}).items():
            story = platform.story()
            if story:
                report.sections.append((f"what reached {name}", story))
    records = sys.modules.get("contracts.pytest_records")
    if records is not None:  # otherwise no test has verified a client yet
        records.hand_on(item, report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config) -> None:
    """Write a line for each client that was verified, and the output for a job of GitHub Actions.

    If there were no tests, say what is missing to make some of the corpus.
    """
    if hasattr(config, "workerinput"):  # a worker of xdist, whose output is not shown
        return
    corpus, client = _option(config, "corpus"), _option(config, "client") or _option(config, "command")
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and corpus and not client:
        named = "--dayfly-client module:factory or --dayfly-command COMMAND"
        terminalreporter.write_line(f"dayfly: scenario files of {corpus} are tests only of a client: name it by {named}")
    reports = list(chain.from_iterable(terminalreporter.stats.values()))
    if not any(hasattr(report, "dayfly") for report in reports):
        return
    from contracts.pytest_records import lines, tell_github

    if terminalreporter.verbosity >= 0:
        terminalreporter.section("dayfly")
        for line in lines(reports):
            terminalreporter.write_line(line)
    for line in tell_github(reports):
        terminalreporter.write_line(line)


def _note_what_was_judged(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Keep the report of a platform whose clients violated a clause, for the summary and for GitHub Actions."""
    errors = sys.modules.get("contracts.verify.errors")
    if errors is None or call.excinfo is None or not isinstance(call.excinfo.value, errors.ContractViolated):
        return
    from contracts.pytest_records import keep

    report = call.excinfo.value.report
    if report.source == "test":  # the report of a verified client has been kept already
        keep(item, report)


# -- options -----------------------------------------------------------------------------------------------------------


def _option(config: pytest.Config, name: str) -> Any:
    """Return an option of the command line, else of the configuration, with paths from the project's root; None if not set."""
    given = config.getoption(f"--dayfly-{name.replace('_', '-')}")
    if given is not None or name in {"seed", "examples"}:
        return given
    value = config.getini(f"dayfly_{name}")
    is_path = name in {"corpus", "expected_failures"} or (name == "client" and value.rpartition(":")[0].endswith(".py"))
    is_path = is_path or (name == "platform" and os.path.isfile(config.rootpath / value))
    return (str(config.rootpath / value) if is_path else value) if value else None


def _checks(config: pytest.Config) -> bool:
    return bool(config.getoption("--dayfly-check") or config.getini("dayfly_check"))


def _marked(item: pytest.Item) -> dict[str, Any]:
    """Return the options of the markers `dayfly`; the nearest wins. Fails the test for positional or unknown options."""
    marked: dict[str, Any] = {}
    for marker in reversed(list(item.iter_markers("dayfly"))):
        if marker.args:
            pytest.fail("the marker dayfly takes its options by name, as in examples=20", pytrace=False)
        for name in marker.kwargs:
            _check_name(name)
        marked |= marker.kwargs
    return marked


def _check_name(name: str) -> None:
    known = ("check", "tls", "policy", *OPTIONS)
    if name not in known:
        from difflib import get_close_matches

        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"the options are {', '.join(known)}"
        pytest.fail(f"the marker dayfly has no option {name!r}; {hint}", pytrace=False)


def _platform_of(item: pytest.Item) -> str | None:
    """Return the declared platform of a test, or None."""
    marked = _marked(item).get("platform")
    return _option(item.config, "platform") if marked is None else str(marked)


def _held_to(config: pytest.Config, marked: dict[str, Any], platform: str | None) -> Any:
    """Return the options to judge a client by in one test. Here expected failures may hold as well."""
    from contracts.judge import Parameters
    from contracts.verify import Options
    from contracts.verify.client import codes_in

    clauses = codes_in(marked.pop("clauses", ()))
    return Options(clauses=clauses, parameters=Parameters(**marked), expected=_known(config, platform).lenient())


def _known(config: pytest.Config, platform: str | None) -> ExpectedFailures:
    """Return the expected failures. Raises ExpectedFailuresError, and others for a platform that cannot be used."""
    from contracts.verify import expected
    from contracts.verify.platforms import judged_platform

    judged, is_for_another = judged_platform(platform), platform != _option(config, "platform")
    return expected.known(None if is_for_another else _option(config, "expected_failures"), judged.codes)
