"""An order, as RFC 8555 tells it, request by request. Section numbers are those of the RFC."""

from __future__ import annotations

import json
import re
import ssl
from base64 import urlsafe_b64encode
from typing import Any

import httpx

from mockserver.engine.model import Fault
from tests.mockserver.platforms.served import broken_by_false_failure, clauses, compiled, served, told

ERROR = "urn:ietf:params:acme:error:"
API = "http://platform.test"
NAMES = [{"type": "dns", "value": "example.org"}]
EXPIRES = "2199-01-01T00:00:00Z"
SIGNED = ("/acct", "/acct/1", "/order", "/order/1", "/order/1/finalize", "/authz/1", "/cert/1")


def encoded(document: Any) -> str:
    return urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def post(acme: httpx.Client, url: str, nonce: str | None, payload: Any = "") -> httpx.Response:
    protected = {"alg": "ES256", "url": url} | ({"nonce": nonce} if nonce else {})
    body = {"protected": encoded(protected), "payload": encoded(payload), "signature": "x"}
    return acme.post(url, json=body, headers={"Content-Type": "application/jose+json"})


def fresh(acme: httpx.Client) -> str:
    return acme.head("/nonce").headers["Replay-Nonce"]


def checked(answer: httpx.Response) -> tuple[int, str, dict[str, str], Any]:
    """Return an answer without what each has: a nonce (§6.5), and the way to the directory (§7.1)."""
    status, reason, headers, body = told(answer)
    assert headers.pop("replay-nonce")
    assert (headers.pop("link"), headers.pop("cache-control")) == (f'<{API}/dir>;rel="index"', "no-store")
    return status, reason, headers, body


def problem(status: int, reason: str, kind: str, detail: str, **headers: str) -> tuple[int, str, dict[str, str], Any]:
    """§6.7: an error is a problem document."""
    body = {"type": ERROR + kind, "detail": detail, "status": status}
    return status, reason, {"content-type": "application/problem+json", **headers}, body


def order(status: str, **more: Any) -> dict[str, Any]:
    """§7.1.3"""
    own = {"authorizations": [f"{API}/authz/1"], "finalize": f"{API}/order/1/finalize"}
    return {"status": status, "expires": EXPIRES, "identifiers": NAMES, **own, **more}


def test_the_directory_says_where_everything_is() -> None:
    """§7.1.1"""
    acme, _ = served("acme")
    own = {"newNonce": f"{API}/nonce", "newAccount": f"{API}/acct", "newOrder": f"{API}/order"}
    others = {"revokeCert": f"{API}/revoke", "keyChange": f"{API}/key", "meta": {"termsOfService": f"{API}/terms"}}
    assert checked(acme.get("/dir")) == (200, "", {"content-type": "application/json"}, own | others)


def test_a_nonce_is_to_be_had_by_head_and_by_get() -> None:
    """§7.2"""
    acme, _ = served("acme")
    assert checked(acme.head("/nonce")) == (200, "", {}, "")
    assert checked(acme.get("/nonce")) == (204, "", {}, "")
    assert compiled("acme").kinds["nonce"].renewed_by[:2] == ("newNonce", "getNonce")


