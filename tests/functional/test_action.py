"""The action for GitHub: its steps are run as they are written, in a shell with the variables that the service sets."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from tests.need import need
from tests.schemas import is_valid

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
INSTALL, JUDGE = (step for step in ACTION["runs"]["steps"] if "run" in step)


class Job:
    """A job on a runner of GitHub: a checkout with two clients, and the variables of a step."""

    def __init__(self, home: Path) -> None:
        self.workspace, self.summary = home / "work", home / "summary.md"
        self.workspace.mkdir()
        for name in ("recovering.py", "cached_session.py"):
            shutil.copy2(ROOT / "fixtures" / "clients" / name, self.workspace)
        self.variables = {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_WORKSPACE": str(self.workspace),
            "HOME": str(home),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }

    def run(self, step: dict[str, Any], **given: str) -> subprocess.CompletedProcess[str]:
        """Run a step with these inputs, by the command that GitHub documents for `shell: bash`."""
        inputs = {name: given.get(name, value["default"]) for name, value in ACTION["inputs"].items()}
        assert set(given) <= set(inputs)
        variables = {name: _expanded(value, inputs) for name, value in step.get("env", {}).items()}
        script = self.summary.with_name("step.sh")
        script.write_text(step["run"], "utf-8")
        command = [need("bash"), "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        environment = self.variables | variables
        return subprocess.run(
            command, cwd=self.workspace, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )


def _expanded(value: str, inputs: dict[str, str]) -> str:
    found = re.fullmatch(r"\$\{\{ inputs\.(\w+) \}\}", value)
    assert found, f"{value}: a step's variables are inputs and nothing else"
    return inputs[found[1]]


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def test_it_is_valid() -> None:
    is_valid("github-actions", ROOT / "action.yml")


def test_no_input_becomes_code() -> None:
    assert not any("${{" in step["run"] for step in (INSTALL, JUDGE))


def test_a_client_that_breaks_a_rule_fails_the_job_and_is_shown(job: Job) -> None:
    done = job.run(JUDGE, client="cached_session.py:factory", options="--clause S1 --walk off --examples '20'")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "::error file=cached_session.py,line=" in done.stdout
    assert "breaks the contract" in job.summary.read_text("utf-8")
    reports = job.workspace / ".dayfly" / "reports"
    assert len(list(ElementTree.parse(reports / "dayfly.xml").iter("failure"))) == 1
    assert "<html" in (reports / "dayfly.html").read_text("utf-8")
    assert list((job.workspace / ".dayfly" / "corpus").glob("S1-*.json"))


def test_a_client_that_keeps_them_passes(job: Job) -> None:
    done = job.run(JUDGE, client="recovering.py:factory", options="--walk off --examples 2", corpus="")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "keeps the contract" in job.summary.read_text("utf-8")
    assert not (job.workspace / ".dayfly" / "corpus").exists()


def test_a_command_is_one_argument(job: Job) -> None:
    shutil.copy2(ROOT / "fixtures" / "clients" / "one_shot.py", job.workspace / "my client.py")
    done = job.run(JUDGE, command="python 'my client.py'", options="--one-shot --walk off --examples 0")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_recording_is_judged(job: Job) -> None:
    shutil.copy2(ROOT / "fixtures" / "traces" / "bad" / "S1.jsonl", job.workspace / "trace.jsonl")
    done = job.run(JUDGE, check="trace.jsonl", reports="out")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "::error file=trace.jsonl" in done.stdout
    assert (job.workspace / "out" / "dayfly.html").is_file()


def test_a_client_that_cannot_be_judged_is_told_of_in_an_annotation(job: Job) -> None:
    done = job.run(JUDGE, client="nowhere.py:factory")
    assert done.returncode == 2
    assert "::error title=dayfly::nowhere.py:factory: there is no file nowhere.py\n" in done.stderr
    assert "there is no file nowhere.py" in job.summary.read_text()


@pytest.mark.parametrize("given", [{}, {"client": "a.py:f", "check": "b.har"}])
def test_it_judges_one_thing(given: dict[str, str], job: Job) -> None:
    done = job.run(JUDGE, **given)
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.startswith("::error::dayfly has nothing to judge, or too much")


def test_options_with_an_open_quote_are_refused(job: Job) -> None:
    done = job.run(JUDGE, client="recovering.py:factory", options="--clause 'S1")
    assert done.returncode == 2
    assert "quote" in done.stderr


def test_it_installs_dayfly_into_the_jobs_python(job: Job, tmp_path: Path) -> None:
    """The dependencies are those of this environment, so that nothing is downloaded."""
    home = tmp_path / "environment"
    venv.create(home, with_pip=True, symlinks=True)
    (libraries,) = home.glob("lib/python*/site-packages")
    (libraries / "these.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")), "utf-8")
    job.variables |= {"PATH": f"{home / 'bin'}{os.pathsep}{os.defpath}", "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    done = job.run(INSTALL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (home / "bin" / "dayfly").is_file()
    again = job.run(INSTALL)
    assert again.stdout.strip() == str(home / "bin" / "dayfly")
