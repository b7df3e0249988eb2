"""The environments that the clients are installed in, apart from that of dayfly: .cache/campaign."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

from tests.campaign.drivers import PUBLIC

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".cache" / "campaign"
PYTHON = HOME / "python" / "bin" / "python"
NODE = HOME / "node"


def make(*, node: bool) -> None:
    """Install what is not installed yet, at the versions of requirements.txt and package.json."""
    HOME.mkdir(parents=True, exist_ok=True)
    when_changed(PUBLIC / "requirements.txt", _make_python)
    if node:
        if shutil.which("npm") is None:
            sys.exit("some clients need Node; install node and npm, or name the clients to run")
        when_changed(PUBLIC / "package.json", _make_node)
        for driver in PUBLIC.glob("*.mjs"):  # Node looks for packages beside the file
            shutil.copy(driver, NODE)


def when_changed(pins: Path, install: Callable[[Path], None]) -> None:
    """Install what a file pins, if it has changed since."""
    stamp = HOME / f"{pins.parent.name}-{pins.name}.installed"
    if not stamp.exists() or stamp.read_bytes() != pins.read_bytes():
        install(pins)
        shutil.copy(pins, stamp)


def _make_python(pins: Path) -> None:
    venv.create(HOME / "python", clear=True, with_pip=True)
    install = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "--requirement", str(pins)], check=True)
    subprocess.run([*install, "--no-deps", "--editable", str(ROOT)], check=True)


def _make_node(pins: Path) -> None:
    shutil.rmtree(NODE, ignore_errors=True)
    NODE.mkdir()
    shutil.copy(pins, NODE)
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=NODE, check=True)
