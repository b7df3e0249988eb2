"""An order, as RFC 8555 tells it, request by request."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

import httpx
import pytest

from mockserver.engine.model import Fault
from tests.mockserver.platforms.served import served

BAD_NONCE = "urn:ietf:params:acme:error:badNonce"


def encoded(document: Any) -> str:
    return urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def post(acme: httpx.Client, url: str, nonce: str | None, payload: Any = "") -> httpx.Response:
    protected = {"alg": "ES256", "url": url} | ({"nonce": nonce} if nonce else {})
    body = {"protected": encoded(protected), "payload": encoded(payload), "signature": "x"}
    return acme.post(url, json=body, headers={"Content-Type": "application/jose+json"})


def fresh(acme: httpx.Client) -> str:
    return acme.head("/nonce").headers["Replay-Nonce"]


def test_an_order_goes_from_the_account_to_the_certificate() -> None:
    acme, _ = served("acme")
    directory = acme.get("/dir").json()
    account = post(acme, directory["newAccount"], fresh(acme))
    assert (account.status_code, account.headers["Location"]) == (201, "http://platform.test/acct/1")
    names = [{"type": "dns", "value": "example.org"}]
    order = post(acme, directory["newOrder"], account.headers["Replay-Nonce"], {"identifiers": names})
    assert order.status_code == 201
    assert (order.json()["status"], order.json()["identifiers"]) == ("ready", names)
    (url,) = order.json()["authorizations"]
    authorization = post(acme, url, order.headers["Replay-Nonce"])
    assert (authorization.status_code, authorization.json()["status"]) == (200, "valid")
    finalized = post(acme, order.json()["finalize"], authorization.headers["Replay-Nonce"], {"csr": "x"})
    polled = post(acme, order.headers["Location"], finalized.headers["Replay-Nonce"])
    assert finalized.json()["status"] == polled.json()["status"] == "valid"
    certificate = post(acme, polled.json()["certificate"], polled.headers["Replay-Nonce"])
    assert certificate.text.startswith("-----BEGIN CERTIFICATE-----\n")
    assert certificate.headers["Content-Type"] == "application/pem-certificate-chain"


def test_a_nonce_is_good_once_and_the_refusal_brings_another() -> None:
    acme, _ = served("acme")
    nonce = fresh(acme)
    assert post(acme, "/acct", nonce).status_code == 201
    refused = post(acme, "/acct", nonce)
    assert (refused.status_code, refused.json()["type"]) == (400, BAD_NONCE)
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert post(acme, "/acct", refused.headers["Replay-Nonce"]).status_code == 201


def test_a_request_without_a_nonce_is_refused_and_brings_one() -> None:
    acme, _ = served("acme")
    refused = post(acme, "/order", None)
    assert (refused.status_code, refused.json()["type"]) == (400, BAD_NONCE)
    assert refused.headers["Replay-Nonce"]


@pytest.mark.parametrize("status", [429, 503])
def test_an_error_of_the_server_uses_up_the_nonce_and_brings_another(status: int) -> None:
    """RFC 8555 §6.5: once a nonce has appeared in a request, the server must consider it invalid."""
    acme, mock = served("acme")
    nonce = fresh(acme)
    mock.plan(Fault(kind="status", status=status))
    failed = post(acme, "/acct", nonce)
    assert (failed.status_code, failed.headers["Content-Type"]) == (status, "application/problem+json")
    assert post(acme, "/acct", nonce).json()["type"] == BAD_NONCE
    assert post(acme, "/acct", failed.headers["Replay-Nonce"]).status_code == 201


def test_an_error_before_the_server_leaves_the_nonce_as_it_was() -> None:
    acme, mock = served("acme")
    nonce = fresh(acme)
    mock.plan(Fault(kind="status", status=502))
    failed = post(acme, "/acct", nonce)
    assert (failed.status_code, failed.headers.get("Replay-Nonce")) == (502, None)
    assert post(acme, "/acct", nonce).status_code == 201
