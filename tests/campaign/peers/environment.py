"""Installs the tools of the comparison: Pebble from the Go module proxy, the conformance suite and Node from npm."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.campaign import environments
from tests.campaign.drivers import PUBLIC, drivers
from tests.campaign.environments import HOME, NODE

PEERS = PUBLIC / "peers"
SUITE = HOME / "peers"
PEBBLE = "github.com/letsencrypt/pebble/v2"
VERSION = "v2.10.3"


def make() -> None:
    """Install what is not installed yet. Ends the process if go or npm is missing."""
    for tool in ("go", "npm"):
        if shutil.which(tool) is None:
            sys.exit(f"the comparison needs {tool}; install it")
    environments.make(drivers())
    for driver in PEERS.glob("*.mjs"):  # Node looks for packages beside the file
        shutil.copy(driver, NODE)
    SUITE.mkdir(exist_ok=True)
    if not (SUITE / "pebble").exists():
        places = {**os.environ, "GOBIN": str(SUITE), "GOFLAGS": "-modcacherw"}
        subprocess.run(["go", "install", f"{PEBBLE}/cmd/pebble@{VERSION}"], env=places, check=True)
    environments.when_changed(PEERS / "package.json", _install_suite)


def _install_suite(pins: Path) -> None:
    shutil.copy(pins, SUITE)
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=SUITE, check=True)


def pebble_source() -> Path:
    """Return the folder of Pebble's source, which has the certificates for its tests."""
    told = subprocess.run(["go", "mod", "download", "-json", f"{PEBBLE}@{VERSION}"], capture_output=True, check=True).stdout
    return Path(json.loads(told)["Dir"])
