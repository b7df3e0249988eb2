"""The wheel, installed into an environment that holds what it declares and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

from tests.readmes import links

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
BUILD = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory"]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python"]


class Installed:
    """A virtual environment in `place` into which the wheel was installed."""

    def __init__(self, place: Path, wheel: Path) -> None:
        self.home, self.wheel = place, wheel
        venv.create(place, symlinks=True)
        self.python, self.command = place / "bin" / "python", place / "bin" / "dayfly"
        (self.libraries,) = place.glob("lib/python*/site-packages")
        subprocess.run([*PIP, str(self.python), "install", "--quiet", "--no-deps", "--no-index", wheel], check=True)

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run the command in this environment, outside the checkout."""
        environment = {"PATH": f"{self.home / 'bin'}{os.pathsep}{os.defpath}", "HOME": str(self.home), "NO_COLOR": "1"}
        return subprocess.run(command, cwd=self.home, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("wheel")
    subprocess.run([*BUILD, place], cwd=ROOT, check=True, capture_output=True)
    (built,) = place.glob("dayfly-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    installed = Installed(tmp_path_factory.mktemp("environment"), wheel)
    (metadata,) = installed.libraries.glob("dayfly-*.dist-info")
    for dependency in closure(Distribution.at(metadata)):
        link(dependency, installed.libraries)
    return installed


def closure(dependent: Distribution, seen: set[str] | None = None) -> Iterator[Distribution]:
    """All that `dependent` requires here, directly or not, without its extras."""
    seen = set() if seen is None else seen
    for requirement in map(Requirement, dependent.requires or ()):
        if requirement.name not in seen and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
            seen.add(requirement.name)
            found = distribution(requirement.name)
            yield found
            yield from closure(found, seen)


def link(dependency: Distribution, libraries: Path) -> None:
    """Puts the top-level files and folders of an installed distribution into another environment, without a copy."""
    for name in {file.parts[0] for file in dependency.files or ()} - {"..", "__pycache__"}:
        if not (libraries / name).exists():
            (libraries / name).symlink_to(Path(str(dependency.locate_file(name))))


def tracked(folder: str) -> set[str]:
    """The files of `folder` that a checkout holds, as paths within it."""
    files = (path.relative_to(ROOT / folder) for path in (ROOT / folder).rglob("*") if path.is_file())
    return {str(path) for path in files if "__pycache__" not in path.parts}


def test_it_declares_all_that_it_requires(installed: Installed) -> None:
    done = subprocess.run([*PIP, installed.python, "check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_it_holds_every_file_of_both_packages_and_the_fixtures(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    packages = {f"{package}/{name}" for package in ("contracts", "mockserver") for name in tracked(package)}
    assert names == packages | {f"contracts/_fixtures/{name}" for name in tracked("fixtures")}
    assert {"mockserver/openapi/platform.yaml", "mockserver/stores/commit.lua", "mockserver/py.typed"} <= names


def test_the_index_can_show_it(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH")  # twine needs rich
    check = [sys.executable, "-m", "twine", "check", "--strict"]
    done = subprocess.run([*check, wheel], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    with ZipFile(wheel) as archive:
        (metadata,) = (archive.read(name).decode() for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    description = metadata.partition("\n\n")[2]
    assert description.startswith("# dayfly\n")
    assert [link for link in links(description) if not link.startswith("https://")] == []


def test_without_the_server_clients_are_judged_and_nothing_is_served(installed: Installed) -> None:
    """A pipeline that only verifies may leave granian out, the largest package that comes along."""
    program = "import sys; sys.modules['granian'] = None; from contracts.cli import run; sys.exit(run(sys.argv[1:]))"
    client = f"{ROOT}/fixtures/clients/recovering.py:factory"
    judged = installed.run(installed.python, "-c", program, "verify", client, "--examples", "0", "--walk", "off")
    assert judged.returncode == 0, judged.stderr
    over_a_socket = ["verify", client, "--socket", "--examples", "0", "--walk", "off", "--clause", "S1"]
    assert installed.run(installed.python, "-c", program, *over_a_socket).returncode == 0
    served = installed.run(installed.python, "-c", program, "serve", "--port", "0")
    assert (served.returncode, served.stderr) == (2, "dayfly: the server is not installed: run `pip install granian`\n")


def test_the_command_tells_the_version_of_the_wheel(installed: Installed) -> None:
    done = installed.run(installed.command, "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert installed.wheel.name.split("-")[1] in done.stdout


def test_the_packages_come_from_the_wheel_and_read_their_data(installed: Installed) -> None:
    program = (
        "import contracts, json, mockserver.openapi; from importlib.resources import files; "
        "print(json.dumps([contracts.__file__, mockserver.openapi.document()['openapi'], "
        "[entry.name for entry in files('contracts').joinpath('_fixtures').iterdir()]]))"
    )
    done = installed.run(installed.python, "-c", program)
    assert done.returncode == 0, done.stderr
    location, openapi, fixtures = json.loads(done.stdout)
    assert Path(location).is_relative_to(installed.libraries)
    assert openapi.startswith("3.1")
    assert {name.split("/")[0] for name in tracked("fixtures")} == set(fixtures)


def test_pytest_finds_the_plugin(installed: Installed) -> None:
    done = installed.run(installed.python, "-m", "pytest", "--help")
    assert done.returncode == 0, done.stderr
    assert "--dayfly-base-url" in done.stdout


def test_the_demonstration_runs_far_from_the_checkout(installed: Installed) -> None:
    done = installed.run(installed.command, "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "S1" in done.stdout


def test_the_stories_come_along_and_are_put_on(installed: Installed) -> None:
    done = installed.run(installed.command, "stories", "run", "--all")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(list((ROOT / 'fixtures' / 'stories').glob('*.json')))} as expected" in done.stdout
