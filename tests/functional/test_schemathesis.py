"""Schemathesis against the served document, with every check it has: no answer that the document does not promise."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import httpx
import pytest

from mockserver.assemble import assemble
from mockserver.engine.model import DEFAULT_ORGANIZATION, UNASSIGNED
from mockserver.journal import Answer
from mockserver.live import LiveServer
from mockserver.settings import Settings
from mockserver.web import create_app

pytestmark = pytest.mark.slow

EXAMPLES = 20


def test_every_answer_is_as_the_document_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH")  # schemathesis needs rich
    with assemble(Settings(journal_entries=100_000)) as mock, LiveServer(create_app(mock)) as server:
        credentials = (mock.settings.client_id, mock.settings.client_secret)
        granted = httpx.post(server.url + "/oauth/token", data={"grant_type": "client_credentials"}, auth=credentials)
        command = [sys.executable, "-m", "schemathesis.cli", "run", server.url + "/openapi.json", "--checks", "all"]
        command += ["-H", f"Authorization: Bearer {granted.json()['access_token']}", "--seed", "1"]
        command += ["--max-examples", str(EXAMPLES), "--suppress-health-check", "all"]
        run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=200)
        assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-1000:]
        journals = [mock.store.entries(organization, limit=200_000) for organization in (DEFAULT_ORGANIZATION, UNASSIGNED)]
    answers = Counter(entry.reason for journal in journals for entry in journal if isinstance(entry, Answer))
    assert not [reason for reason in answers if reason.startswith(("internal", "store"))]
    assert {"session.created", "message.accepted", "session.unknown", "session.consumed", "body.invalid"} <= set(answers)


HOOKS = """
import schemathesis

@schemathesis.hook
def before_load_schema(context, raw_schema):
    find = raw_schema["paths"]["/__admin/organizations/{id}/requests"]["get"]
    find["parameters"] = [parameter for parameter in find["parameters"] if parameter.get("name") != "follow"]
"""
"""A stream that follows the journal has no end, and Schemathesis would wait for it."""


def test_the_control_api_is_as_its_document_says(tmp_path: Path) -> None:
    (tmp_path / "without_streams.py").write_text(HOOKS)
    with assemble() as mock, LiveServer(create_app(mock)) as server:
        command = [sys.executable, "-m", "schemathesis.cli", "run", server.url + "/__admin/openapi.json", "--checks", "all"]
        command += ["--seed", "1", "--max-examples", "4", "--suppress-health-check", "all", "--request-timeout", "60"]
        environment = {**os.environ, "SCHEMATHESIS_HOOKS": "without_streams", "PYTHONPATH": str(tmp_path)}
        run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=400, env=environment)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-1000:]
