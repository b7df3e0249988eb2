"""`make site`: builds the site into build/site. Exit status 1 if a page or a link is wrong."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hatch_build import ROOT
from tests.site.build import all_pages, build


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.site", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build" / "site", help="where to write it")
    folder = parser.parse_args().folder
    status = build(folder, all_pages())
    print(f"{folder}/index.html; look at it with: python -m http.server --directory {folder}", file=sys.stderr)
    return status


sys.exit(main())
