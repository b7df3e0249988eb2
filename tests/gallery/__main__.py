"""`make gallery`: verifies every client with many seeds, and reports verdicts that are not the expected ones."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from functools import partial

from tests.gallery import table
from tests.gallery.catalogue import OWN, ROOT, Piece, pieces
from tests.gallery.judging import Finding, attempt, silence
from tests.gallery.tally import Tally

README = ROOT / "tests" / "README.md"
RESULTS = OWN / "RESULTS.md"
"""The table of the clients that are not shipped."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status: 1 if a wrong violation was found, or an expected one was not."""
    parser = _parser()
    options = parser.parse_args(arguments)
    os.chdir(ROOT)
    chosen = [piece for piece in pieces() if any(part in piece.described for part in options.only)]
    if not chosen:
        parser.error(f"no client has {' or '.join(map(repr, options.only))} in its room, folder or name")
    tallies = []
    for tally in _tallies(chosen, options):
        tallies.append(tally)
        for problem in tally.problems():
            print(f"{tally.piece.name}: {problem}", flush=True)
        for story in tally.unwanted():
            print(story.scenario, flush=True)
        print(f"{len(tallies)}/{len(chosen)} {tally.piece.name}", file=sys.stderr, flush=True)
        if options.write:
            _write(tally)
    print(table.text(tallies))
    return int(any(problem for tally in tallies for problem in tally.problems()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.gallery", description=__doc__)
    parser.add_argument("only", nargs="*", default=[""], help="clients whose room, folder or name has this in it")
    parser.add_argument("--seeds", type=int, default=20, metavar="N")
    parser.add_argument("--first-seed", type=int, default=0, metavar="N")
    parser.add_argument("--examples", type=int, metavar="N", help="scenarios a seed; else as many as `dayfly verify` draws")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="verifications at a time")
    parser.add_argument("--write", action="store_true", help="put what was found into tests/README.md and RESULTS.md")
    return parser


def _tallies(chosen: Sequence[Piece], options: argparse.Namespace) -> Iterator[Tally]:
    """One after another, as soon as they are whole. No process verifies for long, so that nothing piles up in it.

    The executor of `concurrent.futures` starts no process in place of one that has done its share, and waits for ever.
    """
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    with multiprocessing.get_context("spawn").Pool(options.jobs, silence, maxtasksperchild=10) as pool:
        work = [(piece, pool.imap(partial(attempt, piece, options.examples), seeds)) for piece in chosen]
        for piece, answers in work:
            found = list(answers)
            missing = next((answer for answer in found if isinstance(answer, str)), "")
            yield Tally(piece, [answer for answer in found if isinstance(answer, Finding)], missing)


def _write(tally: Tally) -> None:
    """At once: the rest may take an hour, and be interrupted."""
    file = README if tally.piece.shipped else RESULTS
    names = [piece.name for piece in pieces() if piece.shipped == tally.piece.shipped]
    file.write_text(table.written(file.read_text("utf-8"), [tally], names), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
