"""Commands for declared platforms: what they print, refuse and answer."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple
from xml.etree import ElementTree

import httpx
import jsonschema
import pytest

from contracts import cli
from contracts.protocol.scenario import Advance, DeclaredScenario, Do, End
from contracts.report.json import schema
from contracts.scenario import encode
from tests.functional.serving import Serving
from tests.need import need

CLIENT = """
class Client:
    def __init__(self, platform):
        self._http, self._session = platform.http_client(), None

    def _post(self, method, **params):
        headers = {"Mcp-Session-Id": self._session} if self._session else {}
        return self._http.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, headers=headers)

    def tool_call(self, name, arguments):
        if self._session is None:
            self._session = self._post("initialize").raise_for_status().headers["Mcp-Session-Id"]
        answer = self._post("tools/call", name=name, arguments=arguments)
        if answer.status_code == 404 and MENDED:
            self._session = None
            return self.tool_call(name, arguments)
        answer.raise_for_status()
"""


class Result(NamedTuple):
    """A command's output: all of it, and standard output alone."""

    exit_code: int
    output: str
    stdout: str


Run = Callable[..., Result]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "100")

    def call(*words: str) -> Result:
        status = cli.run(words)
        printed = capsys.readouterr()
        return Result(status, printed.out + printed.err, printed.out)

    return call


@pytest.mark.parametrize(
    ("reaches", "advised"),
    [("raise RuntimeError('often')", True), ("self.platform.http_client().post('/mcp').json()['y']", False)],
)
def test_a_client_that_reaches_nothing_is_told_of_the_socket(run: Run, tmp_path: Path, reaches: str, advised: bool) -> None:
    method = f"def tool_call(self, name, arguments):\n        {reaches}"
    (tmp_path / "lost.py").write_text(
        f"class Client:\n    def __init__(self, platform): self.platform = platform\n    {method}\n"
    )
    result = run("verify", f"{tmp_path}/lost.py:Client", "--platform", "mcp")
    assert result.exit_code == 2
    assert "the client cannot do tool_call though nothing goes wrong: " in result.output
    assert ("no request of the client reached the mock; to reach it, make its HTTP client" in result.output) is advised
    assert ("or use --socket" in result.output) is advised


@pytest.fixture
def clients(tmp_path: Path) -> Path:
    (tmp_path / "broken.py").write_text(f"MENDED = False\n{CLIENT}")
    (tmp_path / "mended.py").write_text(f"MENDED = True\n{CLIENT}")
    return tmp_path


def test_a_client_that_keeps_its_session_for_ever_is_condemned_by_the_specification(clients: Path, run: Run) -> None:
    report = clients / "out" / "report.xml"
    result = run("verify", "--platform", "mcp", f"{clients}/broken.py:Client", "--clause", "R2", "--report", f"junit:{report}")
    assert result.exit_code == 1
    words = " ".join(result.output.split())
    assert "R2/session not-renewed: the client went on after a 404" in words.replace("error[R2/session]", "R2/session")
    assert "= MUST: “When a client receives HTTP 404" in words
    assert "= minimal: without any one of these steps the client passes (checked)" in words
    assert "= confidence: deterministic, 10 of 10 replays end the same way" in words
    (case,) = ElementTree.parse(report).iter("testcase")
    assert case.find("failure") is not None


IN_NODE = """
import { createInterface } from "node:readline";
const headers = { "Content-Type": "application/json", Accept: "application/json, text/event-stream" };
const began = Date.now();
let session;
async function post(method, params) {
  const own = session ? { ...headers, "Mcp-Session-Id": session } : headers;
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const answer = await fetch(`${process.env.DAYFLY_BASE_URL}/mcp`, { method: "POST", headers: own, body });
  await answer.text();
  if (!answer.ok) throw new Error(`${method} answered ${answer.status}`);
  return answer;
}
for await (const line of createInterface({ input: process.stdin })) {
  const { id, with: { name, arguments: given } } = JSON.parse(line);
  try {
    session ??= (await post("initialize", {})).headers.get("Mcp-Session-Id");
    await post("tools/call", { name, arguments: given });
    console.log(JSON.stringify({ id, ok: true }));
  } catch (error) {
    console.log(JSON.stringify({ id, ok: false, error: `${error} after ${(Date.now() - began) / 3600_000} h` }));
  }
}
"""


