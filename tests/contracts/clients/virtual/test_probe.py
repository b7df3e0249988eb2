"""Which commands are put into virtual time."""

from __future__ import annotations

import shlex
import socket
import sys
import tempfile
from pathlib import Path

import pytest

from contracts.clients.child import LifeSigns
from contracts.clients.command import command_clients
from contracts.clients.errors import ClientError
from contracts.clients.process import ProcessClients
from contracts.clients.virtual import probe, starting
from contracts.clients.virtual.driver import VirtualClients
from contracts.clients.virtual.starting import shimmed
from contracts.runner import Runner
from contracts.scenario import Scenario
from tests.contracts.clients.virtual.speaking import HELLO, LINES, fake
from tests.contracts.small import outcomes
from tests.need import need


def reason(command: str) -> str:
    return probe.why_real_time(shlex.split(command))


def plain(folder: Path, body: str) -> str:
    """The command of a Python program, which knows nothing of virtual time."""
    path = folder / "plain.py"
    path.write_text(f"import os, sys, time\n{body}\n")
    return shlex.join([sys.executable, "-S", str(path)])


def test_a_process_that_says_hello_is_in_virtual_time(tmp_path: Path) -> None:
    assert reason(fake(tmp_path, "hello()\n")) == ""
    assert isinstance(command_clients(fake(tmp_path, "hello()\n")), VirtualClients)


def test_node_says_hello_before_the_clients_code_runs_and_in_a_shell_too(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    script = tmp_path / "touching.cjs"
    script.write_text(f"require('node:fs').writeFileSync({str(touched)!r}, '')")
    command = f"{need('node')} {script}"
    assert reason(command) == ""
    assert reason(f"sh -c {shlex.quote(f'X=1 {command}; true')}") == ""
    assert not touched.exists()


@pytest.mark.parametrize(
    "body",
    [
        "sys.stdin.read()",
        "sys.exit(3)",
        "import urllib.request; urllib.request.urlopen(os.environ['DAYFLY_BASE_URL'])",
    ],
)
def test_a_process_without_a_shim_stays_in_real_time(tmp_path: Path, body: str) -> None:
    command = plain(tmp_path, body)
    assert reason(command) == "its runtime did not say hello"
    clients = command_clients(command)
    assert isinstance(clients, ProcessClients)
    assert clients.real_time == "its runtime did not say hello"


def test_one_that_does_nothing_at_all_is_waited_for_only_so_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "LONGEST", 0.05)
    assert reason(plain(tmp_path, "time.sleep(1000)")) == "its runtime did not say hello"


def test_one_that_is_still_at_work_is_waited_for_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "LONGEST", 0.01)
    monkeypatch.setattr(LifeSigns, "is_still", lambda _: False)
    assert reason(fake(tmp_path, "hello()\n")) == ""


def test_one_with_a_stripped_environment_stays_in_real_time(tmp_path: Path) -> None:
    assert reason(f"env -i {need('node')} {LINES}") == "its runtime did not say hello"


def test_one_that_speaks_another_version_stays_in_real_time(tmp_path: Path) -> None:
    told = reason(fake(tmp_path, "hello(2)\n"))
    assert told == "it speaks version 2 of the protocol, and here version 1 is spoken"


def test_without_unix_sockets_time_is_real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_UNIX")
    assert reason(fake(tmp_path, "hello()\n")) == "no socket can be made for it (this system has no Unix sockets)"


def test_without_a_place_for_a_socket_time_is_real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    assert reason(fake(tmp_path, "hello()\n")).startswith("no socket can be made for it ([Errno 2] No such file or directory")


def test_whoever_asks_for_real_time_gets_it_without_a_reason(tmp_path: Path) -> None:
    clients = command_clients(fake(tmp_path, "hello()\n"), real_time=True)
    assert isinstance(clients, ProcessClients)
    assert clients.real_time == ""


def test_a_command_that_cannot_be_started_is_named() -> None:
    with pytest.raises(ClientError, match="'/nowhere/client' cannot be started"):
        command_clients("/nowhere/client")


def test_a_socket_is_found_a_place_however_long_the_usual_one_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    command = fake(tmp_path, "hello()\nwhile asked := line(): say(id=asked['id'], ok=True)\n")
    with Runner(VirtualClients(command)) as world:
        assert outcomes(world.run(Scenario((HELLO,)))) == ["accepted"]


def test_other_options_of_node_are_kept_and_a_path_with_a_space_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shimmed({"NODE_OPTIONS": "--title=kept"}, "door")["NODE_OPTIONS"].endswith("/shims/node.cjs --title=kept")
    monkeypatch.setattr(starting, "files", lambda _: Path('/a "b" c'))
    assert shimmed({}, "door") == {
        "NODE_OPTIONS": '"--require=/a \\"b\\" c/shims/node.cjs"',
        "PYTHONPATH": '/a "b" c/shims/path',
        "PYTHONHASHSEED": "0",
        "RUBYLIB": '/a "b" c/shims/ruby',
        "RUBYOPT": "-rdayfly_time",
        "DAYFLY_TIME": "door",
    }


def test_other_folders_of_modules_are_kept() -> None:
    kept = shimmed({"PYTHONPATH": "/a:/b", "PYTHONHASHSEED": "7"}, "door")
    assert kept["PYTHONPATH"].endswith("/shims/path:/a:/b")
    assert kept["PYTHONHASHSEED"] == "7"


def test_python_says_hello_however_it_is_started(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    script = tmp_path / "client.py"
    script.write_text(f"#!{sys.executable}\nopen({str(touched)!r}, 'w')\n")
    script.chmod(0o755)
    for command in (f"{sys.executable} {script}", str(script), f"sh -c 'X=1 {sys.executable} {script}; true'"):
        assert reason(command) == ""
    assert reason(f"{sys.executable} -m timeit pass") == ""
    assert not touched.exists()
    assert reason(f"{sys.executable} -I {script}") == "its runtime did not say hello"
