"""The plugin in a suite: platforms judged at the end of tests, scenario files as tests, a summary, properties, workers."""

from __future__ import annotations

import os
import shlex
from fnmatch import fnmatch
from inspect import signature
from xml.etree import ElementTree

import pytest

from contracts import verify_client
from contracts.builtin import ANN
from contracts.pytest_plugin import OPTIONS
from contracts.scenario import Scenario, Send, digest, save
from contracts.verify.client import HeldTo
from tests.functional.sessions import PLUGIN, SESSION, prepare, run
from tests.need import need
from tests.walked import FIRST

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _project(monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config) -> None:
    prepare(monkeypatch, pytestconfig)


CONTRACT = """
    def test_right(verify_client):
        verify_client(Small, clauses=["S1", "A3"])

    def test_wrong(verify_client):
        verify_client(Caching, clauses=["S1", "W1"])
"""

KNOWN = 'version = 1\n[[failure]]\nclause = "S1"\nreason = "the cache"\n'

# -- platforms ---------------------------------------------------------------------------------------------------------

UNJUDGED = """
    def test_it(dayfly_platform):
        with dayfly_platform.http_client() as http:
            send_twice(dayfly_platform, http)

    def test_behind_a_socket(dayfly_live_platform):
        with dayfly_live_platform.http_client() as http:
            send_twice(dayfly_live_platform, http)

    def test_through_a_router(dayfly_platform, dayfly_router):
        import httpx
        with httpx.Client(base_url="https://any.example") as http:
            send_twice(dayfly_platform, http)

    @pytest.mark.dayfly(check=False)
    def test_on_purpose(dayfly_platform):
        with dayfly_platform.http_client() as http:
            send_twice(dayfly_platform, http)

    @pytest.mark.dayfly(clauses=["W1"])
    def test_of_something_else(dayfly_platform):
        with dayfly_platform.http_client() as http:
            send_twice(dayfly_platform, http)

    def test_nothing(dayfly_platform):
        pass

    def test_failing_already(dayfly_platform):
        with dayfly_platform.http_client() as http:
            send_twice(dayfly_platform, http)
        assert 1 + 1 == 3

    @pytest.mark.xfail(strict=True)
    def test_known(dayfly_platform):
        with dayfly_platform.http_client() as http:
            send_twice(dayfly_platform, http)
"""


def test_platforms_are_judged_at_the_end_of_each_test_where_that_is_asked_for(pytester: pytest.Pytester) -> None:
    done = run(pytester, UNJUDGED, "--dayfly-check")
    done.assert_outcomes(passed=3, failed=4, xfailed=1)
    done.stdout.fnmatch_lines(["*error?S1? session-reused: session s1 was used twice*", "*what reached dayfly_platform*"])
    told = "contracts.verify.errors.ContractViolated: S1 session-reused: session s1 was used twice"
    done.stdout.fnmatch_lines([f"FAILED *::test_{name} - {told}*" for name in ("it", "behind_a_socket", "through_a_router")])
    done.stdout.fnmatch_lines(["FAILED *::test_failing_already - *assert*"])