def test_a_client_in_node_is_judged_in_virtual_time(tmp_path: Path, run: Run) -> None:
    """It goes on with a session that has ended, and again an hour later."""
    (tmp_path / "client.mjs").write_text(IN_NODE)
    call = Do("tool_call", {"name": "echo", "arguments": {"text": "hello"}})
    scenario = tmp_path / "scenario.json"
    scenario.write_bytes(encode(DeclaredScenario((call, End("session"), call, Advance(3600.0), call))))
    command = f"{need('node')} {tmp_path}/client.mjs"
    result = run("replay", "--platform", "mcp", str(scenario), "--command", command)
    assert result.exit_code == 1
    assert "error[R1/session] dead-shown: MCP session 1 was presented again after a 404" in result.output
    assert "Error: tools/call answered 404 after 1 h" in result.output
    assert "in real time" not in result.output


def test_one_that_starts_another_session_keeps_that_clause(clients: Path, run: Run) -> None:
    result = run("verify", "--platform", "mcp", f"{clients}/mended.py:Client", "--clause", "R2", "--json")
    assert result.exit_code == 0
    (clause,) = json.loads(result.stdout)["clauses"]
    assert clause["status"] == "held"
    assert clause["level"] == "MUST"


def test_an_issue_shows_the_finding_with_a_script_of_its_own(clients: Path, run: Run) -> None:
    """The script answers the client's requests as the mock did: the same happens with nothing of dayfly."""
    path = clients / "issue.md"
    assert run(
        "verify", "--platform", "mcp", f"{clients}/broken.py:Client", "--clause", "R2", "--report", f"issue:{path}"
    ).exit_code
    text = path.read_text()
    assert "# The client went on after a 404 for its MCP session, and did not ask for another" in text
    assert "That is a MUST." in text
    script = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert script is not None
    (clients / "mock.py").write_text(script[1])
    with subprocess.Popen([sys.executable, "mock.py"], cwd=clients, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            with httpx.Client(base_url=url) as http:
                client = runpy.run_path(str(clients / "broken.py"))["Client"](SimpleNamespace(http_client=lambda: http))
                for _ in range(2):
                    with pytest.raises(httpx.HTTPStatusError, match="404"):
                        client.tool_call("echo", {"text": "hello"})
        finally:
            server.kill()


def test_a_counterexample_can_be_replayed(clients: Path, run: Run) -> None:
    found = run("verify", "--platform", "mcp", f"{clients}/broken.py:Client", "--clause", "R2", "--json")
    (clause,) = json.loads(found.stdout)["clauses"]
    scenario = clients / "scenario.json"
    scenario.write_text(json.dumps(clause["counterexample"]["scenario"]))
    again = run("replay", "--platform", "mcp", str(scenario), f"{clients}/broken.py:Client", "--times", "3")
    assert again.exit_code == 1
    assert "deterministic, 3 of 3 replays end the same way" in again.output


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("verify", "--platform", "mpc", "x.py:f"), "there is no platform and no file of that name; did you mean 'mcp'?"),
        (("verify", "--platform", "no/such.yaml", "x.py:f"), "there is no such file"),
        (("platform", "show", "mcp", "--diagram", "sessoin"), "did you mean 'session'?"),
        (("serve", "--platform", "mcp", "--workers", "2"), "cannot share a store in memory; use --store redis://HOST"),
        (("verify", "--platform", "mcp", "x.py:f", "--walk", "off"), "--walk is for the web chat"),
        (("verify", "--platform", "mcp", "x.py:f", "--max-wait", "9"), "--max-wait is for the web chat"),
        (("verify", "--platform", "mcp", "x.py:f", "--report", "har:x.har"), "the report har is only for the web chat"),
        (("check", "--platform", "mcp", "no.har"), "no.har: No such file"),
    ],
)
def test_what_cannot_be_done_is_told_with_what_can(words: tuple[str, ...], problem: str, run: Run) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert problem in " ".join(result.output.split())


