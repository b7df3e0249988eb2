"""``python -m tests.shims``: a thousand tries of each source of work, beside two busy loops. Exit status 1 if one is lost."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.shims import python, ruby, sources


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.shims", description=__doc__)
    parser.add_argument("--tries", type=int, default=1000, metavar="N")
    parser.add_argument("--loops", type=int, default=2, metavar="N", help="busy loops beside the client")
    parser.add_argument(
        "--python", dest="runtime", action="store_const", const=python, help="try the shim for Python, not Node"
    )
    parser.add_argument("--ruby", dest="runtime", action="store_const", const=ruby, help="try the shim for Ruby, not Node")
    parser.add_argument("names", nargs="*", metavar="NAME", help="sources of work; else all")
    options = parser.parse_args()
    runtime = options.runtime or sources
    chosen = options.names or list(runtime.SOURCES)
    failures = 0
    with ExitStack() as stack:
        for _ in range(options.loops):
            stack.enter_context(busy())
        for name in chosen:
            with tempfile.TemporaryDirectory() as folder:
                counts = list(runtime.lost(Path(folder), runtime.SOURCES[name], options.tries))
            tries, wrong = (sum(column) for column in zip(*counts, strict=True))
            failures += wrong
            print(f"{name:28} {wrong} of {tries} lost", flush=True)
    return 1 if failures else 0


@contextmanager
def busy() -> Iterator[None]:
    """A process that computes all the while."""
    loop = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        loop.kill()
        loop.wait()


if __name__ == "__main__":
    sys.exit(main())
