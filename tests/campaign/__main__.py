"""``make campaign``: puts public clients before the platforms that ship, and writes the record of what they break.

Exit status 1 if a client gave an alarm that nobody has read a second time, 2 if one could not be run.
"""

from __future__ import annotations

import argparse
import sys

import msgspec

from tests.campaign import environments, record, versions
from tests.campaign.drivers import PublicClient, drivers
from tests.campaign.running import Result


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--seeds", type=int, metavar="N", help="seeds for each client; by itself as many as drivers.toml says")
    parser.add_argument("--show", metavar="CODE", help="play the recorded scenario in which a clause was broken")
    parser.add_argument("--bisect", metavar="NAME", help="find since which version a driver's clauses are broken")
    parser.add_argument("--clause", metavar="CODE", help="with --bisect: this clause only, which may also be one that holds")
    parser.add_argument("--write", action="store_true", help="write the record anew from drivers.toml; run nothing")
    parser.add_argument("--missing", action="store_true", help="run only those that the record has with too few seeds, or not")
    parser.add_argument("--pin", action="store_true", help="write the lock files anew from drivers.toml")
    parser.add_argument("names", nargs="*", metavar="NAME", help="parts of names of drivers, packages or platforms; else all")
    options = parser.parse_args()
    if options.pin:
        environments.pin()
        return 0
    if options.write:
        record.write(drivers(), record.read())
        return 0
    names = [options.bisect] if options.bisect else options.names
    known = record.read() if options.missing else {}
    chosen = [one for one in drivers() if _is_meant(one, names) and not _is_done(one, known.get(one.name))]
    if options.missing and not chosen:
        return 0
    if not chosen:
        parser.error(f"no driver is called {' or '.join(names)}; there are {', '.join(one.name for one in drivers())}")
    environments.make(chosen)
    if options.bisect:
        return bisect(chosen[0], options.clause)
    if options.show is not None:
        return show(chosen[0], options.show)
    return run(chosen, options.seeds)


def _is_meant(client: PublicClient, names: list[str]) -> bool:
    if client.name in names:
        return True
    exact = {one.name for one in drivers()} & set(names)
    return not names or any(name in {client.package, client.platform} and name not in exact for name in names)


def _is_done(client: PublicClient, result: Result | None) -> bool:
    return result is not None and result.seeds >= client.seeds


def run(clients: list[PublicClient], seeds: int | None) -> int:
    """Run clients one after the other, and write the record after each."""
    status = 0
    for client in clients:
        done = environments.child(client, environments.python_of(client), environments.NODE, str(seeds or client.seeds))
        if done.returncode:
            print(f"{client.name} could not be run", file=sys.stderr)
            status = 2
            continue
        result = msgspec.json.decode(done.stdout, type=Result)
        record.add(result)
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
    given = msgspec.json.encode(clause.scenario)
    done = environments.child(client, environments.python_of(client), environments.NODE, "--replay", given=given)
    print(done.stdout.decode(), end="")
    return done.returncode


def bisect(client: PublicClient, code: str | None) -> int:
    """Find since which version clauses are as they are, all that are on record as broken unless one is named."""
    result = record.read().get(client.name)
    scenarios = {one.code: one.scenario for one in result.clauses if one.violated} if result is not None else {}
    for one in [code] if code is not None else scenarios:
        found = versions.bisect(client, one, scenarios.get(one), lambda words: print(words, file=sys.stderr))
        if found is None:
            print(f"{client.package} {client.version}: {one} was not put to the test", file=sys.stderr)
            return 2
        versions.write(found)
        print(f"{client.package}: {one} {found.told()}")
    record.write(drivers(), record.read())
    return 0


if __name__ == "__main__":
    sys.exit(main())