def test_a_client_without_the_unit_s_method_is_told_which_it_needs(tmp_path: Path, run: Run) -> None:
    (tmp_path / "other.py").write_text("class Client:\n    def __init__(self, platform): ...\n")
    result = run("verify", "--platform", "mcp", f"{tmp_path}/other.py:Client")
    assert result.exit_code == 2
    assert "which has no tool_call(name, arguments)" in result.output


def test_a_recording_is_judged(tmp_path: Path, run: Run) -> None:
    entries = [_entry(0, "initialize", None, 200, {"Mcp-Session-Id": "one"})]
    entries += [_entry(number, "tools/call", "one", 404, {}) for number in (1, 2)]
    path = tmp_path / "shop.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}))
    result = run("check", "--platform", "mcp", str(path))
    assert result.exit_code == 1
    assert "error[R1/session]" in result.output
    assert "3 of 3 entries are calls of this platform" in result.output
    explained = (
        f"requests that were refused: 2 (entry 2: 404; entry 3: 404); to see why: dayfly reproduce --platform mcp {path}"
    )
    assert explained in " ".join(result.output.split())


def _entry(number: int, method: str, session: str | None, status: int, headers: dict[str, str]) -> dict[str, object]:
    sent = {"Content-Type": "application/json"} | ({"Mcp-Session-Id": session} if session else {})
    body = {} if status == 200 else {"error": {"code": -32001, "message": "Session not found"}}
    return {
        "startedDateTime": f"2026-11-30T10:00:0{number}Z",
        "time": 20,
        "request": {
            "method": "POST",
            "url": "https://tools.example/mcp",
            "headers": [{"name": name, "value": value} for name, value in sent.items()],
            "postData": {"mimeType": "application/json", "text": json.dumps({"id": number + 1, "method": method})},
        },
        "response": {
            "status": status,
            "headers": [{"name": name, "value": value} for name, value in headers.items()],
            "content": {"mimeType": "application/json", "text": json.dumps(body)},
        },
    }


def test_a_platform_is_served_moved_and_explained(run: Run) -> None:
    with Serving("--platform", "mcp") as server, httpx.Client(base_url=server.url) as http:
        begun = http.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "initialize"})
        shown = {"Mcp-Session-Id": begun.headers["Mcp-Session-Id"]}
        call = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
        assert http.post("/mcp", json=call, headers=shown).status_code == 200

        http.post("/__admin/clock/advance", json={"seconds": 1801}).raise_for_status()
        dead = http.post("/mcp", json=call, headers=shown)
        assert dead.status_code == 404
        told = run("explain", dead.headers["Dayfly-Context"], "--url", server.url)
        assert "had not been used for 1800 s" in told.output

        http.post("/__admin/faults", json={"kind": "status", "operation": "initialize", "status": 503})
        assert http.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "initialize"}).status_code == 503
        wrong = http.post("/__admin/faults", json={"kind": "status", "operation": "initialise"})
        assert "did you mean 'initialize'?" in wrong.json()["error"]["message"]
        assert [one["state"] for one in http.get("/__admin/credentials/session").json()["credentials"]] == ["idle"]
        http.post("/__admin/reset").raise_for_status()
        assert http.get("/__admin/requests").json() == {"requests": []}


