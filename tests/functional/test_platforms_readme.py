"""The document about platforms as data, followed to the letter: its files are written, its commands run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from mockserver import LiveServer
from mockserver.declared.mock import Mock
from mockserver.platform import compile_platform
from mockserver.platform.words import schema
from mockserver.web.declared import create_declared_app

DOCUMENT = Path(__file__).parents[2] / "mockserver" / "platforms" / "README.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL)
FILES = {text.split("\n", 1)[0].removeprefix("# "): text for language, text in BLOCKS if language in {"yaml", "python"}}
COMMANDS = [text for language, text in BLOCKS if language == "console"]
SCRIPT = next(text for language, text in BLOCKS if language == "sh" and text.startswith("API="))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def run(folder: Path, *words: str, status: int = 0) -> str:
    environment = {**os.environ, "PYTHONPATH": f"{DOCUMENT.parents[2]}{os.pathsep}{folder}", "NO_COLOR": "1"}
    done = subprocess.run([sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def test_the_document_has_the_files_it_speaks_of() -> None:
    assert set(FILES) == {"uploads.yaml", "uploader.py", "mended.py", "test_uploader.py"}
    assert len(FILES["uploads.yaml"].splitlines()) < 60


@pytest.mark.parametrize("block", COMMANDS, ids=lambda block: block.partition("\n")[0])
def test_a_command_prints_what_is_shown(folder: Path, block: str) -> None:
    command, _, shown = block.removeprefix("$ dayfly ").partition("\n")
    printed = run(folder, "-m", "contracts.cli", *command.split(), status=int(command.startswith("verify")))
    at = 0
    for part in shown.split("…\n"):
        assert part in printed[at:], printed
        at = printed.index(part, at) + len(part)


def test_the_mended_client_keeps_every_clause(folder: Path) -> None:
    words = ("-m", "contracts.cli", "verify", "--platform", "uploads.yaml", "mended.py:Uploader", "--json")
    report = json.loads(run(folder, *words))
    assert {clause["status"] for clause in report["clauses"]} == {"held"}


def test_the_test_passes(folder: Path) -> None:
    run(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "test_uploader.py")


def test_the_script_is_answered_as_it_says(folder: Path) -> None:
    mock = Mock(compile_platform(folder / "uploads.yaml"))
    with LiveServer(create_declared_app(mock)) as live:
        script = SCRIPT.replace("http://127.0.0.1:8403", live.url)
        done = subprocess.run(["sh", "-e", "-c", script], capture_output=True, text=True, check=True)
        assert re.findall(r"HTTP/1.1 (\d+)", done.stdout) == ["200", "410"]
        context_id = re.findall(r"Dayfly-Context: (\S+)", done.stdout)[-1]
        told = httpx.get(f"{live.url}/__admin/requests/{context_id}/explain?format=text").text
    assert "refused: spent" in told
    assert "request 2 (upload) had used it up" in told
    assert "get another by POST /tickets" in told


def test_every_word_of_the_schema_is_explained() -> None:
    text, definitions = DOCUMENT.read_text("utf-8"), schema()["$defs"]
    for part in ("lifecycle", "kind", "duty", "answer"):
        for word in definitions[part]["properties"]:
            assert f"`{word}`" in text, f"{part}.{word}"
    for word in definitions["effects"]["additionalProperties"]["properties"]:
        assert f"`{word}`" in text
