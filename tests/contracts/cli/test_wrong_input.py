"""Wrong input for commands is answered by a sentence that says what to do, and by exit status 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts import cli
from tests.readmes import ROOT

RECOVERING = f"{ROOT}/fixtures/clients/recovering.py:factory"
UNDECODED = "\udcff"
"""An argument that is not UTF-8, as Python reads it."""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verify", RECOVERING, "--patience", "x"], "'x' is not a valid number of seconds"),
        (["verify", RECOVERING, "--examples", "1.5"], "'1.5' is not a valid whole number"),
        (["tail", "--admin-token", "ключ"], "'--admin-token': must be visible ASCII characters"),
        (["tail", UNDECODED], "cannot be sent as utf-8; write what you give here in UTF-8"),
        (["tail", "http://127.0.0.1:9", "--organization", UNDECODED], "cannot be sent as utf-8"),
        (["probe", UNDECODED], "cannot be sent as utf-8"),
        (["stories", "run", "sent-twice", "--url", UNDECODED], "cannot be sent as utf-8"),
        (["explain", "http://127.0.0.1:9"], "there is no clause 'http://127.0.0.1:9'"),
        (["explain", "S1/ticket"], "S1/ticket is a clause of a declared platform"),
        (["explain", "s1/api-key"], "s1/api-key is a clause of a declared platform"),
        (["check", ""], "the name of the recording is empty; name a file"),
        (["platform", "new", "--from", ""], "'--from': File '' does not exist"),
    ],
)
def test_it_is_said_what_is_wrong(arguments: list[str], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(arguments) == 2
    told = capfd.readouterr().err
    assert said in told
    assert "internal error" not in told


def test_what_belongs_to_the_client_is_no_misspelt_file(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("clients").touch()
    assert cli.run(["shim", "check", "--", "no-such-program", "client"]) == 2
    assert "did you mean" not in capfd.readouterr().err
