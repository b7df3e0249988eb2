"""Finds the version of a package in which its client began to break a clause, or to keep it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Literal
from zlib import crc32

import msgspec
from msgspec import Struct

from contracts.protocol.scenario import DeclaredScenario
from tests.campaign import environments
from tests.campaign.drivers import PUBLIC, PublicClient
from tests.campaign.running import Result

JSON = PUBLIC / "versions.json"

State = Literal["broken", "held", "not runnable"]
"""What came of one clause and one version. A clause that was not put to the test counts as not runnable."""

FINAL = re.compile(r"\d+(\.\d+)*")


class Since(Struct, frozen=True):
    """The version since which a client breaks a clause, or keeps it.

    `before` is the last version of the other kind, "" if there is none that runs. `tried` has the state of each one.
    """

    driver: str
    code: str
    state: State
    version: str
    before: str
    is_first: bool
    tried: dict[str, State]

    def told(self) -> str:
        """Return it in a few words."""
        if not self.before:
            return f"ever since {self.version}" + ("" if self.is_first else ", the first that runs")
        if self.state == "held":
            return f"mended in {self.version}; {self.before} breaks it"
        return f"introduced in {self.version}; {self.before} keeps it"


def read() -> list[Since]:
    """Return what is on record."""
    return msgspec.json.decode(JSON.read_bytes(), type=list[Since]) if JSON.exists() else []


def write(found: Since) -> None:
    """Put a finding in place of an older one."""
    others = [one for one in read() if (one.driver, one.code) != (found.driver, found.code)]
    known = sorted([*others, found], key=lambda one: (one.driver, one.code))
    JSON.write_bytes(b"[\n" + b",\n".join(map(msgspec.json.encode, known)) + b"\n]\n")


def bisect(client: PublicClient, code: str, scenario: DeclaredScenario | None, say: Callable[[str], None]) -> Since | None:
    """Return the version since which the client's clause is as it is today; None if today's version tells nothing.

    A version is judged by the `scenario` alone if there is one, else by one seed. `say` is told of each that is tried.
    """
    versions = versions_of(client)

    def ask(version: str) -> State:
        state = state_of(result_of(client, version, scenario), code)
        say(f"{client.package} {version}: {code} {state}")
        return state

    return search(client.name, code, versions, ask)


def search(driver: str, code: str, versions: list[str], ask: Callable[[str], State]) -> Since | None:
    """Search a list of versions, oldest first, for the beginning of the last one's state.

    Until a version of the other state is known, all that are older than one that does not run are taken not to run either.
    """
    last = len(versions) - 1
    tried = {versions[last]: ask(versions[last])}
    today = tried[versions[last]]
    if today == "not runnable":
        return None
    first, floor, other = last, -1, ""
    while left := [one for one in range(floor + 1, first) if versions[one] not in tried]:
        middle = left[len(left) // 2]
        state = tried[versions[middle]] = ask(versions[middle])
        if state == today:
            first = middle
        elif state != "not runnable":
            floor, other = middle, versions[middle]
        elif not other:
            floor = middle
    return Since(driver, code, today, versions[first], other, first == 0, tried)


def versions_of(client: PublicClient) -> list[str]:
    """Return the final releases that the registry has, up to the one that is on record, oldest first."""
    if client.language == "node":
        told = subprocess.run(["npm", "view", client.package, "versions", "--json"], capture_output=True, check=True).stdout
        found = json.loads(told)
    else:
        command = [str(environments.python_of(client)), "-m", "pip", "index", "versions", client.package]
        told = subprocess.run(command, capture_output=True, check=True).stdout
        found = re.search(r"Available versions: (.*)", told.decode())[1].split(", ")  # type: ignore[index]
    final = [version for version in found if FINAL.fullmatch(version)]
    return sorted((one for one in final if _order(one) <= _order(client.version)), key=_order)


def _order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def result_of(client: PublicClient, version: str, scenario: DeclaredScenario | None = None) -> Result | None:
    """Run a version beside the packages of the lock file; return None if it does not run. The result is kept."""
    home = environments.HOME / "versions" / re.sub(r"\W+", "-", f"{client.package}-{version}")
    given = b"" if scenario is None else msgspec.json.encode(scenario)
    kept = home / f"{client.name}-{crc32(given):08x}.json"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(_run(client, version, home, given))
    return msgspec.json.decode(kept.read_bytes(), type=Result | None)


def _run(client: PublicClient, version: str, home: Path, given: bytes) -> bytes:
    python = environments.python_of(client)
    try:
        if client.language == "python":  # it goes before the same package in the environment of the lock file
            only = ("--no-deps", "--upgrade", "--target", str(home), f"{client.package}=={version}", *client.beside)
            environments.install_python(python, *only)
        else:
            environments.install_node(home, f"{client.package}@{version}", *client.beside)
            environments.copy_drivers(home)
    except subprocess.CalledProcessError:
        return b"null"
    done = environments.child(client, python, home, "--try" if given else "1", given=given)
    return done.stdout if done.returncode == 0 else b"null"


def state_of(result: Result | None, code: str) -> State:
    """Return what came of a clause."""
    clause = next((one for one in result.clauses if one.code == code), None) if result is not None else None
    if clause is None or not clause.held + clause.violated:
        return "not runnable"
    return "broken" if clause.violated else "held"
