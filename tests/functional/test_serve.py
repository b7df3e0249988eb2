"""`dayfly serve` as people and scripts meet it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.functional.answering import COMMAND
from tests.functional.serving import SERVE, Serving
from tests.functional.talking import CREATE, SEND, conversation
from tests.mockserver.web.answers import BODY


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    with Serving() as serving:
        yield serving


def refusal(*options: str, environment: dict[str, str] | None = None) -> str:
    """The one line that a server says which must not start; nothing is on standard output, and the exit status is 2."""
    done = subprocess.run(
        [*SERVE, "--port", "0", *options], capture_output=True, text=True, check=False, env=os.environ | (environment or {})
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    return done.stderr


def test_programs_are_told_in_one_json_object(serving: Serving) -> None:
    assert serving.told.keys() == {"url", "client_id", "client_secret", "admin_token"}
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", serving.url)


def test_the_credentials_it_tells_are_good(serving: Serving) -> None:
    assert conversation(serving.told) == [200, 200, 200, 403]


def test_people_are_told_in_one_line() -> None:
    command = [*SERVE, "--port", "0", "--client-id", "me", "--client-secret", "my-secret"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.communicate() == ("", "")
    served = r"Serving on (http://127\.0\.0\.1:\d+), client id me, client secret my-secret, console \1/__admin/console\n"
    assert re.fullmatch(served, line)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it_with_connections_open(number: signal.Signals, status: int) -> None:
    with Serving() as serving, httpx.Client(base_url=serving.url) as client:
        client.get("/openapi.json")
        assert serving.stop(number) == (status, "")
        assert serving.complaints() == ""
        with pytest.raises(httpx.TransportError):
            client.get("/openapi.json")


def test_ctrl_c_which_every_process_of_a_terminal_gets_ends_it_however_often_it_comes() -> None:
    with Serving() as serving:
        for _ in range(3):
            os.killpg(serving.process.pid, signal.SIGINT)
        assert serving.process.wait() == 130
        assert serving.complaints() == ""


def test_what_is_being_answered_is_answered_without_its_delay_when_it_stops() -> None:
    with Serving(command=COMMAND) as serving, ThreadPoolExecutor(1) as clients:
        host, _, port = serving.url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(
                b"POST /complete?3600 HTTP/1.1\r\nHost: mock\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
            )
            assert connection.recv(100).startswith(b"HTTP/1.1 100 ")  # the application is reading the body
            connection.sendall(b"{}")
            stopped = clients.submit(serving.stop)
            with connection.makefile("rb") as answer:
                assert answer.read().endswith(BODY)
        assert stopped.result() == (0, "")


def test_workers_do_not_outlive_their_parent() -> None:
    with Serving() as serving:
        assert serving.stop(signal.SIGKILL) == (-signal.SIGKILL, "")
        with pytest.raises(httpx.ConnectError):
            httpx.get(serving.url)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it_while_it_still_starts(number: signal.Signals, status: int) -> None:
    with Serving("--stuck", command=COMMAND) as serving:
        assert serving.stop(number) == (status, "")
        assert serving.complaints() == ""


def test_a_worker_that_is_lost_ends_the_server() -> None:
    with Serving() as serving:
        for worker in children(serving.process.pid):
            os.kill(worker, signal.SIGKILL)
        assert serving.process.wait() == 2
        assert serving.complaints() == "dayfly: a worker ended by itself, and the server with it\n"


def children(parent: int) -> list[int]:
    listed = subprocess.run(["ps", "-A", "-o", "ppid=,pid="], capture_output=True, text=True, check=True).stdout
    return [int(pid) for ppid, pid in map(str.split, listed.splitlines()) if int(ppid) == parent]


def test_a_port_in_use_is_never_shared(serving: Serving) -> None:
    port = serving.url.rpartition(":")[2]
    assert refusal("--port", port).startswith(f"dayfly: port = {port}: is in use by another server")


def test_several_workers_need_a_shared_store() -> None:
    assert "--store redis://" in refusal("--workers", "2")


def test_several_workers_do_not_write_one_file(tmp_path: Path) -> None:
    options = ["--workers", "2", "--store", "redis://127.0.0.1:1", "--journal", str(tmp_path / "journal.jsonl")]
    assert "several workers" in refusal(*options)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_the_control_api_is_not_left_open_to_the_network(host: str) -> None:
    assert "--admin-token" in refusal("--host", host)
    with Serving("--host", host, "--admin-token", "t0ken") as serving:
        assert serving.told["admin_token"] == "t0ken"
        assert conversation(serving.told) == [200, 200, 200, 403]


def test_ipv6() -> None:
    with Serving("--host", "::1") as serving:
        assert re.fullmatch(r"http://\[::1\]:\d+", serving.url)
        assert conversation(serving.told) == [200, 200, 200, 403]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--port", "65536"], "65536 is not in the range"),
        (["--workers", "0"], "0 is not in the range"),
        (["--host", "a..b"], "cannot be resolved"),
        (["--store", "mongodb://localhost"], "must be memory: or redis://"),
        (["--journal", "/no/such/folder/file"], "cannot be written"),
        (["--journal", "-"], "- is not standard output here; name a file"),
        (["--client-id", "a:b"], "a client id has no colon"),
        (["--client-secret", "a b"], "without spaces"),
        (["--client-secret", "short"], "at least 8 characters"),
        (["--admin-token", "☎"], "visible ASCII"),
        (["--nonsense"], "No such option"),
        (["left over"], "unexpected extra argument"),
        (["--policy", "/no/such/file"], "cannot be read"),
    ],
)
def test_a_bad_option_is_said_in_one_line(options: list[str], problem: str) -> None:
    assert problem in refusal(*options)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("ttl = ", "is not TOML"),
        ("tll = 5", "tll' is not known|tll = 5: is not known"),
        ("ttl = 'soon'", "must be a number"),
        ("ttl = -1", "must be seconds"),
        ("handshakes = 1.5", "must be a whole number"),
    ],
)
def test_a_bad_policy_file_is_said_in_one_line(tmp_path: Path, content: str, problem: str) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(content)
    said = refusal("--policy", str(file))
    assert re.search(problem, said)
    assert str(file) in said


def test_policy_and_options_may_come_as_variables(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    variables = {
        "DAYFLY_POLICY_HANDSHAKES": "2",
        "DAYFLY_CLIENT_ID": "me",
        "DAYFLY_JOURNAL": str(journal),
        "DAYFLY_OPAQUE": "1",
    }
    with Serving(variables=variables) as serving:
        assert serving.told["client_id"] == "me"
        assert conversation(serving.told) == [200, 200, 200, 200]
        assert "Dayfly-Reason" not in httpx.get(f"{serving.url}/nowhere").headers
    assert len(journal.read_text().splitlines()) > 8
    assert "DAYFLY_POLICY_NONSENSE" in refusal(environment={"DAYFLY_POLICY_NONSENSE": "1"})


def test_requests_are_logged_where_asked_for_and_nothing_in_them_breaks_a_line() -> None:
    with Serving("--log-requests") as serving:
        assert conversation(serving.told) == [200, 200, 200, 403]
        httpx.get(f"{serving.url}/a%0AGET%20/forged%1b[31m", params={"access_token": "s3cret"})
        serving.stop()
        lines = serving.complaints().splitlines()
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(rf"{stamp} POST {SEND} 403 session\.consumed [0-9a-f-]{{36}}", lines[3])
    assert re.fullmatch(rf"{stamp} GET /a%0AGET%20/forged%1B%5B31m 404 route\.unknown [0-9a-f-]{{36}}", lines[4])
    assert len(lines) == 5


@pytest.mark.parametrize(("level", "lines"), [("error", 0), ("warning", 0), ("info", 4)])
def test_the_log_level_chooses_what_is_printed(level: str, lines: int) -> None:
    with Serving("--log-level", level) as serving:
        assert conversation(serving.told) == [200, 200, 200, 403]
        serving.stop()
        assert len(serving.complaints().splitlines()) == lines


@pytest.mark.parametrize(
    "path",
    ["/openapi.json", "/__admin/health", "/__admin/organizations/default/trace", "/__admin/organizations/default/requests"],
)
def test_a_head_has_no_body_and_the_connection_stays_good(serving: Serving, path: str) -> None:
    with httpx.Client(base_url=serving.url) as client:
        for _ in range(3):
            head = client.head(path)
            assert (head.status_code, head.content) == (200, b"")
            assert client.get("/__admin/health").json()["status"] == "ok"


def test_the_head_of_the_document_has_its_length(serving: Serving) -> None:
    length = httpx.head(f"{serving.url}/openapi.json").headers["Content-Length"]
    assert int(length) == len(httpx.get(f"{serving.url}/openapi.json").content)


def test_without_that_it_is_quiet(serving: Serving) -> None:
    conversation(serving.told)
    assert serving.complaints() == ""


def test_the_environment_is_not_mistaken_for_headers() -> None:
    """Granian copies it into every call: a proxy's variable would be a header, and this one a good token."""
    with Serving(variables={"HTTP_AUTHORIZATION": "Bearer x"}) as serving:
        assert httpx.post(f"{serving.url}{CREATE}").json()["code"] == "authentication.required"


def test_a_body_over_the_limit_is_refused_and_the_server_goes_on(serving: Serving) -> None:
    for size in (2 << 20, 40 << 20):
        answer = httpx.post(f"{serving.url}{CREATE}", content=b"x" * size, headers={"Authorization": "Bearer x"})
        assert answer.status_code in (401, 413), size
    assert conversation(serving.told) == [200, 200, 200, 403]