def test_an_order_goes_from_the_account_to_the_certificate() -> None:
    acme, _ = served("acme")
    json_type, one = {"content-type": "application/json"}, {"location": f"{API}/order/1"}
    account = {"status": "valid", "contact": [], "orders": f"{API}/acct/1/orders"}  # §7.1.2
    valid = order("valid", certificate=f"{API}/cert/1")
    challenge = {"type": "http-01", "url": f"{API}/challenge/1", "status": "valid", "validated": "2026-01-01T00:00:00Z"}
    challenge["token"] = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"  # §8.3
    authorization = {"status": "valid", "expires": EXPIRES, "identifier": NAMES[0], "challenges": [challenge]}  # §7.1.4
    steps: list[tuple[str, int, dict[str, str], Any]] = [
        ("/acct", 201, json_type | {"location": f"{API}/acct/1"}, account),  # §7.3
        ("/acct/1", 200, json_type, account),
        ("/order", 201, json_type | one, order("ready")),  # §7.4
        ("/authz/1", 200, json_type, authorization),  # §7.5
        ("/order/1/finalize", 200, json_type | one, valid),  # §7.4
        ("/order/1", 200, json_type, valid),
    ]
    nonce = fresh(acme)
    for path, status, headers, body in steps:
        answer = post(acme, path, nonce, {"identifiers": NAMES})
        assert checked(answer) == (status, "", headers, body)
        nonce = answer.headers["Replay-Nonce"]
    status, reason, headers, chain = checked(post(acme, "/cert/1", nonce))
    assert (status, reason, headers) == (200, "", {"content-type": "application/pem-certificate-chain"})  # §7.4.2
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusted.load_verify_locations(cadata=chain)
    blocks = re.findall(r"-----BEGIN CERTIFICATE-----\n[\w+/=\n]+\n-----END CERTIFICATE-----\n", chain)
    assert ["".join(blocks), len(blocks)] == [chain, 2], "clients refuse a chain without the issuer's certificate"
    assert [one["subject"][0][0][1] for one in trusted.get_ca_certs()] == ["Test CA"]


def test_a_nonce_is_good_once_and_the_refusal_brings_another() -> None:
    """§6.5"""
    acme, _ = served("acme")
    for path in SIGNED:
        nonce = fresh(acme)
        post(acme, path, nonce)
        refused = post(acme, path, nonce)
        bad = "JWS has an invalid anti-replay nonce"
        assert checked(refused) == problem(400, "nonce.spent", "badNonce", bad)
        assert checked(post(acme, path, None)) == problem(400, "nonce.missing", "badNonce", bad)
        assert checked(post(acme, path, "made-up")) == problem(400, "nonce.unknown", "badNonce", bad)
        assert post(acme, path, refused.headers["Replay-Nonce"]).is_success


def test_an_error_of_the_server_uses_up_the_nonce_and_brings_another() -> None:
    """§6.5: once a nonce has appeared in a request, the server must consider it invalid."""
    for status, kind, detail, headers in (
        (429, "rateLimited", "slow down", {"retry-after": "1"}),  # §6.6
        (503, "serverInternal", "try again", {}),
    ):
        acme, mock = served("acme")
        nonce = fresh(acme)
        mock.plan(Fault(kind="status", status=status))
        failed = post(acme, "/acct", nonce)
        assert checked(failed) == problem(status, "fault.injected", kind, detail, **headers)
        assert post(acme, "/acct", nonce).json()["type"] == f"{ERROR}badNonce"
        assert post(acme, "/acct", failed.headers["Replay-Nonce"]).status_code == 201


def test_an_error_before_the_server_leaves_the_nonce_as_it_was() -> None:
    acme, mock = served("acme")
    nonce = fresh(acme)
    mock.plan(Fault(kind="status", status=502, operation="newAccount"))
    failed = post(acme, "/acct", nonce)
    assert (failed.status_code, failed.headers.get("Replay-Nonce")) == (502, None)
    assert post(acme, "/acct", nonce).status_code == 201


def test_other_paths_and_methods_are_malformed() -> None:
    acme, mock = served("acme")
    assert checked(acme.get("/revoke")) == problem(404, "route.route", "malformed", "no such resource")
    assert checked(acme.get("/acct")) == problem(405, "method.method", "malformed", "no such method", allow="POST")
    mock.plan(Fault(kind="status", status=503, operation="directory"))
    assert acme.get("/dir").status_code == 503


def test_clients_are_judged_by_these_clauses() -> None:
    nonce = dict.fromkeys(("S1/nonce", "S4/nonce", "R1/nonce", "N1/nonce"), "MUST RFC 8555 §6.5")
    assert clauses("acme") == {**nonce, "R4": "", "R5": "", "D3/issue": "advice RFC 9110 §15.3.1"}


def test_a_certificate_that_came_was_issued() -> None:
    assert broken_by_false_failure("acme", "issue", "/cert/1") == {"D3/issue"}
