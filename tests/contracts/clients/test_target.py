from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from contracts.cli.leftovers import nothing_left_running
from contracts.clients.common import TARGET_PREFIX
from contracts.clients.errors import TargetError, Terminated
from contracts.clients.target import find
from tests.contracts.clients.staging import play


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "client.py").write_text("import helper\ndef factory(platform): return helper.NAME\nnumber = 7\n")
    (tmp_path / "helper.py").write_text("NAME = 'found'\n")
    return tmp_path


def test_a_file_is_found_with_the_modules_beside_it(folder: Path) -> None:
    assert find("client.py:factory")(None) == "found"
    assert find(f"{folder}/client.py:factory")(None) == "found"


def test_a_module_is_found_from_the_working_directory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "dayfly_found_here.py").write_text("def make(platform): return 'made'\n")
    assert find("dayfly_found_here:make")(None) == "made"
    monkeypatch.delitem(sys.modules, "dayfly_found_here")


def test_a_file_hides_no_other_module(folder: Path) -> None:
    (folder / "platform.py").write_text("def factory(platform): return 'own'\n")
    import platform

    assert find("platform.py:factory")(None) == "own"
    assert platform.python_version()


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("client.py", "must be package.module:factory or path/to/file.py:factory"),
        (":factory", "must be package.module:factory or path/to/file.py:factory"),
        ("client.py:not a name", "must be package.module:factory or path/to/file.py:factory"),
        ("nowhere.py:factory", "there is no file nowhere.py"),
        ("no.such.module:factory", "there is no module 'no'"),
        ("client.py:factry", "has no 'factry'; did you mean 'factory'?"),
        ("several.py:nowhere", "has no 'nowhere'; it has Notifier, make"),
        ("nothing.py:nowhere", "has no 'nowhere'; define a function or a class there that makes a client"),
        ("client.py:number", "'number' is int, which cannot be called"),
        ("broken.py:factory", "importing it raised SyntaxError"),
        ("exits.py:factory", "importing it raised SystemExit: 3"),
        ("lacking.py:factory", "importing it raised ModuleNotFoundError: No module named 'dayfly_not_there'"),
    ],
)
def test_what_leads_to_no_factory_is_said_in_a_line(folder: Path, target: str, problem: str) -> None:
    (folder / "several.py").write_text("from json import dumps\nclass Notifier: pass\ndef make(): pass\ndef _own(): pass\n")
    (folder / "nothing.py").write_text("import json\n")
    (folder / "broken.py").write_text("def factory(:\n")
    (folder / "exits.py").write_text("import sys\nsys.exit(3)\n")
    (folder / "lacking.py").write_text("import dayfly_not_there\n")
    with pytest.raises(TargetError) as caught:
        find(target)
    assert str(caught.value).startswith(f"{target}: {problem}")


@pytest.mark.parametrize("body", ["import os\nos._exit(0)\n", "from os import _exit\n_exit(0)\n"])
def test_a_module_cannot_end_the_command(folder: Path, body: str) -> None:
    (folder / "leaving.py").write_text(body)
    with pytest.raises(TargetError, match=r"importing it raised SystemExit: os\._exit\(0\) was called"):
        find("leaving.py:factory")


def test_sigterm_ends_the_command_while_a_module_is_imported(folder: Path) -> None:
    (folder / "slow.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n")
    with pytest.raises(Terminated), nothing_left_running():
        find("slow.py:factory")


def test_what_a_module_makes_holds_functions_of_virtual_time(folder: Path) -> None:
    text = "from functools import partial\nfrom time import sleep\nrest = partial(sleep, 60)\n"
    (folder / "resting.py").write_text(f"{text}def factory(platform): return rest\n")
    sleep = time.sleep
    assert play(find("resting.py:factory")(None)) == ([None], 60)
    assert vars(sys.modules[f"{TARGET_PREFIX}resting"])["sleep"] is time.sleep is sleep


def test_what_keeps_real_time_does_so_if_a_client_imports_it(folder: Path) -> None:
    (folder / "_dayfly_time.py").write_text("from time import sleep\n")
    (folder / "importing.py").write_text("import _dayfly_time\ndef factory(platform): pass\n")
    find("importing.py:factory")
    assert vars(sys.modules.pop("_dayfly_time"))["sleep"] is time.sleep
