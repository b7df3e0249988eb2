"""The pytest plugin with declared platforms, in sessions of its own."""

from __future__ import annotations

import pytest

from tests.functional.sessions import prepare, run

pytestmark = pytest.mark.slow

CLIENT = """
    import httpx
    import pytest

    class Client:
        '''It keeps its session for ever, unless it is mended.'''
        mended = False

        def __init__(self, platform, **options):
            self.http, self.session = platform.http_client(**options), None

        def post(self, method, **params):
            headers = {"Mcp-Session-Id": self.session} if self.session else {}
            body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            return self.http.post("/mcp", json=body, headers=headers)

        def tool_call(self, name="echo", arguments=None):
            if self.session is None:
                self.session = self.post("initialize").headers["Mcp-Session-Id"]
            answer = self.post("tools/call", name=name, arguments=arguments or {})
            if answer.status_code == 404 and self.mended:
                self.session = None
                return self.tool_call(name, arguments)
            return answer

    class Mended(Client):
        mended = True
"""


@pytest.fixture(autouse=True)
def _project(monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config) -> None:
    prepare(monkeypatch, pytestconfig)


def test_a_mock_of_the_tests_own_is_controlled_and_asked(pytester: pytest.Pytester) -> None:
    done = run(
        pytester,
        CLIENT
        + """
    pytestmark = pytest.mark.dayfly(platform="mcp", policy={"session.idle": 60})

    def test_it_is_renewed(dayfly_platform):
        client = Mended(dayfly_platform)
        client.tool_call()
        assert dayfly_platform.credentials.end("session") == 1
        client.tool_call()
        assert [one.state for one in dayfly_platform.credentials.list("session")] == ["ended", "alive"]
        assert dayfly_platform.requests.count(reason="session.ended") == 1
        dayfly_platform.check()

    def test_it_is_another_one(dayfly_platform):
        assert dayfly_platform.requests.find() == []
        assert dayfly_platform.credentials.list("session") == []

    def test_its_clock_and_its_policy(dayfly_platform):
        client = Client(dayfly_platform)
        client.tool_call()
        dayfly_platform.clock.advance(61)
        answer = client.tool_call()
        assert answer.headers["Dayfly-Reason"] == "session.idle"
        assert "had not been used for 60 s" in dayfly_platform.explain(answer.headers["Dayfly-Context"]).summary

    def test_a_fault_and_a_latency_that_takes_no_time(dayfly_platform):
        client, before = Client(dayfly_platform, timeout=None), dayfly_platform.clock.now()
        dayfly_platform.faults.add("latency", operation="initialize", seconds=1000)
        dayfly_platform.faults.add("status", operation="callTool", status=503)
        assert [client.tool_call().status_code for _ in range(2)] == [503, 200]
        assert dayfly_platform.clock.now() - before >= 1000

    def test_ids_that_are_registered(dayfly_platform):
        client = Client(dayfly_platform)
        client.session = dayfly_platform.credentials.register("session", "made-by-hand").id
        assert client.tool_call().status_code == 200
        dayfly_platform.check("S4")

    def test_behind_a_socket(dayfly_live_platform):
        with httpx.Client(base_url=dayfly_live_platform.base_url) as http:
            assert http.get("/mcp").status_code == 400
        assert dayfly_live_platform.requests.count(status=400) == 1

    def test_httpx_calls_are_answered(dayfly_router):
        assert httpx.get("https://mcp.example.com/mcp").status_code == 400

    def test_several(dayfly_platforms):
        with dayfly_platforms.platform(platform="oauth") as one, dayfly_platforms.platform() as chat:
            answer = one.http_client().post("/token", auth=(one.client_id, one.client_secret),
                                            data={"grant_type": "client_credentials"})
            assert answer.status_code == 200
            one.credentials.end("access", answer.json()["access_token"], by="expired")
            (held,) = one.credentials.list("access")
            assert held.state == "expired"
            assert held.id != answer.json()["access_token"]
            assert chat.sessions.list() == []
    """,
        "-n2",
    )
    done.assert_outcomes(passed=8)


