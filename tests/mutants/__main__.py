"""`python -m tests.mutants`: makes every mutant of the mock, each in a copy of the project, and every one of a declaration.

It reports which clause or test catches each. The exit status is 0 if all are caught, 1 if one is not, 2 if the list or a test
does not match the source any more.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from mockserver.platform import names
from tests.mutants import declared
from tests.mutants.catalogue import MUTANTS, Mutant
from tests.mutants.hunt import Catch, NoVerdict, check_that_nothing_is_found, hunt
from tests.mutants.table import DECLARED_MARK, MARK, declared_table, table, written
from tests.mutants.webchat import MISSED
from tests.mutants.workshop import ROOT, Rotten, copy_of_the_project, spoilt

README = ROOT / "tests" / "README.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Makes mutants, and tells who catches them.")
    parser.add_argument("words", nargs="*", metavar="WORDS", help="only mutants of the mock with these words")
    parser.add_argument("--seeds", type=int, default=20, help="probes with histories drawn by as many seeds (default 20)")
    parser.add_argument("--write", action="store_true", help="write the table into tests/README.md")
    given = parser.parse_args(arguments)
    mutants = [mutant for mutant in MUTANTS if all(word in mutant.name for word in given.words)]
    try:
        catches = hunted(mutants, given.seeds)
    except (Rotten, NoVerdict) as error:
        print(error, file=sys.stderr)
        return 2
    counts = {} if given.words else {platform: declared.hunted(platform) for platform in names()}
    if given.write and not given.words:
        readme = written(README.read_text("utf-8"), MARK, table(catches))
        README.write_text(written(readme, DECLARED_MARK, declared_table(counts)), "utf-8")
    missed = [catch for catch in catches if not catch.is_caught]
    print(f"{len(catches) - len(missed)} of {len(catches)} mutants are caught")
    return int(bool(missed or any(count[MISSED] for count in counts.values())))


def hunted(mutants: Sequence[Mutant], seeds: int) -> list[Catch]:
    """Return the result of each mutant, and print it when it is known. Raises Rotten or NoVerdict."""
    for mutant in mutants:
        spoilt(mutant, (ROOT / mutant.file).read_text("utf-8"))
    catches = []
    with copy_of_the_project() as folder:
        check_that_nothing_is_found(folder, mutants)
        for mutant in mutants:
            catches.append(hunt(mutant, folder, seeds))
            print(_line(catches[-1]), flush=True)
    return catches


def _line(catch: Catch) -> str:
    mark = "caught" if catch.is_caught else "MISSED"
    mutant = catch.mutant
    return f"{mark}  {catch.times:>2} of {catch.of:<2}  {mutant.name:<56}  {mutant.file:<34}  {mutant.caught_by}"


if __name__ == "__main__":
    sys.exit(main())
