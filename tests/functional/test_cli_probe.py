"""`dayfly probe`, as somebody at a terminal or a script meets it: servers in processes of their own, sound ones and others."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path

import httpx
import jsonschema
import pytest

from contracts.clauses.provider import PROVIDER_CLAUSES
from contracts.cli import run
from contracts.platform_requests import PlatformReply
from contracts.probe import ProbeError
from contracts.report.json import schema
from mockserver.assemble import assemble
from mockserver.live import LiveServer
from mockserver.settings import Settings, policy_from
from mockserver.web import create_app
from mockserver.wire.message import Request
from tests.contracts.probe import spoiling
from tests.contracts.probe.spoiling import with_header
from tests.functional.serving import Serving
from tests.mutants.catalogue import MUTANTS
from tests.mutants.workshop import copy_of_the_project, mutated
from tests.need import need
from tests.valkey import Server

pytestmark = pytest.mark.slow

ID, SECRET, TOKEN = "somebody", "somebodys-secret", "control-of-the-mock"
CREDENTIALS = ("--client-id", ID, "--client-secret", SECRET)
SECURED = (*CREDENTIALS, "--admin-token", TOKEN)

URL = "http://the-mock"
"""Stands for the mock's."""

RESTART = (sys.executable, "-m", "tests.functional.restarting")
FROM_A_COPY = (sys.executable, "-P", "-m", "contracts.cli", "serve")
"""-P: not from the folder that the tests are started in."""

EVERY = {clause.code for clause in PROVIDER_CLAUSES}

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def mock() -> Iterator[Serving]:
    with Serving(*SECURED) as serving:
        yield serving


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")


def said(capfd: Captured) -> str:
    """The one line on standard error."""
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err.strip()


def organizations(url: str) -> list[str]:
    told = httpx.get(f"{url}/__admin/organizations", headers={"Authorization": f"Bearer {TOKEN}"}).json()
    return sorted(organization["id"] for organization in told["organizations"])


def statuses(captured: str) -> dict[str, str]:
    return {clause["code"]: clause["status"] for clause in json.loads(captured)["clauses"]}


# -- a sound mock ------------------------------------------------------------------------------------------------------


def test_the_mock_holds_and_nothing_is_left_behind(mock: Serving, capfd: Captured, tmp_path: Path) -> None:
    before = organizations(mock.url)
    page = tmp_path / "probe.html"
    arguments = [mock.url, "--admin-token", TOKEN, "--seed", "0", "--examples", "3", "--json", "--report", f"html:{page}"]
    assert run(["probe", *arguments]) == 0
    out, err = capfd.readouterr()
    assert {code for code, status in statuses(out).items() if status == "held"} == EVERY - {"P13"}
    jsonschema.validate(json.loads(out), schema())
    assert "12 held · 1 not exercised" in err
    assert "needs several replicas, or a command that restarts one" in page.read_text("utf-8")
    assert organizations(mock.url) == before


def test_with_credentials_alone_what_needs_control_is_not_exercised(mock: Serving, capfd: Captured) -> None:
    assert run(["probe", mock.url, *CREDENTIALS, "--seed", "0"]) == 0
    out, _ = capfd.readouterr()
    assert "8 held · 5 not exercised" in out
    assert "P7 scope-not-enforced      not exercised      0  needs the control API, to take scopes away" in out


def test_a_replica_that_is_really_restarted_loses_nothing(capfd: Captured, tmp_path: Path) -> None:
    running = tmp_path / "pid"
    with Server(need("valkey")) as valkey, ExitStack() as stack:
        options = ("--store", valkey.url, *SECURED)
        one, other = stack.enter_context(Serving(*options)), stack.enter_context(Serving(*options))
        running.write_text(str(other.process.pid))
        stack.callback(lambda: end(int(running.read_text())))
        restarted = [*RESTART, str(running), *options, "--port", other.url.rpartition(":")[2]]
        arguments = [one.url, "--replica", other.url, "--restart", shlex.join(restarted), "--admin-token", TOKEN]
        assert run(["probe", *arguments, "--clause", "P13", "--json"]) == 0
        assert other.process.wait() == -signal.SIGKILL
        assert organizations(one.url) == organizations(other.url) == ["00000000"]
    (clause,) = json.loads(capfd.readouterr().out)["clauses"]
    assert (clause["code"], clause["status"], clause["exercised"]) == ("P13", "held", 4)


def end(process: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)


def test_a_restart_that_fails_is_told_with_its_last_words(mock: Serving, capfd: Captured) -> None:
    before = organizations(mock.url)
    arguments = [mock.url, "--admin-token", TOKEN, "--clause", "P13", "--restart"]
    assert run(["probe", *arguments, "echo no such unit >&2; exit 4"]) == 2
    assert said(capfd) == "dayfly: echo no such unit >&2; exit 4: ended with status 4: no such unit"
    assert organizations(mock.url) == before


def test_a_restart_may_leave_a_server_behind_that_has_its_output(mock: Serving, capfd: Captured, tmp_path: Path) -> None:
    lasting = f"tail -f {tmp_path / 'silence'} & echo $! > {tmp_path / 'pid'}"
    (tmp_path / "silence").touch()
    try:
        assert run(["probe", mock.url, "--admin-token", TOKEN, "--clause", "P13", "--restart", lasting]) == 0
    finally:
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGTERM)
    assert "1 held" in capfd.readouterr().out


