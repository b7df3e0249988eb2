"""The place of mutants: a copy of the project, never the working tree."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.mutants.catalogue import Mutant

ROOT = Path(__file__).parents[2]

COPIED = ("contracts", "fixtures", "mockserver", "tests", "pyproject.toml")
"""What the package and its tests need to run."""

NOT_COPIED = shutil.ignore_patterns("node_modules", "*.pyc.*")
"""The second is bytecode that another process is writing: it has another name, or is gone, a moment later."""


class Rotten(Exception):
    """A mutant whose text is not there (any more), or not once: the list must follow the source."""

    def __init__(self, mutant: Mutant, times: int) -> None:
        super().__init__(f"{mutant.name!r}: its text occurs {times} times in {mutant.file}, not once")


@contextmanager
def copy_of_the_project() -> Iterator[Path]:
    """A folder with all that is needed to run the package and its tests."""
    with tempfile.TemporaryDirectory(prefix="dayfly-mutants-") as folder:
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, Path(folder, name), ignore=NOT_COPIED)
            else:
                shutil.copy2(ROOT / name, folder)
        yield Path(folder)


@contextmanager
def mutated(mutant: Mutant, folder: Path) -> Iterator[None]:
    """The mutant's mistake is in the copy in `folder` while this lasts. Raises Rotten."""
    path = folder / mutant.file
    sound = path.read_text("utf-8")
    path.write_text(spoilt(mutant, sound), "utf-8")
    _forget_compiled(path)
    try:
        yield
    finally:
        path.write_text(sound, "utf-8")
        _forget_compiled(path)


def spoilt(mutant: Mutant, sound: str) -> str:
    """The source of its file with the mistake in it. Raises Rotten."""
    times = sound.count(mutant.text)
    if times != 1:
        raise Rotten(mutant, times)
    return sound.replace(mutant.text, mutant.replacement)


def _forget_compiled(path: Path) -> None:
    """A file written twice within a second, to the same size, would be taken for the one that was compiled."""
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
        compiled.unlink()