def test_what_a_platform_saw_is_told_on_the_summary_page_of_a_job_too(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    done = run(pytester, UNJUDGED, "--dayfly-check")
    page = (pytester.path / "summary.md").read_text("utf-8")
    assert page.count("## ") == 3
    assert page.count("session-reused") >= 3
    done.stdout.fnmatch_lines(["*= dayfly =*", "*::test_it: test_it, 1 run: 1 violated (S1)*"])
    assert "::test_known:" not in done.stdout.str()


def test_it_is_asked_for_by_the_configuration_too_and_else_it_is_not_done(pytester: pytest.Pytester) -> None:
    run(pytester, UNJUDGED).assert_outcomes(passed=6, failed=2)
    pytester.makeini("[pytest]\ndayfly_check = true\n")
    run(pytester, UNJUDGED).assert_outcomes(passed=3, failed=4, xfailed=1)


def test_what_is_known_to_fail_may_hold_in_a_test(pytester: pytest.Pytester) -> None:
    (pytester.path / "known.toml").write_text(KNOWN)
    tests = """
    def test_known(dayfly_platform):
        with dayfly_platform.http_client() as http:
            send_twice(dayfly_platform, http)

    def test_held(dayfly_platform):
        with dayfly_platform.http_client() as http:
            log_in(dayfly_platform, http)
            session = http.post(SESSIONS).json()["webChatSessionId"]
            http.post(MESSAGES, json={"webChatSessionId": session, "text": "hello"})
    """
    done = run(pytester, tests, "--dayfly-check", "--dayfly-expected-failures", "known.toml")
    done.assert_outcomes(passed=2)


# -- clients -----------------------------------------------------------------------------------------------------------


def test_the_summary_tells_what_was_verified(pytester: pytest.Pytester) -> None:
    done = run(pytester, CONTRACT, "--dayfly-examples", "4")
    done.assert_outcomes(passed=1, failed=1)
    told = "test_the_summary_tells_what_was_verified.py"
    done.stdout.fnmatch_lines(
        [
            "*= dayfly =*",
            f"{told}::test_right: *small.py:Small, {FIRST + 4} runs, seed 0: 1 held * 1 not exercised (A3)",
            f"{told}::test_wrong: {told}:Caching, {FIRST + 4} runs, seed 0: 1 violated (S1) * 1 held",
        ]
    )
    assert "= dayfly =" not in run(pytester, CONTRACT, "-q", "--dayfly-examples", "4").stdout.str()


def test_where_nothing_was_verified_there_is_no_summary(pytester: pytest.Pytester) -> None:
    done = run(pytester, "    def test_it(dayfly_platform):\n        pass\n")
    assert "= dayfly =" not in done.stdout.str()


def test_junit_has_what_was_verified_as_properties(pytester: pytest.Pytester) -> None:
    written = ("--junit-xml", "junit.xml", "-o", "junit_family=xunit2")
    run(pytester, CONTRACT, "--dayfly-examples", "4", *written).assert_outcomes(passed=1, failed=1)
    cases = ElementTree.parse(pytester.path / "junit.xml").getroot().iter("testcase")
    told = {case.get("name"): {one.get("name"): one.get("value") for one in case.iter("property")} for case in cases}
    assert told["test_wrong"]["dayfly_violated"] == "S1"
    assert told["test_right"]["dayfly_violated"] == ""
    assert told["test_right"]["dayfly_seed"] == "0"
    assert str(told["test_right"]["dayfly_target"]).endswith("small.py:Small")


def test_options_come_from_the_configuration_too(pytester: pytest.Pytester) -> None:
    (pytester.path / "known.toml").write_text(KNOWN)
    pytester.makeini("[pytest]\ndayfly_profile = nightly\ndayfly_corpus = kept\ndayfly_expected_failures = known.toml\n")
    (pytester.path / "below").mkdir()
    tests = """
    def test_it(verify_client):
        report = verify_client(Caching, clauses=["S1"], examples=1)
        assert report.seed != 0
        assert [result.ending for result in report.clauses] == ["expected"]
    """
    done = run(pytester, tests, "--rootdir", ".", "-o", "dayfly_check=true")
    done.assert_outcomes(passed=1)
    assert [path.name.partition("-")[0] for path in (pytester.path / "kept").iterdir()] == ["S1"]


def test_a_client_has_the_same_name_in_whatever_directory_pytest_is_started(pytester: pytest.Pytester) -> None:
    (pytester.path / "known.toml").write_text(f'{KNOWN}client = "src/legacy.py:*"\n')
    pytester.makeini("[pytest]\ndayfly_expected_failures = known.toml\npythonpath = src\n")
    (pytester.path / "src").mkdir()
    (pytester.path / "src" / "legacy.py").write_text("from tests.contracts.small import Small\n" + CACHING)
    below = pytester.mkdir("below")
    (below / "test_legacy.py").write_text(
        "from legacy import Caching\n"
        "def test_it(verify_client):\n"
        "    report = verify_client(Caching, clauses=['S1'], examples=0)\n"
        "    assert report.target == 'src/legacy.py:Caching'\n"
    )
    pytester.chdir()
    for place in (pytester.path, below):
        os.chdir(place)
        pytester.runpytest_subprocess(*SESSION).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--dayfly-seed", "-1", "*--dayfly-seed: '-1' is not a number of 0 or more"),
        ("--dayfly-examples", "-5", "*--dayfly-examples: '-5' is not a number of 0 or more"),
        ("--dayfly-profile", "weekly", "*--dayfly-profile: invalid choice: 'weekly' (choose from *ci*nightly*"),
        ("--override-ini", "dayfly_profile=weekly", "*dayfly_profile: there is no profile 'weekly'; use one of ci, nightly"),
        ("--dayfly-expected-failures", "none.toml", "*dayfly_expected_failures: none.toml: No such file or directory"),
    ],
)
def test_what_cannot_be_meant_is_told_before_any_test(
    option: str, value: str, words: str, pytester: pytest.Pytester, capfd: pytest.CaptureFixture[str]
) -> None:
    assert pytester.inline_run(*PLUGIN, "-p", "no:valkey", option, value).ret == pytest.ExitCode.USAGE_ERROR
    assert any(fnmatch(line, words) for line in capfd.readouterr().err.splitlines())


