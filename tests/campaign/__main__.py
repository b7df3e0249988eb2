"""``make campaign``: puts public clients before the platforms that ship, and writes fixtures/public/RECORD.md.

Exit status 1 if a client gave an alarm that nobody has read a second time, 2 if one could not be run.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

import msgspec

from tests.campaign import environments, record
from tests.campaign.drivers import PublicClient, drivers
from tests.campaign.running import Result


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--seeds", type=int, metavar="N", help="seeds for each client; by itself as many as drivers.toml says")
    parser.add_argument("--show", metavar="CODE", help="play the recorded scenario in which a clause was broken")
    parser.add_argument("--write", action="store_true", help="write RECORD.md anew after a change of drivers.toml; run nothing")
    parser.add_argument("names", nargs="*", metavar="NAME", help="parts of names of drivers, packages or platforms; else all")
    options = parser.parse_args()
    if options.write:
        record.write(drivers(), record.read())
        return 0
    chosen = [client for client in drivers() if _is_meant(client, options.names)]
    if not chosen:
        parser.error(f"no driver is called {' or '.join(options.names)}; there are {', '.join(one.name for one in drivers())}")
    environments.make(chosen)
    if options.show is not None:
        return show(chosen[0], options.show)
    return run(chosen, options.seeds)


def _is_meant(client: PublicClient, names: list[str]) -> bool:
    if client.name in names:
        return True
    exact = {one.name for one in drivers()} & set(names)
    return not names or any(name in {client.package, client.platform} and name not in exact for name in names)


def run(clients: list[PublicClient], seeds: int | None) -> int:
    """Run clients one after the other, and write the record after each."""
    results, status = record.read(), 0
    for client in clients:
        done = _child(client, str(seeds or client.seeds), b"")
        if done.returncode:
            print(f"{client.name} could not be run", file=sys.stderr)
            status = 2
            continue
        results[client.name] = result = msgspec.json.decode(done.stdout, type=Result)
        record.write(drivers(), results)
        for clause in record.unread_of(client, result):
            print(f"{client.name}: {clause.code} ({clause.level or 'no sentence'}): {clause.message}\n{clause.story}\n")
            status = max(status, 1)
    print(f"written: {record.TEXT}", file=sys.stderr)
    return status


def show(client: PublicClient, code: str) -> int:
    """Play the scenario that is on record for a clause."""
    result = record.read().get(client.name)
    clause = next((one for one in result.clauses if one.code == code and one.scenario is not None), None) if result else None
    if clause is None:
        print(f"the record has no scenario in which {client.name} breaks {code}; run it first", file=sys.stderr)
        return 2
    done = _child(client, "--replay", msgspec.json.encode(clause.scenario))
    print(done.stdout.decode(), end="")
    return done.returncode


def _child(client: PublicClient, what: str, given: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [str(environments.python_of(client)), "-m", "tests.campaign.running", client.name, what]
    return subprocess.run(command, input=given, stdout=subprocess.PIPE, cwd=environments.ROOT, check=False)


if __name__ == "__main__":
    sys.exit(main())
