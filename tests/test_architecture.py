"""The rules of the house, executed: style, types, the direction of imports, what an import may load, who reads the time."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(path for package in ("contracts", "mockserver") for path in (ROOT / package).rglob("*.py"))
CLIENTS = ROOT / "tests" / "gallery" / "clients"
TESTS = sorted(path for path in (ROOT / "tests").rglob("*.py") if not path.is_relative_to(CLIENTS))

# Its cache keeps old targets of imports after a module was added.
LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
CHECKS = {
    "style": ["-m", "ruff", "check", "--quiet"],
    "format": ["-m", "ruff", "format", "--check", "--quiet"],
    "types": ["-m", "mypy", "--no-error-summary"],
    "imports": ["-c", LINT_IMPORTS],
}

HEAVY = {"flask", "granian", "httpx", "hypothesis", "jsonschema", "jsonschema_rs", "redis", "respx", "waitress", "yaml"}
LIGHT_MODULES = ["contracts", "contracts.cli", "contracts.clauses", "contracts.judge", "contracts.pytest_plugin", "mockserver"]

TRACE, SCENARIO = "fixtures/traces/good/A1.jsonl", "fixtures/scenarios/earlier-today.json"
CLIENT, RECORDING = "fixtures/clients/recovering.py:factory", "fixtures/recordings/earlier-today.har"

# The second makes the clocks of clients under test, and gives everyone else the system's.
CLOCKS = [ROOT / "mockserver" / "clock.py", ROOT / "contracts" / "clients" / "clocks.py"]
# Clients whose sleep takes no time, and the test of that.
STACKS = ROOT / "tests" / "contracts" / "clients" / "stacks"
VIRTUAL = {ROOT / "tests" / "contracts" / "clients" / "test_virtual_time.py", *STACKS.glob("*.py")}
CLOCK_READINGS = {
    "date": {"today"},
    "datetime": {"now", "today", "utcnow"},
    "time": {"gmtime", "localtime", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "time", "time_ns"},
}


@pytest.mark.slow
@pytest.mark.parametrize("arguments", CHECKS.values(), ids=CHECKS)
def test_tools_find_nothing_to_say(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH")  # they see every package
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("module", LIGHT_MODULES)
def test_importing_it_loads_nothing_heavy(module: str) -> None:
    """The plugin is imported in every pytest session of whoever installs it, the command for every `--help`."""
    program = f"import sys, {module}; print(*{HEAVY} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


DRAWS_NOTHING = ["explain S1", f"check {TRACE}", f"replay {SCENARIO} {CLIENT}", "stories list", f"reproduce {RECORDING}"]


@pytest.mark.parametrize("command", DRAWS_NOTHING, ids=lambda command: command.split()[0])
def test_a_command_that_draws_nothing_leaves_hypothesis_out(command: str) -> None:
    """It takes longer to import than these commands take in all."""
    program = (
        "import sys; from contracts.cli import run; status = run(sys.argv[1:]); print(status, 'hypothesis' in sys.modules)"
    )
    called = [sys.executable, "-c", program, *command.split()]
    done = subprocess.run(called, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 False", done.stderr


NEEDS_NO = [
    ("serve --help", ["contracts.judge", "contracts.verify", "mockserver.engine", "mockserver.wire"]),
    ("verify --help", ["contracts.clauses", "contracts.verify", "mockserver.wire"]),
    ("check --help", ["contracts.clauses", "contracts.verify", "mockserver.wire"]),
    ("explain --help", ["contracts.judge", "contracts.verify", "mockserver.wire"]),
    ("explain S1", ["contracts.protocol", "contracts.verify", "mockserver.wire"]),
]


@pytest.mark.parametrize(("command", "needless"), NEEDS_NO, ids=[command for command, _ in NEEDS_NO])
def test_a_command_imports_only_what_it_needs(command: str, needless: list[str]) -> None:
    program = "import sys; from contracts.cli import run; status = run(sys.argv[1:]); print(status, *sys.modules)"
    called = [sys.executable, "-c", program, *command.split()]
    done = subprocess.run(called, cwd=ROOT, capture_output=True, text=True, check=True)
    status, *loaded = done.stdout.splitlines()[-1].split()
    assert status == "0", done.stderr
    assert HEAVY.union(needless) & set(loaded) == set()


STARTS = """
import sys
import mockserver.serve

def start(settings, on_ready, *, make_app, **_):
    make_app(settings)
    print(*sys.modules)
    return 0

mockserver.serve.run = start
from contracts.cli import run
sys.exit(run(["serve"]))
"""
"""`dayfly serve` up to the application, which a worker makes."""


def test_serving_starts_without_the_judge_and_without_declared_platforms() -> None:
    done = subprocess.run([sys.executable, "-c", STARTS], cwd=ROOT, capture_output=True, text=True, check=True)
    needless = {"contracts.har", "contracts.judge", "contracts.report.model", "mockserver.explain", "mockserver.platform.model"}
    assert (HEAVY.difference({"flask", "granian"}) | needless) & set(done.stdout.split()) == set()


def test_only_the_clock_reads_the_time() -> None:
    assert [place for path in SOURCES if path not in CLOCKS for place in uses(path, CLOCK_READINGS)] == []


def test_no_test_sleeps() -> None:
    assert [place for path in TESTS if path not in VIRTUAL for place in uses(path, {"time": {"sleep"}})] == []


def test_functions_are_short() -> None:
    lengths = {place: length for path in SOURCES for place, length in functions(path)}
    assert {place: length for place, length in lengths.items() if length > 50} == {}
    assert median(lengths.values()) < 12


def uses(path: Path, forbidden: Mapping[str, Container[str]]) -> Iterator[str]:
    """Yield the places at which the file calls `owner.name(...)`, or imports `name` from `owner`, for the names in
    `forbidden`."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name)):
                names = [name]
            case ast.ImportFrom(module=str(owner), names=aliases):
                names = [alias.name for alias in aliases]
            case _:
                continue
        if any(name in forbidden.get(owner, ()) for name in names):
            yield f"{path.relative_to(ROOT)}:{node.lineno}"


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each function of the file, with its place and its number of lines."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield f"{path.relative_to(ROOT)}:{node.name}", node.end_lineno - node.lineno + 1
