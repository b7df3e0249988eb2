from __future__ import annotations

from pathlib import Path

import pytest

from tests.need import lacking, need, told


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
    reasons = ["Skipped: node is not installed", "Skipped: curl is not installed", "Skipped: node is not installed"]
    because = "skipped: 2 because node is not installed, 1 because curl is not installed; "
    assert told(reasons) == f"{because}install what is missing to run them (.ci/run does so on Debian)"


def test_a_long_reason_does_not_fill_the_line() -> None:
    reason = "sdk could not be installed: " + "x" * 300
    assert told([f"Skipped: {reason}\nand so on"]).startswith(f"skipped: 1 because {reason[:79]}…; install")
