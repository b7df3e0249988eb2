"""Runs inside a copy of the project, and says as JSON what probes of its mock find.

`python -m tests.mutants.trial CODE SEEDS` tells how many of so many probes found the clause broken, without arguments which
clauses one probe finds broken.
"""

from __future__ import annotations

import json
import sys

from contracts.probe import ProbeOptions, in_process, probe


def broken(*codes: str, seed: int = 0, examples: int | None = None) -> list[str]:
    """The clauses that a probe finds broken; of these `codes`, or of all."""
    options = ProbeOptions(examples=examples, seed=seed, clauses=codes, shorten=False)
    with in_process() as provider:
        return [result.code for result in probe(provider, options).violated]


def times_broken(code: str, seeds: int) -> int:
    """Of so many probes; the directed trials know no seed, and one round of them speaks for all."""
    return seeds if broken(code, examples=0) else sum(bool(broken(code, seed=seed)) for seed in range(seeds))


if __name__ == "__main__":
    print(json.dumps(times_broken(sys.argv[1], int(sys.argv[2])) if len(sys.argv) > 1 else broken()))
