"""The document about platforms as data, followed to the letter: its files are written, its commands run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mockserver import LiveServer
from mockserver.declared.mock import Mock
from mockserver.platform import compile_platform
from mockserver.platform.words import schema
from mockserver.web.declared import create_declared_app
from tests.functional.serving import Serving
from tests.mockserver.platform.test_guess import SHOP

pytestmark = pytest.mark.slow

DOCUMENT = Path(__file__).parents[2] / "mockserver" / "platforms" / "README.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL)
FILES = {text.split("\n", 1)[0].removeprefix("# "): text for _, text in BLOCKS if text.startswith("# ")}
COMMANDS = [text for language, text in BLOCKS if language == "console"]
SCRIPTS = [text for language, text in BLOCKS if language == "sh"]
(STORY,) = [text for language, text in BLOCKS if language == "json"]
URL = "http://127.0.0.1:8403"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "old-link.json").write_text(STORY, "utf-8")
    return tmp_path


def ours(*folders: Path) -> str:
    """Return a search path with this checkout and the folders."""
    return os.pathsep.join([str(DOCUMENT.parents[2]), *map(str, folders), os.environ["PYTHONPATH"]])


def run(folder: Path, *words: str, status: int = 0) -> str:
    environment = {**os.environ, "PYTHONPATH": ours(folder), "NO_COLOR": "1", "COLUMNS": "100"}
    done = subprocess.run([sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def test_the_document_has_the_files_it_speaks_of() -> None:
    assert set(FILES) == {"uploads.yaml", "uploader.py", "mended.py", "test_uploader.py", "test_link.py"}
    assert len(FILES["uploads.yaml"].splitlines()) < 60


@pytest.mark.parametrize("block", COMMANDS, ids=lambda block: block.partition("\n")[0])
def test_a_command_prints_what_is_shown(folder: Path, block: str) -> None:
    command, _, shown = block.removeprefix("$ dayfly ").partition("\n")
    with LiveServer(create_declared_app(Mock(compile_platform(folder / "uploads.yaml")))) as live:
        words = command.replace(URL, live.url).split()
        printed = run(folder, "-m", "contracts.cli", *words, status=int(command.startswith("verify")))
    at = 0
    for part in shown.split("…\n"):
        assert part in printed[at:], printed
        at = printed.index(part, at) + len(part)


def test_the_mended_client_keeps_every_clause(folder: Path) -> None:
    words = ("-m", "contracts.cli", "verify", "--platform", "uploads.yaml", "mended.py:Uploader", "--json")
    report = json.loads(run(folder, *words))
    assert {clause["status"] for clause in report["clauses"]} == {"held"}


def test_the_tests_pass(folder: Path) -> None:
    run(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "test_uploader.py", "test_link.py")


def test_the_server_answers_explains_and_fails_as_is_said(folder: Path) -> None:
    serving, using, explaining, proposing, failing = SCRIPTS
    assert serving == "dayfly serve --platform uploads.yaml\n"
    with Serving("--platform", str(folder / "uploads.yaml")) as server:
        shell = using.replace(URL, server.url) + explaining + failing
        told = in_shell(folder, shell + 'curl -si -X POST "$API/v1/uploads" || echo lost\n' * 2)
    assert re.findall(r"HTTP/1.1 \d+|lost", told) == ["HTTP/1.1 200", "HTTP/1.1 410", "lost", "HTTP/1.1 201"]
    assert "link: refused" in told
    words = " ".join(told.split())
    assert "request 2 (upload) had used it up" in words
    assert "get another by POST /v1/uploads" in words
    assert "upload is refused: link spent" in words
    assert "1 as expected" in words
    assert proposing.startswith("dayfly platform new --overlay")


def test_a_proposal_is_made_from_an_openapi_document_and_accepted(folder: Path) -> None:
    (folder / "openapi.yaml").write_text(SHOP)
    assert "platform.yaml: right; 2 kinds, 3 operations" in in_shell(folder, SCRIPTS[3])
    assert (folder / "openapi.yaml").read_text() == SHOP


def in_shell(folder: Path, script: str) -> str:
    """Run a script whose `dayfly` is that of this checkout, and return what it prints."""
    command = folder / "dayfly"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m contracts.cli "$@"\n')
    command.chmod(0o755)
    environment = {**os.environ, "PYTHONPATH": ours(), "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-e", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_word_of_the_schema_is_explained() -> None:
    text, definitions = DOCUMENT.read_text("utf-8"), schema()["$defs"]
    for part in ("lifecycle", "kind", "duty", "answer"):
        for word in definitions[part]["properties"]:
            assert f"`{word}`" in text, f"{part}.{word}"
    for word in definitions["effects"]["additionalProperties"]["properties"]:
        assert f"`{word}`" in text


def test_the_script_of_an_issue_answers_at_its_own_address(folder: Path) -> None:
    """The platform's answers have its address, at which nothing is when the script runs."""
    run(folder, "-m", "contracts.cli", *VERIFIED, "--report", "issue:issue.md", status=1)
    (script,) = re.findall(r"^```python\n(.*?)^```$", (folder / "issue.md").read_text(), re.MULTILINE | re.DOTALL)
    (folder / "answers.py").write_text(script)
    (folder / "use.py").write_text(USE)
    with subprocess.Popen([sys.executable, "answers.py"], cwd=folder, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            assert "410 Gone" in run(folder, "use.py", server.stdout.readline().strip())
        finally:
            server.kill()


VERIFIED = ("verify", "--platform", "uploads.yaml", "uploader.py:Uploader", "--clause", "S1")

USE = """\
import sys
from types import SimpleNamespace

import httpx
from uploader import Uploader

uploader = Uploader(SimpleNamespace(http_client=lambda: httpx.Client(base_url=sys.argv[1]), sleep=lambda seconds: None))
uploader.store(name="report.txt")
try:
    uploader.store(name="report.txt")
except httpx.HTTPStatusError as error:
    print(error)
"""
