"""Has the SDKs installed, in `DAYFLY_SDK_DIR` or a folder of the user's cache; a test that cannot have them is skipped."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.need import lacking, need

CONSTRAINTS = Path(__file__).parents[3] / "constraints.txt"
NODE_SDK = "purecloud-platform-client-v2@262.0.0"
NODE_STACKS = ("axios@1.21.1", "got@14.6.6", "undici@7.30.2")
"""The HTTP stacks of the gallery's Node clients."""
NODE_RETRIES = ("axios@1.21.1", "axios-retry@4.5.0", "got@14.6.6", "ky@1.14.3", "openid-client@6.9.0")
"""Packages that try again by themselves, and one whose users do."""
SARIF = "@microsoft/jest-sarif@1.0.0-beta.0"

PATIENCE = 600
"""Seconds an installation may take: the Python SDK is thousands of files, and a client in Rust is 80 packages."""


def python_sdk() -> Path:
    """The folder to have on `PYTHONPATH`."""
    pinned = (line for line in CONSTRAINTS.read_text("utf-8").splitlines() if line.lower().startswith("purecloud"))
    sdk = next(pinned).lower()
    return installed(sdk, lambda folder: [sys.executable, "-m", "pip", "install", "--target", str(folder), sdk])


def node_sdk() -> Path:
    """The folder to have on `NODE_PATH`."""
    return _node(NODE_SDK, NODE_SDK)


def node_stacks() -> Path:
    """Return the folder that holds the packages of `NODE_STACKS`."""
    return _node("+".join(NODE_STACKS), *NODE_STACKS)


def node_retries() -> Path:
    """Return the folder that holds the packages of `NODE_RETRIES`."""
    return _node("+".join(NODE_RETRIES), *NODE_RETRIES)


def sarif_schema() -> Path:
    """Return the schema of SARIF 2.1.0, as Microsoft's matchers for Jest have it."""
    npm = need("npm")
    script = f'cd "$1" && {npm} pack --silent {SARIF} && tar -xzf *.tgz'
    folder = installed(SARIF.replace("/", "-"), lambda made: ["sh", "-c", script, "sh", str(made)])
    return folder / "package" / "lib" / "schemas" / "sarif-2.1.0-rtm.5.json"


def _node(name: str, *packages: str) -> Path:
    npm = need("npm")
    options = ("--ignore-scripts", "--no-audit", "--no-fund")
    return installed(name, lambda folder: [npm, "install", *options, "--prefix", str(folder), *packages]) / "node_modules"


def installed(name: str, command: Callable[[Path], list[str]], part_of: str = "sdk") -> Path:
    """Return a folder of the cache that the command has filled, now or earlier; skip the test if it fails."""
    folder = _cache() / name.replace("==", "@")
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker may be filling it
        if not folder.is_dir():
            with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as scratch:
                made = Path(scratch) / "made"
                made.mkdir()
                _run(name, command(made), part_of)
                made.rename(folder)
    return folder


def _run(name: str, command: list[str], part_of: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        lacking(part_of, f"{name} could not be installed within {PATIENCE} s")
    except subprocess.CalledProcessError as failed:
        lacking(part_of, f"{name} could not be installed: {(failed.stderr or failed.stdout).strip()[-300:]}")


def _cache() -> Path:
    chosen = os.environ.get("DAYFLY_SDK_DIR")
    if chosen:
        return Path(chosen)
    user = os.environ.get("XDG_CACHE_HOME")
    return (Path(user) if user else Path.home() / ".cache") / "dayfly" / "sdk"