def test_a_failure_shows_what_reached_it_and_a_broken_rule_fails_the_test(pytester: pytest.Pytester) -> None:
    done = run(
        pytester,
        CLIENT
        + """
    def test_it_fails(dayfly_platform):
        Client(dayfly_platform).tool_call()
        assert False

    def test_it_breaks_a_rule(dayfly_platform):
        client = Client(dayfly_platform)
        client.tool_call()
        dayfly_platform.credentials.end("session")
        client.tool_call(), client.tool_call()

    def test_it_invents_an_id(dayfly_platform):
        client = Client(dayfly_platform)
        client.session = "made-up"
        client.tool_call()

    @pytest.mark.dayfly(check=False)
    def test_it_may(dayfly_platform):
        client = Client(dayfly_platform)
        client.session = "made-up"
        client.tool_call()

    def test_the_right_one_passes(dayfly_platform):
        client = Mended(dayfly_platform)
        client.tool_call()
        dayfly_platform.credentials.end("session")
        client.tool_call(), client.tool_call()

    def test_it_asks_for_nothing(dayfly_platform):
        assert dayfly_platform.base_url

    @pytest.mark.dayfly(platform="webchat")
    def test_the_web_chat_is_there_too(dayfly_platform):
        assert dayfly_platform.sessions.list() == []
    """,
        "--dayfly-platform=mcp",
        "--dayfly-check",
    )
    done.assert_outcomes(passed=4, failed=3)
    done.stdout.fnmatch_lines(
        [
            "*what reached dayfly_platform*",
            "*POST /mcp callTool with MCP session 1*200*",
            "*error?R1/session? dead-shown: MCP session 1 was presented again*",
            "*error?S4/session? invented: the client presented MCP session 1, which the platform never issued*",
        ]
    )


def test_the_configured_platform_is_that_of_verify_client_and_of_the_corpus(pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml(
        """
        [tool.pytest.ini_options]
        dayfly_platform = "mcp"
        dayfly_client = "test_it_configured.py:Client"
        dayfly_corpus = "corpus"
        """
    )
    module = pytester.makepyfile(
        test_it_configured=CLIENT
        + """
    def test_contract(verify_client):
        verify_client(Client, clauses="R2")
    """
    )
    from tests.functional.sessions import SESSION

    pytester.runpytest_subprocess(*SESSION, module).assert_outcomes(failed=1)
    done = pytester.runpytest_subprocess(*SESSION, "corpus")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*error?R2/session? not-renewed*"])


@pytest.mark.parametrize(("named", "hint"), [("mpc", "did you mean 'mcp'"), ("no.yaml", "there is no such file")])
def test_a_platform_that_does_not_exist_ends_the_session(named: str, hint: str, pytester: pytest.Pytester) -> None:
    done = run(pytester, "def test_it(): pass", f"--dayfly-platform={named}")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([f"*dayfly_platform: *{hint}*"])


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("platform='mpc'", "platform = 'mpc': there is no platform and no file of that name; did you mean 'mcp'?"),
        ("platform='mcp', policy={'sesion.ttl': 5}", "there is no kind 'sesion'; did you mean 'session'?"),
        ("platform='mcp', policy=5", "policy is 5; it must be a dict, as in policy={'ttl': 60}"),
        ("platform='mcp', policy={5: 3}", "policy is {5: 3}; it must be a dict, as in policy={'ttl': 60}"),
        ("policy={'ttl': 'x'}", "policy.ttl = 'x': must be a number"),
    ],
)
def test_a_marker_that_cannot_be_used_fails_in_one_line(pytester: pytest.Pytester, options: str, problem: str) -> None:
    body = f"""
    import pytest

    @pytest.mark.dayfly({options})
    def test_it(dayfly_platform):
        pass
"""
    done = run(pytester, body)
    done.assert_outcomes(errors=1)
    at = next(number for number, line in enumerate(done.outlines) if "ERROR at setup" in line)
    assert done.outlines[at + 1].startswith("dayfly: ")
    assert done.outlines[at + 1].endswith(problem)
    assert done.outlines[at + 2].startswith("=")


def test_a_client_cannot_be_verified_on_a_platform_that_there_is_not(pytester: pytest.Pytester) -> None:
    done = run(
        pytester,
        """
    def test_it(verify_client):
        verify_client(lambda platform: None, platform="mpc")
""",
    )
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["dayfly: platform = 'mpc': there is no platform and no file of that name; *"])
