"""`dayfly serve` by HTTPS and at a Unix socket."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from contracts.cli import run
from mockserver.web.tls import throw_away
from tests.functional.serving import SERVE, Serving
from tests.need import need

FAULTS = "/__admin/organizations/default/faults"


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    with Serving("--tls") as serving:
        yield serving


@pytest.fixture
def client(serving: Serving) -> Iterator[httpx.Client]:
    trusted = ssl.create_default_context(cafile=serving.told["authority"])
    with httpx.Client(base_url=serving.url, verify=trusted) as client:
        yield client


def login(client: httpx.Client, serving: Serving) -> httpx.Response:
    credentials = serving.told["client_id"], serving.told["client_secret"]
    return client.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=credentials)


def test_it_serves_by_https_and_names_the_authority_to_trust(client: httpx.Client, serving: Serving) -> None:
    assert serving.url.startswith("https://127.0.0.1:")
    assert login(client, serving).status_code == 200


@pytest.mark.parametrize("kind", ["lost_request", "lost_response", "truncated_body"])
def test_answers_break_as_they_do_by_http(client: httpx.Client, serving: Serving, kind: str) -> None:
    client.post(FAULTS, json={"kind": kind})
    with pytest.raises(httpx.RemoteProtocolError):
        login(client, serving)
    assert login(client, serving).status_code == 200


def test_answers_of_a_declared_platform_name_https() -> None:
    with Serving("--tls", "--platform", "acme") as serving:
        trusted = ssl.create_default_context(cafile=serving.told["authority"])
        assert httpx.get(f"{serving.url}/dir", verify=trusted).json()["newNonce"] == f"{serving.url}/nonce"


def test_curl_reaches_it(serving: Serving) -> None:
    call = [need("curl"), "--silent", "--cacert", serving.told["authority"], f"{serving.url}/__admin/health"]
    assert json.loads(subprocess.run(call, capture_output=True, check=True).stdout) == {"status": "ok", "platform": "webchat"}


def test_node_reaches_it(serving: Serving) -> None:
    script = f"fetch('{serving.url}/__admin/health').then(answer => answer.json()).then(told => console.log(told.status))"
    variables = {"NODE_EXTRA_CA_CERTS": serving.told["authority"], "PATH": ""}
    done = subprocess.run([need("node"), "-e", script], env=variables, capture_output=True, text=True, check=True)
    assert done.stdout == "ok\n"


def test_a_command_that_does_not_trust_the_authority_says_how_to(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with Serving("--tls") as serving:
        assert run(["tail", serving.url, "--no-follow"]) == 2
        assert capfd.readouterr().err.endswith("which `dayfly serve --tls` prints\n")
        monkeypatch.setenv("SSL_CERT_FILE", serving.told["authority"])
        assert run(["tail", serving.url, "--no-follow"]) == 0


def test_a_stop_takes_the_certificate_away_and_leaves_an_authority_that_was_asked_for(tmp_path: Path) -> None:
    with Serving("--tls") as serving:
        beside = Path(serving.told["authority"])
        assert serving.stop() == (0, "")
    assert not beside.parent.exists()
    wanted = tmp_path / "authority.pem"
    with Serving("--tls", "--tls-ca", str(wanted)) as serving:
        assert serving.told["authority"] == str(wanted)
    assert wanted.exists()


def test_it_takes_a_certificate_of_ones_own() -> None:
    with throw_away() as own, Serving("--tls-cert", str(own.certificate), "--tls-key", str(own.key)) as serving:
        assert "authority" not in serving.told
        trusted = ssl.create_default_context(cafile=own.authority)
        assert httpx.get(f"{serving.url}/__admin/health", verify=trusted).status_code == 200


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--tls-cert", "a.pem"], "give both"),
        (["--tls", "--tls-cert", "a.pem", "--tls-key", "a.key"], "makes its own certificate"),
        (["--tls-ca", "a.pem"], "give --tls too"),
        (["--tls-cert", "missing.pem", "--tls-key", "missing.key"], "cannot be read"),
        (["--bind", "tcp:8403"], "must be unix:PATH"),
        (["--bind", "unix:"], "must be unix:PATH"),
        (["--bind", "unix:/nowhere/at/all.sock"], "cannot be listened on"),
        (["--cors", "shop.example"], "is not an origin"),
    ],
)
def test_what_cannot_be_served_is_refused(options: list[str], problem: str) -> None:
    done = subprocess.run([*SERVE, "--port", "0", *options], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert problem in " ".join(done.stderr.split())


class TestUnixSocket:
    def test_it_serves_the_platform_and_its_control(self, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "mock.sock"
        with Serving("--bind", f"unix:{path}") as serving:
            assert serving.url == f"unix:{path}"
            assert path.stat().st_mode & 0o077 == 0
            transport = httpx.HTTPTransport(uds=str(path))
            with httpx.Client(transport=transport, base_url="http://mock") as client:
                assert login(client, serving).status_code == 200
                assert client.get("/__admin/organizations").status_code == 200
            assert run(["tail", serving.url, "--no-follow"]) == 0
            assert "token   client" in capfd.readouterr().out
            assert serving.stop() == (0, "")
        assert not path.exists()

    def test_what_a_server_that_was_killed_has_left_is_no_hindrance(self, tmp_path: Path) -> None:
        path = tmp_path / "mock.sock"
        with Serving("--bind", f"unix:{path}"):
            pass
        assert path.exists()
        with Serving("--bind", f"unix:{path}") as serving:
            assert serving.stop() == (0, "")

    def test_one_in_use_and_a_file_are_refused(self, tmp_path: Path) -> None:
        path, file = tmp_path / "mock.sock", tmp_path / "notes.txt"
        file.write_text("keep me")
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(path))
            other.listen()
            for taken, problem in ((path, "is in use"), (file, "not a socket")):
                done = subprocess.run([*SERVE, "--bind", f"unix:{taken}"], capture_output=True, text=True, check=False)
                assert (done.returncode, problem in done.stderr) == (2, True)
        assert file.read_text() == "keep me"
