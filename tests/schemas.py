"""Checks files by the schemas of the services that read them."""

from __future__ import annotations

from pathlib import Path

from check_jsonschema import main
from click.testing import CliRunner


def is_valid(schema: str, file: Path) -> None:
    """Assert that a file satisfies a schema that check-jsonschema ships, such as `github-actions`."""
    done = CliRunner().invoke(main, ["--builtin-schema", f"vendor.{schema}", str(file)])
    assert done.exit_code == 0, done.output