def test_the_nearest_marker_wins_and_options_have_names(pytester: pytest.Pytester) -> None:
    tests = """
    @pytest.mark.dayfly(clauses=["S1"], examples=3, check=True)
    class TestAll:
        @pytest.mark.dayfly(examples=0)
        def test_near(self, verify_client):
            report = verify_client(Small)
            assert (len(report.clauses), report.examples) == (1, FIRST)

        @pytest.mark.dayfly(20)
        def test_nameless(self, verify_client):
            verify_client(Small)
    """
    done = run(pytester, tests)
    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(["*the marker dayfly takes its options by name, as in examples=20*"])


def test_an_option_of_the_marker_that_there_is_not_is_told_whatever_the_test_does(pytester: pytest.Pytester) -> None:
    tests = """
    @pytest.mark.dayfly(chekc=False)
    def test_it():
        pass

    @pytest.mark.dayfly(clause=["S1"])
    def test_clause(dayfly_platform):
        pass

    @pytest.mark.dayfly(clauses="S1", check=True)
    def test_one(dayfly_platform, verify_client):
        assert [result.code for result in verify_client(Small, examples=0).clauses] == ["S1"]
    """
    done = run(pytester, tests)
    done.assert_outcomes(passed=1, errors=2)
    done.stdout.fnmatch_lines(["*the marker dayfly has no option 'chekc'; did you mean check?*"])
    done.stdout.no_fnmatch_line("*pytest_plugin.py*")
    done.stdout.fnmatch_lines(["*the marker dayfly has no option 'clause'; did you mean clauses?*"])


def test_the_marker_has_the_options_of_verify_client() -> None:
    client, *options = signature(verify_client).parameters
    assert client == "make_client"
    assert sorted({*options, *HeldTo.__annotations__} - {"held_to", "root", "test"}) == list(OPTIONS)


# -- scenario files ----------------------------------------------------------------------------------------------------

TWICE = Scenario((Send(ANN, "0"), Send(ANN, "0")), title="session s1 was used twice")
FILE = f"S1-{digest(TWICE)}.json"