def test_a_journal_is_judged_explained_and_reproduced(tmp_path: Path, run: Run) -> None:
    """At the mock's URL, and from its file alone, which also says under which policy it was made."""
    journal, policy = tmp_path / "journal.jsonl", tmp_path / "policy.toml"
    policy.write_text("[session]\nidle = 60\n")
    call = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
    with (
        Serving("--platform", "mcp", "--journal", str(journal), "--policy", str(policy)) as server,
        httpx.Client(base_url=server.url) as http,
    ):
        begun = http.post("/mcp", json={**call, "method": "initialize"})
        shown = {"Mcp-Session-Id": begun.headers["Mcp-Session-Id"]}
        http.post("/__admin/clock/advance", json={"seconds": 61}).raise_for_status()
        assert http.post("/mcp", json=call, headers=shown).status_code == 404
        http.post("/__admin/clock/advance", json={"seconds": 1}).raise_for_status()
        refused = http.post("/mcp", json=call, headers=shown)
        context_id = refused.headers["Dayfly-Context"]
        at_the_url = run("check", "--platform", "mcp", server.url)
        script = run("explain", context_id, "--url", server.url, "--emit", "python")
        assert "add --platform mcp" in run("check", server.url).output
    from_the_file = run("check", "--platform", "mcp", str(journal))
    for judged in (at_the_url, from_the_file):
        assert judged.exit_code == 1
        assert "error[R1/session] dead-shown" in judged.output
    told = run("explain", context_id, "--journal", str(journal))
    assert "had not been used for 60 s" in " ".join(told.output.split())
    assert "Missed: It came" in told.output
    assert (
        json.loads(run("explain", context_id, "--journal", str(journal), "--json").stdout)["credentials"][0]["kind"]
        == "session"
    )
    assert "def test_story(" in script.output
    wrong = run("explain", context_id, "--journal", str(journal), "--platform", "acme")
    assert (wrong.exit_code, "this is a journal of the platform mcp; add --platform mcp" in wrong.output) == (2, True)
    assert "are for the contextId of an answer" in run("explain", "R2/session", "--platform", "mcp", "--emit", "curl").output


@pytest.mark.parametrize("emit", [(), ("--emit", "curl")])
def test_a_journal_of_a_platform_of_one_s_own_asks_for_its_file(emit: tuple[str, ...], tmp_path: Path, run: Run) -> None:
    journal = tmp_path / "journal.jsonl"
    journal.write_text('{"type": "trace", "version": 1, "platform": "doors"}\n')
    told = run("explain", "00000000-ffff-4000-8000-000000000001", "--journal", str(journal), *emit)
    assert told.exit_code == 2
    assert "this is a journal of the platform doors; give its file with --platform FILE" in told.output


def test_a_client_may_change_what_it_is_given(tmp_path: Path, run: Run) -> None:
    """Each unit gets values of its own: what a client does to them is not what it was asked to send, nor what others are."""
    change = 'arguments["seen"] = True'
    after = CLIENT.replace("answer.raise_for_status()", f"answer.raise_for_status(); {change}")
    before = CLIENT.replace("        if self._session is None:", f"        {change}\n        if self._session is None:")
    for name, client, status in (("changing", after, 0), ("altering", before, 1)):
        (tmp_path / f"{name}.py").write_text(f"MENDED = True\n{client}")
        result = run("verify", "--platform", "mcp", f"{tmp_path}/{name}.py:Client", "--clause", "D4")
        assert result.exit_code == status, result.output


def test_a_scenario_with_an_unknown_unit_is_refused(tmp_path: Path, clients: Path, run: Run) -> None:
    path = tmp_path / "scenario.json"
    path.write_text('{"steps": [{"step": "do", "unit": "toolcall"}]}')
    result = run("replay", "--platform", "mcp", str(path), f"{clients}/mended.py:Client")
    assert result.exit_code == 2
    assert "declares no unit 'toolcall'; did you mean 'tool_call'?" in result.output


def test_a_clause_of_a_declared_platform_is_explained(run: Run) -> None:
    result = run("explain", "--platform", "mcp", "R2")
    assert result.exit_code == 0
    assert result.output.startswith("R2/session not-renewed\n\n  The client must ask for another MCP session")
    assert "MUST" in result.output
    assert "did you mean" in run("explain", "--platform", "mcp", "R2/sesion").output
    assert "name that with --platform" in run("explain", "R2/sesion").output


