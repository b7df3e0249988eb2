from __future__ import annotations

import re
from typing import Any

import pytest

from mockserver.ids import Ids
from mockserver.web.worker import logged, named


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("403 Forbidden", [("Dayfly-Reason", "session.consumed"), ("ININ-Correlation-Id", "00000000-c")])
    return [b"{}"]


def call(path: str, query: str = "") -> dict[str, Any]:
    return {"REQUEST_METHOD": "POST", "PATH_INFO": path, "QUERY_STRING": query}


def test_answers_name_the_server() -> None:
    answered: list[object] = []
    assert named(app)(call("/"), lambda *given: answered.extend(given)) == [b"{}"]  # type: ignore[arg-type]
    assert answered[:2] == [
        "403 Forbidden",
        [("Dayfly-Reason", "session.consumed"), ("ININ-Correlation-Id", "00000000-c"), ("Server", "dayfly")],
    ]


def test_a_log_line_tells_time_method_path_status_reason_and_context(capsys: pytest.CaptureFixture[str]) -> None:
    logged(app)(call("/api/v2"), lambda *_: None)  # type: ignore[arg-type]
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z POST /api/v2 403 session\.consumed 00000000-c\n", capsys.readouterr().err
    )


def test_a_log_line_has_no_secrets_and_nothing_that_breaks_it(capsys: pytest.CaptureFixture[str]) -> None:
    token = Ids.seeded(1).token("00000000", "client")
    logged(app)(call(f"/{token}\r\n\x1b[31m\xff", f"access_token={token}"), lambda *_: None)  # type: ignore[arg-type]
    line = capsys.readouterr().err
    assert token not in line
    assert re.search(r" POST /\[REDACTED t:[0-9a-f]{10}\]%0D%0A%1B%5B31m%FF 403 ", line)
