from __future__ import annotations

from pathlib import Path

import pytest

from tests.need import SLOW, lacking, need, told


def test_a_program_that_is_installed_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "curl"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert need("curl") == str(program)


@pytest.mark.parametrize("required", ["", "node,curl", "sdks"])
def test_what_is_missing_skips_the_test(required: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYFLY_REQUIRE", required)
    with pytest.raises(pytest.skip.Exception, match="sdk cannot be downloaded"):
        lacking("sdk", "cannot be downloaded")


def test_what_is_missing_and_required_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYFLY_REQUIRE", "node,sdk")
    with pytest.raises(pytest.fail.Exception, match="sdk cannot be downloaded, and DAYFLY_REQUIRE asks for it"):
        lacking("sdk", "cannot be downloaded")


def test_all_that_was_skipped_is_told_in_one_line() -> None:
    node, curl, slow = (f"Skipped: {reason}" for reason in ("node is not installed", "curl is not installed", SLOW))
    missing = "2 because node is not installed, 1 because curl is not installed"
    because_slow = "3 because they are slow (`make slow` runs them)"
    hint = "; install what is missing (.ci/run does so on Debian)"
    assert told([node, curl, node]) == f"skipped: {missing}{hint}"
    assert told([node, curl, node, slow, slow, slow]) == f"skipped: {because_slow}, {missing}{hint}"
    assert told([slow, slow, slow]) == f"skipped: {because_slow}"


def test_a_long_reason_does_not_fill_the_line() -> None:
    reason = "sdk could not be installed: " + "x" * 300
    assert told([f"Skipped: {reason}\nand so on"]).startswith(f"skipped: 1 because {reason[:79]}…; install")
