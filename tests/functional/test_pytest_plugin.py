"""The pytest plugin, in sessions of its own."""

from __future__ import annotations

import shlex
import subprocess
import sys

import pytest

from tests.functional.sessions import prepare, run

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _project(monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config) -> None:
    prepare(monkeypatch, pytestconfig)


def test_a_platform_of_the_tests_own_in_process(pytester: pytest.Pytester) -> None:
    done = run(
        pytester,
        """
    def test_it(dayfly_platform):
        with dayfly_platform.http_client() as http:
            assert send_twice(dayfly_platform, http) == [200, 403]
        assert [session.state for session in dayfly_platform.sessions.list()] == ["consumed"]
        assert dayfly_platform.requests.count(reason="session.consumed") == 1

    def test_it_is_another_one(dayfly_platform):
        assert dayfly_platform.sessions.list() == []

    def test_its_clock_moves_at_a_word(dayfly_platform):
        with dayfly_platform.http_client() as http:
            log_in(dayfly_platform, http)
            session = http.post(SESSIONS).json()["webChatSessionId"]
            dayfly_platform.clock.advance(30)
            message = {"webChatSessionId": session, "text": "hello"}
            assert http.post(MESSAGES, json=message).headers["Dayfly-Reason"] == "session.idle"

    def test_a_slow_answer_takes_no_real_time(dayfly_platform):
        before = dayfly_platform.clock.now()
        dayfly_platform.faults.add("latency", seconds=1000, where="after")
        with dayfly_platform.http_client(timeout=None) as http:
            log_in(dayfly_platform, http)
        assert dayfly_platform.clock.now() - before >= 1000

    def test_a_policy_and_a_transport_of_ones_own(dayfly_platform):
        import httpx
        dayfly_platform.set_policy({"handshakes": 2})
        with httpx.Client(transport=dayfly_platform.transport, base_url="https://any.example") as http:
            assert send_twice(dayfly_platform, http) == [200, 200]

    def test_an_asynchronous_client(dayfly_platform):
        import asyncio
        async def log_in():
            async with dayfly_platform.http_client(asynchronous=True) as http:
                return await http.post(TOKEN, data={"grant_type": "client_credentials", "client_id": dayfly_platform.client_id,
                                                    "client_secret": dayfly_platform.client_secret})
        assert asyncio.run(log_in()).status_code == 200
    """,
    )
    done.assert_outcomes(passed=6)


def test_the_same_behind_a_socket(pytester: pytest.Pytester) -> None:
    done = run(
        pytester,
        """
    def test_it(dayfly_live_platform):
        assert dayfly_live_platform.base_url.startswith("http://127.0.0.1:")
        with dayfly_live_platform.http_client() as http:
            assert send_twice(dayfly_live_platform, http) == [200, 403]
        assert dayfly_live_platform.requests.count() == 4

    def test_both_at_once(dayfly_platform, dayfly_live_platform):
        for platform in (dayfly_platform, dayfly_live_platform):
            with platform.http_client() as http:
                assert send_twice(platform, http) == [200, 403]
            assert platform.requests.count() == 4
    """,
    )
    done.assert_outcomes(passed=2)


def test_a_router_answers_whatever_host_is_called(pytester: pytest.Pytester) -> None:
    tests = """
    import httpx

    def test_it(dayfly_platform, dayfly_router):
        with httpx.Client(base_url="https://api.mypurecloud.ie") as http:
            assert send_twice(dayfly_platform, http) == [200, 403]

    def test_a_host_that_is_not_meant(dayfly_platform, dayfly_router):
        with httpx.Client(base_url="https://elsewhere.example") as http:
            assert send_twice(dayfly_platform, http) == [200, 403]
    """
    run(pytester, tests).assert_outcomes(passed=2)
    narrowed = run(pytester, tests, "--dayfly-base-url", "https://api.mypurecloud.ie")
    narrowed.assert_outcomes(passed=1, failed=1)
    narrowed.stdout.fnmatch_lines(["*AllMockedAssertionError*"])


def test_a_failing_test_shows_what_reached_its_platform(pytester: pytest.Pytester) -> None:
    done = run(
        pytester,
        """
    def test_it(dayfly_platform):
        with dayfly_platform.http_client() as http:
            assert send_twice(dayfly_platform, http) == [200, 200]

    def test_nothing_reached_it(dayfly_platform):
        assert False
    """,
    )
    done.assert_outcomes(failed=2)
    done.stdout.fnmatch_lines(["*- what reached dayfly_platform -*", "*POST /guests/sendmessage s1*403*session.consumed*"])
    assert done.stdout.str().count("what reached dayfly_platform") == 1


def test_what_a_test_did_can_be_judged(pytester: pytest.Pytester) -> None:
    done = run(
        pytester,
        """
    def test_it(dayfly_platform):
        with dayfly_platform.http_client() as http:
            send_twice(dayfly_platform, http)
        dayfly_platform.check("W1", "W2")
        dayfly_platform.check()
    """,
    )
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*error?S1? session-reused: session s1 was used twice*"])
    assert "def judge(" not in done.stdout.str()