def test_a_clause_that_only_declared_platforms_have_is_explained_without_naming_one(run: Run) -> None:
    told = run("explain", "N1").output
    assert "on the platform acme:\nN1/nonce not-from-refusal\n" in told
    assert "badNonce" in told
    assert "on the platform mcp:" in run("explain", "R2/session").output
    assert "session-reused" in run("explain", "S1").output


def test_a_unit_of_work_is_shown_as_the_call_of_the_client(run: Run) -> None:
    _, _, units = run("platform", "show", "mcp").output.partition("units of work\n")
    assert units.startswith("  tool_call(name='echo', arguments={'text': 'hello'}): by callTool, at-most-once\n")


@pytest.mark.parametrize("name", ["mcp", "acme", "oauth", "jenkins"])
def test_a_platform_is_shown_with_its_rules_and_their_sentences(name: str, run: Run) -> None:
    _, _, clauses = run("platform", "show", name).output.partition("clauses for clients\n")
    assert re.findall(r"^    (MUST|SHOULD|advice): .+ \(.+\)$", clauses, re.MULTILINE)
    for code in ("D1", "D3"):
        for rule in re.findall(rf"^  {code}/.*\n(.*)", clauses, re.MULTILINE):
            assert rule.startswith("    advice: ")


def test_a_corpus_and_expected_failures_serve_declared_platforms_too(clients: Path, run: Run) -> None:
    """The broken client fills the corpus; the mended one, under the same name, empties it."""
    target, corpus = f"{clients}/broken.py:Client", ("--corpus", f"{clients}/kept")
    words = ("verify", "--platform", "mcp", target, *corpus, "--examples", "40", "--clause", "R1", "--clause", "R2")
    assert run(*words).exit_code == 1
    kept = sorted(path.name.partition("-")[0] for path in (clients / "kept").iterdir())
    assert kept == ["R1.session", "R2.session"]

    known = clients / "known.toml"
    entries = [f'[[failure]]\nclause = "{code}"\nreason = "known"\n' for code in ("R1", "r2/session")]
    known.write_text("version = 1\n" + "".join(entries))
    expected = run(*words, "--expected-failures", str(known))
    assert expected.exit_code == 0
    assert "expected" in expected.output

    known.write_text('version = 1\n[[failure]]\nclause = "R3"\nreason = "no such"\n')
    assert "there is no clause 'R3'" in run(*words, "--expected-failures", str(known)).output

    (clients / "broken.py").write_text((clients / "mended.py").read_text())
    mended = run(*words)
    assert mended.exit_code == 0
    assert "2 kept scenarios no longer fail" in mended.output
    assert list((clients / "kept").iterdir()) == []


def test_every_report_can_be_written(clients: Path, run: Run) -> None:
    kinds = {"html": "<!doctype html>", "markdown": "## ", "text": "error[R2/session]", "json": '{\n  "schema_version": 1'}
    kinds["sarif"] = '{\n  "$schema":'
    options = [word for kind in [*kinds, "allure"] for word in ("--report", f"{kind}:{clients}/report.{kind}")]
    assert run("verify", "--platform", "mcp", f"{clients}/broken.py:Client", "--clause", "R2", *options).exit_code == 1
    for kind, begins in kinds.items():
        assert (clients / f"report.{kind}").read_text().startswith(begins)
    jsonschema.validate(json.loads((clients / "report.json").read_text()), schema())
    (sarif,) = json.loads((clients / "report.sarif").read_text())["runs"]
    (allure,) = (json.loads(file.read_bytes()) for file in (clients / "report.allure").iterdir())
    assert [rule["id"] for rule in sarif["tool"]["driver"]["rules"]] == ["R2/session"]
    assert (allure["status"], allure["name"].split()[0]) == ("failed", "R2/session")


def test_a_journal_of_a_declared_platform_is_not_judged_by_the_web_chat(run: Run, tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    with Serving("--platform", "mcp", "--journal", str(journal)) as server:
        assert run("tail", server.url, "--no-follow").exit_code == 0
        for recording in (server.url, str(journal)):
            judged = run("check", recording)
            assert judged.exit_code == 2
            assert "this is a journal of the platform mcp" in judged.output
