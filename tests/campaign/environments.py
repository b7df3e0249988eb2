"""The environments that the clients are installed in, apart from that of dayfly: .cache/campaign."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.campaign.drivers import PUBLIC, PublicClient, drivers

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".cache" / "campaign"
PYTHON = HOME / "python" / "bin" / "python"
NODE = HOME / "node"

PIN = ("--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--no-header", "--allow-unsafe")
HEADER = "# Clients of the campaign, and what they and dayfly need. `make campaign ARGS=--pin` writes this file anew.\n"


def python_of(client: PublicClient) -> Path:
    """Return the interpreter that runs a client; for one in Node, that which drives it."""
    return HOME / f"python{_suffix(client.environment)}" / "bin" / "python"


def _suffix(environment: str) -> str:
    return f"-{environment}" if environment else ""


def _pins(environment: str) -> Path:
    return PUBLIC / f"requirements{_suffix(environment)}.txt"


def make(clients: Iterable[PublicClient]) -> None:
    """Install what these clients need and is not installed yet, at the versions of the lock files."""
    HOME.mkdir(parents=True, exist_ok=True)
    for environment in sorted({client.environment for client in clients}):
        when_changed(_pins(environment), lambda pins, where=environment: _make_python(pins, where))  # type: ignore[misc]
    if any(client.language == "node" for client in clients):
        when_changed(PUBLIC / "package-lock.json", lambda _: install_node(NODE))
        copy_drivers(NODE)


def when_changed(pins: Path, install: Callable[[Path], None]) -> None:
    """Install what a file pins, if it has changed since."""
    stamp = HOME / f"{pins.parent.name}-{pins.name}.installed"
    if not stamp.exists() or stamp.read_bytes() != pins.read_bytes():
        print(f"installing what {pins.name} pins", file=sys.stderr)
        install(pins)
        shutil.copy(pins, stamp)


def _make_python(pins: Path, environment: str) -> None:
    home = HOME / f"python{_suffix(environment)}"
    venv.create(home, clear=True, with_pip=True)
    python = home / "bin" / "python"
    install_python(python, "--require-hashes", "--requirement", str(pins))
    install_python(python, "--no-deps", "--editable", str(ROOT))


def install_python(python: Path, *what: str) -> None:
    """Install something into the environment of an interpreter. Raises CalledProcessError."""
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, *what], check=True, stdout=sys.stderr)


def install_node(home: Path, *what: str) -> None:
    """Install packages into a folder: those named, or all of the lock file. Raises CalledProcessError."""
    if shutil.which("npm") is None:
        sys.exit("some clients need Node; install node and npm, or name the clients to run")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    if what:
        (home / "package.json").write_text('{"type": "module"}')
    else:
        shutil.copy(PUBLIC / "package.json", home)
        shutil.copy(PUBLIC / "package-lock.json", home)
    command = ["npm", *(("install", "--no-package-lock", *what) if what else ("ci",)), "--ignore-scripts"]
    subprocess.run([*command, "--no-audit", "--no-fund", "--silent"], cwd=home, check=True, stdout=sys.stderr)


def copy_drivers(home: Path) -> None:
    """Put the drivers beside their packages, as Node looks for packages beside the file."""
    for driver in PUBLIC.glob("*.mjs"):
        shutil.copy(driver, home)


def pin() -> None:
    """Write the lock files anew from the versions in drivers.toml and package.json."""
    home = HOME / "pinning"
    venv.create(home, clear=True, with_pip=True)
    install_python(home / "bin" / "python", "pip-tools")
    for environment in sorted({client.environment for client in drivers()}):
        chosen = [one for one in drivers() if one.language == "python" and one.environment == environment]
        wanted = home / "clients.in"
        wanted.write_text("".join(sorted({f"{one.package}=={one.version}\n" for one in chosen})))
        pins = _pins(environment)
        command = [str(home / "bin" / "pip-compile"), "--quiet", *PIN, "--output-file", str(pins), str(wanted)]
        subprocess.run([*command, str(ROOT / "pyproject.toml")], check=True, cwd=ROOT)
        pins.write_text(HEADER + pins.read_text("utf-8"), "utf-8")
    lock = ["npm", "install", "--package-lock-only", "--omit-lockfile-registry-resolved", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(lock, cwd=PUBLIC, check=True)


def child(client: PublicClient, python: Path, home: Path, *what: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a driver in an environment; see tests.campaign.running. `home` has packages that go first."""
    command = [str(python), "-m", "tests.campaign.running", client.name, *what]
    where = home if client.language == "node" else ROOT
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([str(home), str(ROOT)])}
    return subprocess.run(command, input=given, stdout=subprocess.PIPE, cwd=where, env=variables, check=False)