VERIFIED = """
    def test_right(verify_client):
        assert verify_client(Small, clauses=["S1"]).exit_status() == 0

    def test_wrong(verify_client):
        verify_client(Caching, clauses=["S1"])

    @pytest.mark.dayfly(clauses=["S1"], examples=0, seed=3)
    def test_marked(verify_client):
        report = verify_client(Small)
        assert (report.seed, report.examples, len(report.clauses)) == (3, FIRST, 1)

    test_ready = contract_test(Small, clauses=["S1"])
    test_unready = contract_test(Caching, clauses=["S1"], examples=5)

    class TestInAClass:
        test_ready = staticmethod(contract_test(Small, clauses=["S1"], examples=0))
"""


def test_clients_are_verified(pytester: pytest.Pytester) -> None:
    done = run(pytester, VERIFIED, "--strict-markers", "--dayfly-examples", "10")
    done.assert_outcomes(passed=4, failed=2)
    done.stdout.fnmatch_lines(
        [
            "*error?S1? session-reused: session s1 was used twice*",
            "*smallest failing scenario (2 messages, 2 steps*",
            "FAILED *::test_wrong - *",
            "FAILED *::test_unready - *",
        ]
    )
    shown = done.stdout.str()
    assert ">       verify_client(Caching" in shown
    assert "def verify_client(" not in shown
    assert "def verify(" not in shown
    assert "def test_contract(" not in shown


@pytest.mark.slow
def test_workers_find_the_same(pytester: pytest.Pytester) -> None:
    one, two = (
        run(pytester, VERIFIED, "--dayfly-seed", "1", "--dayfly-examples", "10", "-n", workers) for workers in ("0", "2")
    )
    for done in (one, two):
        done.assert_outcomes(passed=4, failed=2)

    def story(done: pytest.RunResult) -> list[str]:
        lines = done.stdout.lines
        return sorted({line for line in lines if "found on run" in line or "send(guest=" in line})

    assert story(one) == story(two)
    assert len(story(one)) >= 3


def test_options_come_from_the_command_line(pytester: pytest.Pytester) -> None:
    tests = """
    def test_it(verify_client):
        report = verify_client(Small, clauses=["S1"])
        assert (report.seed, report.examples) == (9, FIRST + 2)

    def test_kept(verify_client):
        verify_client(Caching, clauses=["S1"])
    """
    done = run(pytester, tests, "--dayfly-seed", "9", "--dayfly-examples", "2", "--dayfly-corpus", "kept")
    done.assert_outcomes(passed=1, failed=1)
    assert [path.name.partition("-")[0] for path in (pytester.path / "kept").iterdir()] == ["S1"]


def test_a_corpus_without_a_client_says_what_is_missing(pytester: pytest.Pytester) -> None:
    kept = pytester.mkdir("kept")
    (kept / "S1-0.json").write_text("{}")
    missing = "dayfly: scenario files of kept are tests only of a client: name it by --dayfly-client module:factory*"
    done = pytester.runpytest_inprocess("-p", "no:cacheprovider", "kept", "--dayfly-corpus", "kept")
    assert done.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    done.stdout.fnmatch_lines([missing])
    for options in ([], ["--dayfly-corpus", "kept", "--dayfly-client", "small:make"]):
        quiet = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--ignore", "kept", *options)
        assert quiet.ret == pytest.ExitCode.NO_TESTS_COLLECTED
        quiet.stdout.no_fnmatch_line("dayfly: *")


def test_a_client_without_a_name_is_verified_again_by_the_command_that_is_printed(pytester: pytest.Pytester) -> None:
    tests = """
    @pytest.mark.parametrize("word", ["a b"])
    def test_it(verify_client, word):
        verify_client(lambda platform: Caching(platform), clauses=["S1"])
    """
    done = run(pytester, tests, "--dayfly-seed", "9", "--dayfly-examples", "2")
    done.assert_outcomes(failed=1)
    (line,) = {line.strip() for line in done.stdout.lines if line.strip().startswith("again ")}
    words = shlex.split(line)[1:]
    assert words[0] == "pytest"
    assert words[2:] == ["--dayfly-seed", "9", "--dayfly-examples", "2"]
    run(pytester, tests, *words[1:]).assert_outcomes(failed=1)


def test_many_platforms_for_a_property(pytester: pytest.Pytester) -> None:
    done = run(
        pytester,
        """
    from hypothesis import given, settings, strategies as st

    @settings(max_examples=5, database=None)
    @given(st.integers(1, 3))
    def test_it(dayfly_platforms, handshakes):
        with dayfly_platforms.platform(policy={"handshakes": handshakes}) as platform, platform.http_client() as http:
            assert send_twice(platform, http) == [200, 200 if handshakes > 1 else 403]
    """,
    )
    done.assert_outcomes(passed=1)


def test_it_costs_nothing_where_it_is_not_used() -> None:
    code = "import sys, pytest; before = {*sys.modules}; import contracts.pytest_plugin; print(*{*sys.modules} - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"contracts", "contracts.errors", "contracts.profiles", "contracts.pytest_plugin"}
