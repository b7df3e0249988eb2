"""The documents' blocks, one by one: commands are run and their output compared, programs run, files read.

The recipes in tests/README.md are followed by `test_recipes.py`.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
import yaml

from contracts.clients.base import Credentials
from contracts.clients.lines import question, reply
from contracts.clients.virtual.protocol import VERSION, Go, Hello, Idle, Welcome, decode, encode
from mockserver.engine.diagram import diagram
from mockserver.journal import Guest
from mockserver.settings import policy_from_file
from tests.functional.sdk.installed import node_sdk, python_sdk
from tests.functional.serving import Serving
from tests.functional.talking import Talker
from tests.gallery.catalogue import pieces
from tests.need import need
from tests.readmes import NAMES, ROOT, Block, blocks
from tests.schemas import is_valid
from tests.valkey import Server

DEMO = ("--client-id", "demo", "--client-secret", "demo-secret")
USUAL = "127.0.0.1:8403"
"""Where the documents say that the mock is."""

FEW = {"DAYFLY_WALK": "off", "DAYFLY_EXAMPLES": "3"}
"""Options that make commands short, as variables: they are run as they are written."""

VOLATILE = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z|\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT|\b\d\d:\d\d:\d\d\.\d{3}\b"), "TIME"),
    (re.compile(r"\+?\b\d+(\.\d+)? m?s\b"), "SPAN"),
    (re.compile(r"\bt:[0-9a-f]{10}\b"), "TOKEN"),
    (re.compile(r"\b[0-9a-f]{8}\b"), "PART"),
    (re.compile(r"127\.0\.0\.1:\d+"), USUAL),
)
"""What is another one each time: ids, stamps, measured times, pseudonyms, ports."""


class Place:
    """A folder with the fixtures and a client, in which commands are run as somebody would type them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "fixtures", folder / "fixtures")
        self.write("notifier.py", (ROOT / "fixtures" / "clients" / "recovering.py").read_text("utf-8"))

    def write(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_text(text, "utf-8")

    def run(self, script: str, expected: int = 0, /, **variables: str) -> str:
        """Return what a shell script prints. Its exit status must be the expected one."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        given = {**os.environ, **FEW, "PATH": path, "NO_COLOR": "1", "COLUMNS": "80", **variables}
        command = ["sh", "-e", "-c", script]
        done = subprocess.run(command, cwd=self.folder, env=given, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == expected, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    for name in ("CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    return Place(tmp_path)


# -- comparing ---------------------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """A text without its line ends, and with the same word for whatever is another one each time."""
    for pattern, word in VOLATILE:
        text = pattern.sub(word, text)
    return " ".join(text.split())


def compare(shown: str, printed: str) -> None:
    """Check that the shown text was printed, except for what a line `…` leaves out."""
    rest, parts = plain(printed), [plain(part) for part in re.split(r"^ *…$", shown, flags=re.MULTILINE)]
    assert rest.startswith(parts[0]), f"{parts[0]}\n\n{rest}"
    assert rest.endswith(parts[-1]), f"{parts[-1]}\n\n{rest}"
    for part in filter(None, parts):
        _, found, rest = rest.partition(part)
        assert found == part, f"{part}\n\n{plain(printed)}"


def command_and_output(block: Block) -> tuple[str, str]:
    """The command that a block shows, and its output."""
    command, _, output = block.text.removeprefix("$ ").partition("\n")
    return command, output


# -- ways to try a block -----------------------------------------------------------------------------------------------


def prints(block: Block, place: Place, *, status: int = 0, columns: int = 80) -> None:
    """The command prints this, in a folder with the files that are shown beside it."""
    command, output = command_and_output(block)
    for file in blocks(block.document):
        if file.heading == block.heading and file.path:
            place.write(file.path, file.text)
    compare(output, place.run(command, status, DAYFLY_WALK="full", DAYFLY_EXAMPLES="100", COLUMNS=str(columns)))


def works(block: Block, place: Place) -> None:
    """The commands succeed."""
    place.run(block.text)


def is_checked(block: Block, place: Place) -> None:
    """The shims keep every check."""
    need("node"), need("ruby")
    for line in block.text.splitlines():
        place.run(line)


def delivers(block: Block, place: Place) -> None:
    """Each command delivers two messages. It is a client of the gallery, whose tests verify it, which takes long."""
    need("node"), need("ruby"), need("curl")
    known = {piece.command for piece in pieces() if piece.room == "correct"}
    for line in block.text.splitlines():
        words = shlex.split(line)
        assert words[:3] == ["dayfly", "verify", "--command"]
        assert words[3] in known
        place.run(line.replace("verify", "replay fixtures/scenarios/two-plain-sends.json").partition(" --examples")[0])


def can_be_made(block: Block, place: Place) -> None:
    """There are such targets. They are not made: one of them runs this test."""
    need("make")
    shutil.copy2(ROOT / "Makefile", place.folder)
    for name in ("pyproject.toml", "constraints.txt"):
        (place.folder / name).touch()
    place.run(re.sub("^make ", "make --dry-run ", block.text, flags=re.MULTILINE), PYTHON=sys.executable)


def is_judged_below(block: Block, _: Place) -> None:
    """A command below it judges it, which is tried too."""
    shown = [one.first for one in blocks(block.document) if one.heading == block.heading and one.language == "console"]
    assert any(first.startswith(f"$ dayfly verify {block.path}:") for first in shown)


def is_a_factory(block: Block, place: Place) -> None:
    """It makes a client that can be verified."""
    place.write("mine.py", f"from notifier import Notifier\n\n{block.text}")
    place.run("dayfly verify mine.py:factory")


def says_that_it_serves(block: Block, _: Place) -> None:
    """The server prints this line when it is ready."""
    command, output = command_and_output(block)
    options = command.split()[2:]
    started = [sys.executable, "-m", "contracts.cli", "serve", "--port", "0", *options]
    with subprocess.Popen(started, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        compare(output, process.stdout.readline())
        process.terminate()


def is_spoken(block: Block, place: Place) -> None:
    """The messages of a process, and the answers that it gets, are those of the protocol with every field they may have."""
    said = re.findall(r"^([→←]) (.*(?:\n .*)*)", block.text, re.MULTILINE)
    hello, idle, _ = (decode(message.encode()) for who, message in said if who == "→")
    welcome, go, rest = (message for who, message in said if who == "←")
    assert isinstance(hello, Hello)
    assert hello.hello == VERSION
    assert f"version {VERSION}" in (ROOT / block.document).read_text("utf-8")
    assert isinstance(idle, Idle)
    assert set(json.loads(said[2][1])) == {"idle", *Idle.__struct_fields__}
    kinds: list[tuple[str, type[Welcome | Go]]] = [(welcome, Welcome), (go, Go), (rest, Go)]
    for message, kind in kinds:
        assert json.loads(encode(msgspec.json.decode(message, type=kind))) == json.loads(message)


def explains(block: Block, place: Place) -> None:
    """A second send is explained so."""
    command, output = command_and_output(block)
    assert re.fullmatch(r"dayfly explain [0-9a-f-]{36}", command)
    with Serving(*DEMO) as server, Talker(server.told) as talker:
        talker.login()
        session = talker.session()
        talker.send(session, "Welcome back")
        refused = talker.send(session, "Welcome back").headers["ININ-Correlation-Id"]
        compare(output, place.run(f"dayfly explain {refused} --url {server.url}"))


def follows(block: Block, place: Place) -> None:
    """A conversation is printed so."""
    command, output = command_and_output(block)
    with Serving(*DEMO) as server, Talker(server.told) as talker:
        talker.login()
        session = talker.session()
        for _ in range(2):
            talker.send(session, "Welcome back")
        compare(output, place.run(f"{command} {server.url} --no-follow"))


def at(server: Serving, script: str) -> str:
    """The script, with the server's port in place of the usual one."""
    host, port = USUAL.split(":")
    assert host in script
    assert port in script
    return re.sub(rf"\b{port}\b", str(urlsplit(server.url).port), script)


def works_at_a_mock(block: Block, place: Place) -> None:
    """The commands succeed at a mock that runs."""
    with Serving(*DEMO) as server:
        place.run(at(server, block.text))


def sends_twice(block: Block, place: Place) -> None:
    """The first send is accepted, the second is refused."""
    need("curl")
    with Serving(*DEMO) as server:
        printed = place.run(at(server, block.text))
    assert re.findall(r"^HTTP/1\.1 (\d+)", printed, re.MULTILINE) == ["200", "403"]


def is_answered(block: Block, place: Place) -> None:
    """The second send of the commands above is answered so."""
    need("curl")
    above = next(one for one in blocks(block.document) if one.first.startswith("API="))
    with Serving(*DEMO) as server:
        printed = place.run(at(server, above.text))
    compare(block.text, printed[printed.rindex("HTTP/1.1") :])


def controls(block: Block, place: Place) -> None:
    """The control API does what it is asked for."""
    need("curl")
    failing = 'curl() { command curl --silent --show-error --fail-with-body "$@"; }\n'
    with Serving(*DEMO) as server:
        place.run(f"API={server.url}\n{failing}{block.text}")
        faults = httpx.get(f"{server.url}/__admin/organizations/default/faults").json()["faults"]
        policy = httpx.get(f"{server.url}/__admin/organizations/default/policy").json()
    assert [fault["kind"] for fault in faults] == ["lost_response", "status"]
    assert policy["idle_timeout"] == 5


def is_a_policy(block: Block, place: Place) -> None:
    """A server takes it."""
    place.write(block.path, block.text)
    policy = policy_from_file(place.folder / block.path)
    assert (policy.ttl, policy.idle_timeout, policy.rate_limit_per_minute) == (600_000, 5_000, 100)


def is_shared(block: Block, _: Place) -> None:
    """The workers serve from a store that runs."""
    options = block.text.replace("redis://127.0.0.1:6379/0", "STORE").split()[2:]
    store = Server(need("valkey"))
    store.start()
    try:
        with Serving(*[store.url if option == "STORE" else option for option in options]) as server:
            assert httpx.get(f"{server.url}/__admin/ready").status_code == 200
    finally:
        store.kill()


def logs_in(block: Block, place: Place, run: Callable[[], tuple[str, dict[str, str]]]) -> None:
    """The program gets a token from the mock."""
    command, variables = run()
    with Serving(*DEMO) as server:
        place.write("program", at(server, block.text))
        place.run(f"{command} ./program", **variables, HOME=str(place.folder), NO_PROXY="*")
        found = httpx.get(f"{server.url}/__admin/organizations/default/requests", params={"operation": "token"}).json()
    assert [request["status"] for request in found["requests"]] == [200]


def python_with_sdk() -> tuple[str, dict[str, str]]:
    return sys.executable, {"PYTHONPATH": str(python_sdk())}


def node_with_sdk() -> tuple[str, dict[str, str]]:
    return need("node"), {"NODE_PATH": str(node_sdk())}


def runs(block: Block, place: Place) -> None:
    """The program ends without an error."""
    place.write("program.py", block.text)
    place.run(f"{sys.executable} program.py")


def is_asked(block: Block, _: Place) -> None:
    """A client process reads this."""
    asked = json.loads(block.text)
    guest = Guest(**asked["send"]["guest"])
    assert json.loads(question(asked["id"], guest, asked["send"]["text"])) == asked


def is_understood(block: Block, _: Place) -> None:
    """A client process may write this."""
    replies = [reply(line.encode(), Credentials("id", "secret")) for line in block.text.splitlines()]
    assert [(one.ok, bool(one.error)) for one in replies] == [(True, False), (False, True)]


def passes(block: Block, place: Place) -> None:
    """Its tests pass, and so do those of the files that are shown below it, which use each other."""
    files = [one for one in blocks(block.document) if one.heading == block.heading and one.language == "python"]
    for file in files:
        place.write(file.path, file.text)
    tests = sum(len(re.findall(r"\btest_\w+(?=\(| =)", file.text)) for file in files)
    assert f"{tests} passed" in place.run(
        f"{sys.executable} -m pytest -q --dayfly-examples 3 {' '.join(file.path for file in files)}"
    )


def passes_with_node(block: Block, place: Place) -> None:
    """Its tests pass."""
    need("node")
    passes(block, place)


def passes_with_the_first(block: Block, _: Place) -> None:
    """Its tests were run with those of the first file."""
    first = next(one for one in blocks(block.document) if one.heading == block.heading and one.first.startswith("# test_"))
    assert first.language == block.language


def makes_tests_of_a_corpus(block: Block, place: Place) -> None:
    """The scenario files are tests of the client."""
    place.write(block.path, block.text)
    place.write("corpus/plain.json", (ROOT / "fixtures" / "scenarios" / "two-plain-sends.json").read_text("utf-8"))
    assert "1 passed" in place.run(f"{sys.executable} -m pytest -q corpus")


def is_judged_afterwards(block: Block, place: Place) -> None:
    """The file that is judged has the suite's requests to the mock."""
    serve, _, check = block.text.splitlines()
    options = serve.removesuffix(" &").split()[2:]
    journal = place.folder / options[-1]
    with Serving(*options[:-1], str(journal)) as server, Talker(server.told) as talker:
        talker.login()
        talker.send(talker.session())
        server.stop()
    assert "inferred" in place.run(check)


def is_a_workflow(block: Block, place: Place) -> None:
    """It is valid, and the action has the inputs that it is given."""
    place.write("workflow.yml", block.text)
    is_valid("github-workflows", place.folder / "workflow.yml")
    *_, step = yaml.safe_load(block.text)["jobs"]["contract"]["steps"]
    assert step["with"].keys() <= yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["inputs"].keys()


def is_a_pipeline(block: Block, place: Place) -> None:
    """It is valid, and its last command leaves the files that the service keeps."""
    place.write("pipeline.yml", block.text)
    is_valid("gitlab-ci", place.folder / "pipeline.yml")
    job = yaml.safe_load(block.text)["contract"]
    place.run(job["script"][-1])
    kept = [*job["artifacts"]["paths"], job["artifacts"]["reports"]["junit"]]
    assert all((place.folder / name).is_file() for name in kept)


def is_expected(block: Block, place: Place) -> None:
    """The violation does not fail the run."""
    place.write(block.path, block.text)
    place.write("notifier.py", (ROOT / "fixtures" / "clients" / "cached_session.py").read_text("utf-8"))
    command = "dayfly verify notifier.py:factory --clause S1 --seed 0"
    place.run(command, 1)
    assert "1 expected" in place.run(f"{command} --expected-failures {block.path}")


def is_at_the_head_of_the_containerfile(block: Block, _: Place) -> None:
    """The file begins with the same commands; its own tests run what they can of them."""
    head = (ROOT / "fixtures" / "container" / "Containerfile").read_text("utf-8")
    assert all(f"#   {line}\n" in head for line in block.text.splitlines())


def can_be_parsed(block: Block, place: Place) -> None:
    """Its syntax is right. It needs a service for containers to be run."""
    if block.language == "python":
        compile(block.text, block.document, "exec")
        return
    framed = {
        "js": (block.text, ["node", "--check"]),
        "go": (f"package main\n\nfunc main() {{\n{block.text}}}\n", ["gofmt", "-e", "-l"]),
        "java": (f"class Recipe {{ void run() {{ {block.text} }} }}\n", ["javac", "-d", ".", "-XDshould-stop.ifNoError=PARSE"]),
    }
    text, command = framed[block.language]
    need(command[0])
    place.write(f"Recipe.{block.language}", text)
    place.run(shlex.join([*command, f"Recipe.{block.language}"]))


def is_served(block: Block, place: Place) -> None:
    """The first command writes the policy that the second one serves."""
    first, second = block.text.splitlines()
    place.run(first)
    *options, name = second.split()[2:]
    with Serving(*options, str(place.folder / name)) as server:
        assert httpx.get(f"{server.url}/__admin/organizations/default/policy").json()["idle_timeout"] == 30


def is_drawn(block: Block, _: Place) -> None:
    """The engine's table is drawn so."""
    assert block.text == f"{diagram()}\n"


def names_all_there_is(block: Block, _: Place) -> None:
    """Every module of the package is named, and every name is a module."""
    package = ROOT / block.first.rstrip("/")
    there = {path.name for path in package.iterdir() if path.is_dir() or path.suffix == ".py"} - {"__init__.py", "__pycache__"}
    inner = {path.name for path in package.rglob("*") if path.is_dir()}
    named = set(re.findall(r"\b\w+\.py\b|\b\w+(?=/\s)", block.text.partition("\n")[2]))
    assert there - named == set()
    assert named - there - inner == set()


WAYS: dict[tuple[str, str], Callable[[Block, Place], None]] = {
    ("README.md", "$ dayfly verify"): partial(prints, status=1, columns=100),
    ("README.md", "make "): can_be_made,
    ("README.md", "# notifier.py"): is_a_factory,
    ("README.md", "dayfly verify"): works,
    ("README.md", "$ dayfly serve"): says_that_it_serves,
    ("README.md", "API="): sends_twice,
    ("README.md", "$ dayfly explain"): explains,
    ("README.md", "dayfly stories"): works,
    ("README.md", "dayfly platform"): works,
    ("contracts/README.md", "# notifier.py"): is_a_factory,
    ("contracts/README.md", "cp "): works,
    ("contracts/README.md", "# with_requests.py"): is_judged_below,
    ("contracts/README.md", "$ dayfly verify"): partial(prints, status=1, columns=100),
    ("contracts/README.md", "dayfly verify --command"): delivers,
    ("contracts/README.md", '{"id": 1, "send"'): is_asked,
    ("contracts/README.md", '{"id": 1, "ok"'): is_understood,
    ("contracts/README.md", "# test_command.py"): passes_with_node,
    ("contracts/README.md", "# test_notifier.py"): passes,
    ("contracts/README.md", "# test_contract.py"): passes_with_the_first,
    ("contracts/README.md", "# test_live.py"): passes_with_the_first,
    ("contracts/README.md", "# pyproject.toml"): makes_tests_of_a_corpus,
    ("contracts/README.md", "dayfly serve --journal"): is_judged_afterwards,
    ("contracts/README.md", "# .github/workflows/contract.yml"): is_a_workflow,
    ("contracts/README.md", "# .gitlab-ci.yml"): is_a_pipeline,
    ("contracts/README.md", "# expected.toml"): is_expected,
    ("contracts/README.md", "dayfly verify notifier.py"): works,
    ("contracts/README.md", "$ dayfly reproduce"): prints,
    ("contracts/README.md", "dayfly reproduce fixtures/recordings/earlier-today.har --infer"): is_served,
    ("contracts/README.md", "dayfly reproduce fixtures/recordings/earlier-today.har --emit"): works,
    ("contracts/README.md", "$ dayfly stories"): prints,
    ("contracts/README.md", "dayfly replay"): works,
    ("contracts/README.md", "dayfly stories run"): works,
    ("contracts/README.md", "dayfly probe"): works_at_a_mock,
    ("contracts/README.md", '→ {"hello"'): is_spoken,
    ("contracts/README.md", "$ dayfly shim"): prints,
    ("contracts/README.md", "dayfly shim"): is_checked,
    ("contracts/README.md", "contracts/"): names_all_there_is,
    ("fixtures/README.md", "dayfly verify"): works,
    ("mockserver/README.md", "$ dayfly serve"): says_that_it_serves,
    ("mockserver/README.md", "API="): sends_twice,
    ("mockserver/README.md", "HTTP/1.1"): is_answered,
    ("mockserver/README.md", "stateDiagram"): is_drawn,
    ("mockserver/README.md", "# policy.toml"): is_a_policy,
    ("mockserver/README.md", "$ dayfly explain"): explains,
    ("mockserver/README.md", "$ dayfly tail"): follows,
    ("mockserver/README.md", "ADMIN="): controls,
    ("mockserver/README.md", "dayfly serve --workers"): is_shared,
    ("mockserver/README.md", "import PureCloud"): partial(logs_in, run=python_with_sdk),
    ("mockserver/README.md", "const { ApiClient }"): partial(logs_in, run=node_with_sdk),
    ("mockserver/README.md", "import httpx"): runs,
    ("mockserver/README.md", "podman build"): is_at_the_head_of_the_containerfile,
    ("mockserver/README.md", "podman run"): is_at_the_head_of_the_containerfile,
    ("mockserver/README.md", "from testcontainers"): can_be_parsed,
    ("mockserver/README.md", "try (var mock"): can_be_parsed,
    ("mockserver/README.md", "const { GenericContainer"): can_be_parsed,
    ("mockserver/README.md", "mock, err :="): can_be_parsed,
    ("mockserver/README.md", "mockserver/"): names_all_there_is,
    ("tests/README.md", "make "): can_be_made,
}
"""How each block is tried, by its document and the beginning of its first line."""

SHOWN = [
    block for name in NAMES for block in blocks(name) if not (name == "tests/README.md" and block.heading.startswith("Add "))
]


def keys(block: Block) -> list[tuple[str, str]]:
    return [key for key in WAYS if block.document == key[0] and block.first.startswith(key[1])]


def test_no_way_is_left_over() -> None:
    assert {key for block in SHOWN for key in keys(block)} == set(WAYS)


@pytest.mark.slow
@pytest.mark.parametrize("block", SHOWN, ids=lambda block: f"{block.document}:{block.heading}:{block.first[:30]}")
def test_a_block_does_what_it_says(block: Block, place: Place) -> None:
    (key,) = keys(block)
    WAYS[key](block, place)
