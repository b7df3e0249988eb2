"""The image and the composition of replicas: built and run if a builder has the base image, read and checked in any case."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from dockerfile_parse import DockerfileParser
from msgspec import json

from tests.functional.serving import Serving
from tests.functional.talking import Talker, conversation
from tests.need import lacking, need
from tests.schemas import is_valid
from tests.valkey import Server

ROOT = Path(__file__).parents[2]
CONTAINERFILE = ROOT / "fixtures" / "container" / "Containerfile"
COMPOSE = CONTAINERFILE.with_name("compose.yaml")
SERVICES = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]
IMAGE = "localhost/dayfly-test"
PIP = [path for path in ("/etc/pip.conf", "/etc/ssl/certs") if Path(path).exists()]
"""This machine's way to its package index, which the build needs too."""


def instructions() -> list[tuple[str, str]]:
    with CONTAINERFILE.open("rb") as file:
        parsed = DockerfileParser(fileobj=file).structure
    return [(one["instruction"], one["value"]) for one in parsed if one["instruction"] != "COMMENT"]


def last(instruction: str) -> str:
    """The value of the instruction in the image that is kept."""
    return [value for name, value in instructions() if name == instruction][-1]


def test_the_image_holds_no_more_than_it_needs() -> None:
    found = instructions()
    names = [name for name, _ in found]
    assert names.count("FROM") == 2
    assert "ADD" not in names
    kept = found[len(names) - names[::-1].index("FROM") :]
    assert {name for name, _ in kept} == {"COPY", "ENV", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert last("ARG").rpartition(":")[2] not in {"", "latest"}
    assert int(last("USER").partition(":")[0]) > 0
    sources = [word for name, value in found if name == "COPY" and "--from" not in value for word in value.split()[:-1]]
    assert all((ROOT / source).exists() for source in sources)


def test_nothing_in_it_is_compiled() -> None:
    """So that it can be built for each architecture that has wheels."""
    assert "--only-binary :all:" in last("RUN")
    assert "--constraint constraints.txt" in last("RUN")


def health_check(server: Serving) -> list[str]:
    """The command of the health check, for a server on another port."""
    (check,) = re.findall(r"CMD\s+(\[.*\])", last("HEALTHCHECK"))
    return [word.replace("8403", server.url.rpartition(":")[2]) for word in json.decode(check)]


def test_its_health_is_that_of_the_server() -> None:
    with Serving("--admin-token", "a-secret") as server:
        command = [sys.executable, *health_check(server)[1:]]
        assert subprocess.run(command, check=False).returncode == 0
        server.stop()
    assert subprocess.run(command, check=False, capture_output=True).returncode == 1


def test_the_composition_is_valid_and_closed() -> None:
    is_valid("compose-spec", COMPOSE)
    assert SERVICES["replica"]["deploy"]["replicas"] == 2
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["replica"]["ports"])
    assert all(service["read_only"] for service in SERVICES.values())
    build = SERVICES["replica"]["build"]
    assert (COMPOSE.parent / build["context"] / build["dockerfile"]).resolve() == CONTAINERFILE


@pytest.fixture
def store() -> Iterator[Server]:
    """The store, with the settings that the composition gives it."""
    program, *options = SERVICES["store"]["command"]
    assert program == "valkey-server"
    settings = {name.removeprefix("--"): value for name, value in zip(options[::2], options[1::2], strict=True)}
    with Server(need("valkey"), options=settings) as server:
        yield server


def test_its_replicas_share_sessions(store: Server) -> None:
    options = [store.url if word == "redis://store:6379" else word for word in SERVICES["replica"]["command"][1:]]
    options[options.index("0.0.0.0")] = "127.0.0.1"
    with Serving(*options) as one, Serving(*options) as other, Talker(one.told) as first, Talker(other.told) as second:
        first.login(), second.login()
        session = first.session()
        assert [second.send(session).status_code, first.send(session).status_code] == [200, 403]
        assert one.complaints() == other.complaints() == ""


# -- built -------------------------------------------------------------------------------------------------------------

APART = ("--isolation", "chroot")
"""Needs no container runtime; the network is this machine's, so the port can be any that is free."""


@pytest.fixture
def buildah() -> str:
    """Buildah, if it has the base image."""
    base, program = last("ARG").partition("=")[2], shutil.which("buildah")
    command = [program or "", "inspect", "--type", "image", base]
    if program is None or subprocess.run(command, capture_output=True, check=False).returncode:
        lacking("container", "buildah or the base image is missing, so the image was not built but only checked")
    return program


def run(*command: str | Path) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{shlex.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


@pytest.mark.slow
def test_the_image_is_built_serves_and_judges(buildah: str) -> None:
    mounts = [word for path in PIP for word in ("--volume", f"{path}:{path}:ro")]
    run(buildah, "build", *APART, *mounts, "--format", "docker", "--file", CONTAINERFILE, "--tag", IMAGE, ".")
    container = run(buildah, "from", IMAGE)
    inside = [buildah, "run", *APART, container, "--"]
    try:
        assert run(*inside, "id", "-u") == last("USER").partition(":")[0]
        assert run(*inside, "find", "/opt/dayfly", "-writable", "-not", "-type", "l") == ""
        with Serving("--host", "127.0.0.1", command=[*inside, *json.decode(last("ENTRYPOINT")), "serve"]) as server:
            assert conversation(server.told) == [200, 200, 200, 403]
            run(*inside, *health_check(server))
        mounted = ["--volume", f"{ROOT}/fixtures/clients:/work:ro", "--workingdir", "/work"]
        entry, options = json.decode(last("ENTRYPOINT")), ["--examples", "1", "--walk", "off"]
        judged = run(buildah, "run", *APART, *mounted, container, "--", *entry, "verify", "recovering.py:factory", *options)
        assert judged.startswith("recovering.py:factory: "), judged
    finally:
        run(buildah, "rm", container)
        run(buildah, "rmi", IMAGE)