@pytest.fixture
def corpus(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with a scenario in its corpus, an unrelated file, and a client."""
    save(TWICE, pytester.path / "corpus", "S1")
    (pytester.path / "other").mkdir()
    (pytester.path / "other" / "data.json").write_text("{}")
    pytester.makeini("[pytest]\ndayfly_corpus = corpus\ndayfly_client = client.py:Caching\n")
    pytester.makepyfile(client="from tests.contracts.small import Small\n" + CACHING)
    return pytester


CACHING = """
class Caching(Small):
    kept = None
    def create(self, guest):
        self.kept = self.kept or super().create(guest)
        return self.kept
"""


def test_scenario_files_are_tests_of_the_configured_client(corpus: pytest.Pytester) -> None:
    done = run(corpus, CONTRACT, "-k", "replay", "--junit-xml", "junit.xml", "-o", "junit_family=xunit2")
    done.assert_outcomes(failed=1, deselected=2)
    done.stdout.fnmatch_lines(
        [
            f"*_ S1-{digest(TWICE)}: session s1 was used twice _*",
            "error?S1? session-reused: session s1 was used twice",
            "*= dayfly =*",
            f"corpus/{FILE}::replay: client.py:Caching, 1 run: 1 violated (S1)",
            f"FAILED corpus/{FILE}::replay*",
        ]
    )
    names = [one.get("name") for one in ElementTree.parse(corpus.path / "junit.xml").getroot().iter("property")]
    assert names == ["dayfly_target", "dayfly_examples", "dayfly_violated"]
    assert "pytest_corpus.py" not in done.stdout.str()
    assert "INTERNALERROR" not in done.stdout.str()


def test_workers_tell_the_same(corpus: pytest.Pytester) -> None:
    def told(workers: str) -> list[str]:
        done = run(corpus, CONTRACT + UNJUDGED, "--dayfly-check", "--dayfly-examples", "2", "-n", workers)
        done.assert_outcomes(passed=4, failed=6, xfailed=1)
        lines = done.stdout.lines
        return [line for line in lines if " run" in line and "::" in line]

    alone = told("0")
    assert len(alone) == 6
    assert told("2") == alone


def test_they_pass_where_the_client_keeps_the_contract(corpus: pytest.Pytester) -> None:
    done = run(corpus, "", "--dayfly-client", "tests.contracts.small:Small")
    done.assert_outcomes(passed=1)


def test_they_may_be_tests_of_a_command(corpus: pytest.Pytester, pytestconfig: pytest.Config) -> None:
    node = shlex.join([need("node"), f"{pytestconfig.rootpath}/fixtures/clients/cached_session.mjs"])
    corpus.makeini(f"[pytest]\ndayfly_corpus = corpus\ndayfly_command = {node}\n")
    done = run(corpus, "", "-k", "replay")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        ["error?S1? session-reused: session s1 was used twice", f"*::replay: {node}, 1 run: 1 violated (S1)"]
    )
    done = run(corpus, "", "--dayfly-client", "tests.contracts.small:Small")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["ERROR: dayfly_command: dayfly_client names a client already; set one of them"])


OWN = """
import requests

class Own:
    def __init__(self, platform):
        self.platform = platform

    def post(self, path, **given):
        answer = requests.post(self.platform.base_url + path, timeout=9, **given)
        answer.raise_for_status()
        return answer.json()

    def send(self, guest, text):
        platform, grant = self.platform, {"grant_type": "client_credentials"}
        token = self.post("/oauth/token", auth=(platform.client_id, platform.client_secret), data=grant)["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        body = {"guest": {"name": guest.name, "email": guest.email}}
        id = self.post("/api/v2/conversations/webchat/sessions", headers=headers, json=body)["webChatSessionId"]
        message = {"webChatSessionId": id, "text": text}
        self.post("/api/v2/conversations/messaging/external/guests/sendmessage", headers=headers, json=message)
"""


@pytest.mark.parametrize("told", ["option", "configuration"])
def test_a_client_that_opens_connections_of_its_own_is_tested_through_a_socket(told: str, corpus: pytest.Pytester) -> None:
    corpus.makepyfile(own=OWN)
    if told == "configuration":
        corpus.makeini("[pytest]\ndayfly_corpus = corpus\ndayfly_socket = true\n")
    socket = ["--dayfly-socket"] if told == "option" else []
    run(corpus, "", "--dayfly-client", "own.py:Own", *socket).assert_outcomes(passed=1)
    if told == "option":
        assert "or pytest's --dayfly-socket" in run(corpus, "", "--dayfly-client", "own.py:Own").stdout.str()


def test_they_are_tests_through_a_symbolic_link_too(corpus: pytest.Pytester) -> None:
    link = corpus.path / "link"
    link.symlink_to(corpus.path / "corpus")
    run(corpus, "", "--dayfly-client", "tests.contracts.small:Small", link).assert_outcomes(passed=1)


def test_they_are_none_unless_a_client_is_configured(corpus: pytest.Pytester) -> None:
    corpus.makeini("[pytest]\ndayfly_corpus = corpus\n")
    run(corpus, "    def test_it():\n        pass\n").assert_outcomes(passed=1)


def test_where_the_violation_is_known_they_are_expected_to_fail(corpus: pytest.Pytester) -> None:
    (corpus.path / "known.toml").write_text(KNOWN)
    options = ["--dayfly-expected-failures", "known.toml"]
    assert "1 xfailed" in run(corpus, "", *options, "-k", FILE).stdout.str()
    run(corpus, "", *options, "--dayfly-client", "tests.contracts.small:Small").assert_outcomes(passed=1)


def test_a_file_that_holds_no_scenario_is_an_error_of_one_line(corpus: pytest.Pytester) -> None:
    (corpus.path / "corpus" / FILE).write_text('{"items": [{"op": "explode"}]}')
    done = run(corpus, "")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines([f"*{FILE}: $.items?0?.op: *"])
    assert "Traceback" not in done.stdout.str()


def test_a_client_that_is_not_there_is_a_failure_of_one_line(corpus: pytest.Pytester) -> None:
    done = run(corpus, "", "--dayfly-client", "client.py:Cacheing")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["client.py:Cacheing: has no 'Cacheing'; did you mean 'Caching'?"])
