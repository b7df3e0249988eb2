"""`dayfly replay --emit` for clients of declared platforms: each file shows again what was found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from contracts import cli
from mockserver import LiveServer
from mockserver.declared.mock import Mock
from mockserver.platform import compile_platform
from mockserver.web.declared import create_declared_app
from tests.contracts.protocol import clients
from tests.contracts.protocol.test_clauses import CULPRITS, Toy
from tests.need import need
from tests.readmes import ROOT

TOLD = [row for row in CULPRITS if row[2] not in {"D3/message", "A3/token"}]
"""Those whose mistake is in their requests, and does not need two threads."""


def found(toy: Toy, client: type, code: str, folder: Path) -> tuple[str, ...]:
    """Verify a client; return the arguments that replay its counterexample."""
    (folder / "toy.yaml").write_text(toy.text())
    target = f"{clients.__file__}:{client.__name__}"
    platform = ("--platform", "toy.yaml")
    assert cli.run(("verify", *platform, target, "--clause", code, "--corpus", "kept")) == 1
    (scenario,) = (folder / "kept").glob("*.json")
    return ("replay", *platform, str(scenario), target, "--clause", code)


@pytest.mark.parametrize(("toy", "client", "code"), [row[:3] for row in TOLD], ids=[row[1].__name__ for row in TOLD])
def test_the_calls_of_a_culprit_are_a_script(
    toy: Toy, client: type, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    need("curl")
    monkeypatch.chdir(tmp_path)
    words = found(toy, client, code, tmp_path)
    capsys.readouterr()
    assert cli.run((*words, "--emit", "curl")) == 0
    (tmp_path / "calls.sh").write_text(capsys.readouterr().out)
    with LiveServer(create_declared_app(Mock(compile_platform(tmp_path / "toy.yaml")))) as live:
        done = subprocess.run(["bash", "calls.sh", live.url], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_the_script_of_a_scenario_with_a_policy_says_that_it_needs_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    need("curl")
    monkeypatch.chdir(tmp_path)
    toy, client, code, _ = CULPRITS[0]
    words = found(toy, client, code, tmp_path)
    scenario = Path(words[3])
    scenario.write_text(json.dumps(json.loads(scenario.read_text()) | {"policy": {"session.idle": 7}}))
    capsys.readouterr()
    assert cli.run((*words, "--emit", "curl")) == 0
    assert "only under the policy of the mock" in capsys.readouterr().out


@pytest.mark.parametrize("platform", ["", "toy.yaml"])
def test_a_scenario_of_the_other_kind_is_told(
    platform: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    toy, client, code, _ = CULPRITS[0]
    words = found(toy, client, code, tmp_path)
    theirs = str(ROOT / "fixtures" / "scenarios" / "earlier-today.json")
    capsys.readouterr()
    assert cli.run(("replay", *(("--platform", platform, theirs) if platform else words[3:4]), words[4])) == 2
    hint = "the web chat; leave out --platform" if platform else "a declared platform; add --platform"
    assert capsys.readouterr().err.endswith(f".json: this is a scenario of {hint}\n")


def test_a_finding_is_a_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], pytestconfig: pytest.Config
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(pytestconfig.rootpath), prepend=os.pathsep)
    toy, client, code, _ = CULPRITS[0]
    words = found(toy, client, code, tmp_path)
    assert cli.run(words) == 1
    assert "--emit pytest > test_s1_session.py" in capsys.readouterr().out
    assert cli.run((*words, "--emit", "pytest")) == 0
    (tmp_path / "test_found.py").write_text(capsys.readouterr().out)
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_found.py"]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout
    assert "S1/session reused: session 1 was used twice" in done.stdout
    mended = (tmp_path / "test_found.py").read_text().replace(":Reuses", ":Sessions")
    (tmp_path / "test_found.py").write_text(mended)
    assert subprocess.run(run, capture_output=True, check=False).returncode == 0