def test_who_is_asked_for_patience_is_told_so(capfd: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, ticks = [1_795_000_000_000], count()

    def wait(seconds: float) -> None:
        clock[0] += round(seconds * 1000)

    monkeypatch.setattr("contracts.cli.web_chat.pause", wait)
    settings = Settings(client_id=ID, client_secret=SECRET, policy=policy_from({"rate_limit_per_minute": 20}))
    with assemble(settings, system=lambda: clock[0] + next(ticks)) as parts, LiveServer(create_app(parts)) as server:
        assert run(["probe", server.url, *CREDENTIALS, "--clause", "P1", "--seed", "0"]) == 0
    out, err = capfd.readouterr()
    assert "  1 held\n" in out
    assert re.fullmatch(r"(dayfly: waiting \d+ s, as the provider asks\n)+", err)


def test_a_provider_that_goes_away_leaves_a_report_of_what_it_broke_before(
    capfd: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answers = count(1)

    def forgetful(request: Request, reply: PlatformReply) -> PlatformReply:
        if next(answers) > 100:
            raise ProbeError(URL, f"{request.method} {request.path} gets no answer: Connection refused")
        return with_header(reply, "inin-correlation-id", "the-one-id")

    monkeypatch.setattr("contracts.probe.at_url", lambda *_, **__: spoiling.spoilt(forgetful))
    assert run(["probe", URL, "--seed", "0", "--report", f"json:{tmp_path / 'report.json'}"]) == 2
    out, err = capfd.readouterr()
    assert "error[P11] answer-misshapen: an answer 200 is misshapen" in out
    assert "  interrupted: this is what was found so far, and nothing was minimized" in out
    assert re.fullmatch(rf"dayfly: {URL}: POST /\S+ gets no answer: Connection refused\n", err)
    written = json.loads((tmp_path / "report.json").read_text())
    assert written["interrupted"]
    jsonschema.validate(written, schema())


# -- mocks with a mistake ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mistake", "code", "story"),
    [
        (
            "a used session is refused no more",
            "P2",
            "error[P2] second-use-accepted: a request with an id that was used up was answered 200, not 403",
        ),
        (
            "idle a millisecond too late",
            "P5",
            "error[P5] idle-timeout-missed: a request with an id that was idle for too long was answered 200",
        ),
    ],
)
def test_a_mock_with_a_mistake_is_told_by_its_clause(
    mistake: str, code: str, story: str, spoilt: Path, capfd: Captured
) -> None:
    mutant = next(mutant for mutant in MUTANTS if mutant.name == mistake)
    with mutated(mutant, spoilt), Serving(*SECURED, command=FROM_A_COPY, variables={"PYTHONPATH": str(spoilt)}) as serving:
        assert run(["probe", serving.url, "--admin-token", TOKEN, "--seed", "0", "--clause", code, "--examples", "0"]) == 1
    out, err = capfd.readouterr()
    assert story in out
    assert f"--> provider {serving.url}" in out
    assert f"dayfly probe {serving.url} --seed 0 --clause {code}" in out
    assert err == ""


@pytest.fixture(scope="module")
def spoilt() -> Iterator[Path]:
    with copy_of_the_project() as folder:
        yield folder


# -- what cannot be done -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "dayfly probe: Missing argument 'URL'"),
        (["127.0.0.1:8403"], "dayfly: 127.0.0.1:8403: is not the URL of a provider, such as http://127.0.0.1:8403"),
        (["http://127.0.0.1:1"], "dayfly: http://127.0.0.1:1: POST /__admin/organizations gets no answer: "),
        ([URL, "--replica", "nowhere"], "dayfly: nowhere: is not the URL of a provider"),
        (
            [URL],
            f"dayfly: {URL}: its control API answers 401 to POST /__admin/organizations: the control API requires its token",
        ),
        ([URL, "--admin-token", "not-it"], f"dayfly: {URL}: its control API answers 401"),
        ([URL, "--client-id", ID], "dayfly probe: --client-id and --client-secret go together"),
        ([URL, "--client-id", ID, "--client-secret", "x"], "the token request is answered 401 invalid_client; are the cred"),
        ([URL, *CREDENTIALS, "--admin-token", TOKEN], "dayfly probe: give --client-id and --client-secret, or --admin-token"),
        ([URL, "--clause", "P99"], "dayfly: there is no clause 'P99'; did you mean P9?"),
        ([URL, "--restart", " "], "dayfly probe: --restart is empty: give a command"),
        ([URL, *CREDENTIALS, "--report", "pdf:x"], "there is no report of the kind 'pdf'"),
        *(
            (
                [URL, "--platform", "mcp", option, *value],
                f"dayfly probe: {option} is for the web chat, and does not go with --platf",
            )
            for option, *value in (["--replica", URL], ["--restart", "true"], ["--seed", "0"], ["--clause", "P1"], ["--strict"])
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line_and_exits_2(
    arguments: list[str], words: str, mock: Serving, capfd: Captured
) -> None:
    assert run(["probe", *(argument.replace(URL, mock.url) for argument in arguments)]) == 2
    assert words.replace(URL, mock.url) in said(capfd)


def test_what_needs_control_alone_proves_nothing_without_it(mock: Serving, capfd: Captured) -> None:
    assert run(["probe", mock.url, *CREDENTIALS, "--clause", "P7"]) == 2
    assert "1 not exercised" in capfd.readouterr().out
