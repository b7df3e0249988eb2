"""The recipes in tests/README.md, followed step by step in a copy of the project."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from tests.mutants.workshop import copy_of_the_project
from tests.readmes import ROOT, Block, blocks

pytestmark = pytest.mark.slow

RECIPES = {
    heading: list(steps)
    for heading, steps in groupby(blocks("tests/README.md"), lambda block: block.heading)
    if heading.startswith("Add ")
}


@pytest.fixture
def folder() -> Iterator[Path]:
    with copy_of_the_project() as folder:
        (folder / "README.md").write_bytes((ROOT / "README.md").read_bytes())
        yield folder


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_can_be_followed(recipe: str, folder: Path) -> None:
    for step in RECIPES[recipe]:
        if step.language == "sh":
            run(step, folder)
        elif step.language == "diff":
            edit(step, folder)
        else:
            assert not (folder / step.path).exists()
            (folder / step.path).write_text(step.text, "utf-8")


def edit(step: Block, folder: Path) -> None:
    """Make the change that a block shows. What is there before it must be there once."""
    path = folder / step.path
    lines = step.text.splitlines()[1:]
    before = "\n".join(line[1:] for line in lines if not line.startswith("+"))
    after = "\n".join(line[1:] for line in lines if not line.startswith("-"))
    source = path.read_text("utf-8")
    assert source.count(before) == 1, f"{step.path}: {before}"
    path.write_text(source.replace(before, after), "utf-8")


def run(step: Block, folder: Path) -> None:
    """Run the commands that a block shows; each must succeed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    given = {**os.environ, "PATH": path, "PYTHONPATH": "."}
    done = subprocess.run(["sh", "-e"], input=step.text, cwd=folder, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
