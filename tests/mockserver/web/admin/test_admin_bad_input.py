"""Errors in control calls are reported in JSON, with the name of the field if there is one."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mockserver.assemble import Assembly
from mockserver.errors import ConflictError, StoreUnavailable
from tests.mockserver.web.admin.conftest import ORGANIZATION, problem

ADVANCE = f"{ORGANIZATION}/clock/advance"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("[]", "body"),
        ("7", "body"),
        ("null", "body"),
        ("{}", "seconds"),
        ('{"seconds": "5"}', "seconds"),
        ('{"seconds": true}', "seconds"),
        ('{"seconds": null}', "seconds"),
        ('{"seconds": -1}', "seconds"),
        ('{"seconds": 1e300}', "seconds"),
        ('{"seconds": 1' + "0" * 400 + "}", "seconds"),
        ('{"seconds": 5, "unit": "min"}', "unit"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_by_name(admin: FlaskClient, body: str, field: str) -> None:
    answer = admin.post(ADVANCE, data=body, content_type="application/json")
    assert problem(answer) == (400, "invalid.request", field)


@pytest.mark.parametrize(
    ("method", "path", "body", "told"),
    [
        ("POST", "/sessions/end", {"id": "x"}, "id: is not a field of this request, which takes none"),
        ("POST", "/clock/advance", {"seconds": 5, "unit": "min"}, "unit: is not a field of this request, which takes seconds"),
        ("GET", "/sessions?stat=idle", None, "stat: is not a field of this request, which takes state, guest, limit, after"),
    ],
)
def test_a_field_that_there_is_not_is_no_thing_that_there_is_not(
    admin: FlaskClient, method: str, path: str, body: Any, told: str
) -> None:
    answer = admin.open(ORGANIZATION + path, method=method, json=body)
    assert answer.get_json()["error"]["message"] == told


def test_a_flag_is_told_among_the_fields(admin: FlaskClient) -> None:
    answer = admin.get(f"{ORGANIZATION}/requests?stauts=403")
    assert answer.get_json()["error"]["message"].endswith(", follow")


@pytest.mark.parametrize(
    "body", ["", " ", "{", "seconds=5", '{"seconds": NaN}', '{"seconds": 1, "seconds": 2}', '"\\ud800"', "\xff", "[" * 10_000]
)
def test_a_body_that_is_no_json_is_refused(admin: FlaskClient, body: str) -> None:
    answer = admin.post(ADVANCE, data=body.encode("latin-1"), content_type="application/json")
    assert problem(answer)[:2] == (400, "invalid.request")


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"]
)
def test_a_body_comes_as_json_in_utf_8(admin: FlaskClient, content_type: str | None) -> None:
    answer = admin.post(ADVANCE, data='{"seconds": 5}', content_type=content_type)
    assert problem(answer)[:2] == (415, "unsupported.media.type")


def test_a_body_over_the_limit_is_refused(admin: FlaskClient) -> None:
    answer = admin.post(ADVANCE, data=b" " * ((1 << 20) + 1), content_type="application/json")
    assert problem(answer)[:2] == (413, "request.entity.too.large")


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/__admin/organizations", {"policy": {"tll": 5}}, "policy.tll"),
        ("POST", "/__admin/organizations", {"policy": {"ttl": "soon"}}, "policy.ttl"),
        ("POST", "/__admin/organizations", {"policy": []}, "policy"),
        ("POST", "/__admin/organizations", {"scopes": [7]}, "scopes[0]"),
        ("POST", "/__admin/organizations", {"client_id": "with:colon"}, "client_id"),
        ("PATCH", f"{ORGANIZATION}/policy", {"ttl": 0}, "policy.ttl"),
        ("POST", f"{ORGANIZATION}/clock/resume", {"at": 5}, "at"),
        ("POST", f"{ORGANIZATION}/faults", {}, "kind"),
        ("POST", f"{ORGANIZATION}/faults", {"kind": "status", "self": 1}, "self"),
        ("PUT", f"{ORGANIZATION}/faults", {"faults": [{"kind": "status", "times": 0}]}, "times"),
        ("GET", f"{ORGANIZATION}/requests?status=often", None, "status"),
        ("GET", f"{ORGANIZATION}/requests?stauts=403", None, "stauts"),
        ("GET", f"{ORGANIZATION}/requests?status=403&status=404", None, "status"),
        ("GET", f"{ORGANIZATION}/requests?limit=1001", None, "limit"),
        ("GET", f"{ORGANIZATION}/requests?since=nan", None, "since"),
        ("GET", f"{ORGANIZATION}/requests/count?limit=5", None, "limit"),
        ("GET", f"{ORGANIZATION}/sessions?state=dead", None, "state"),
        ("GET", f"{ORGANIZATION}/trace?after=the-beginning", None, "after"),
    ],
)
def test_each_call_names_what_it_cannot_use(admin: FlaskClient, method: str, path: str, body: Any, field: str) -> None:
    answer = admin.open(path, method=method, json=body) if body is not None else admin.open(path, method=method)
    assert problem(answer) == (400, "invalid.request", field)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/__admin"),
        ("POST", "/__admin/"),
        ("GET", "/__admin/nowhere"),
        ("GET", "/__admin/organizations/12345678"),
        ("GET", "/__admin/organizations/..%2fdefault/policy"),
        ("GET", "/__admin/organizations/12345678/requests"),
        ("GET", f"{ORGANIZATION}/sessions/nonsense"),
        ("POST", f"{ORGANIZATION}/sessions/nonsense/revoke"),
        ("GET", f"{ORGANIZATION}/requests/nonsense"),
        ("GET", f"{ORGANIZATION}/requests/nonsense/explain"),
        ("GET", "/__admin/requests/nonsense/explain"),
        ("GET", "/__admin/organizations/unassigned/policy"),
    ],
)
def test_what_is_not_there_is_not_found(admin: FlaskClient, method: str, path: str) -> None:
    assert problem(admin.open(path, method=method))[:2] == (404, "not.found")


def test_a_method_that_is_not_offered_is_told_which_are(admin: FlaskClient) -> None:
    answer = admin.delete(f"{ORGANIZATION}/clock")
    assert problem(answer)[:2] == (405, "method.not.allowed")
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (StoreUnavailable("redis://store", "connection refused"), 503, "service.unavailable"),
        (ConflictError("the session", 100), 409, "conflict"),
        (RuntimeError("a secret of the implementation"), 500, "internal.error"),
    ],
)
def test_failures_are_told_in_json_too(
    app: Flask, assembly: Assembly, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: str
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(assembly.store, "ping", fail)
    answer = app.test_client().get("/__admin/ready")
    assert problem(answer)[:2] == (status, code)
    assert "secret" not in answer.text


@pytest.mark.parametrize("place", ["-1", str(1 << 53), "9" * 30])
@pytest.mark.parametrize("path", ["requests?after", "requests?before", "requests?follow&after", "trace?after"])
def test_a_place_that_no_journal_has_is_refused_before_the_answer_begins(admin: FlaskClient, path: str, place: str) -> None:
    field = "before" if "before" in path else "after"
    assert problem(admin.get(f"{ORGANIZATION}/{path}={place}")) == (400, "invalid.request", field)


def test_a_stream_goes_on_after_no_event_that_no_journal_has(admin: FlaskClient) -> None:
    answer = admin.get(f"{ORGANIZATION}/requests?follow", headers={"Last-Event-ID": "9" * 30})
    assert problem(answer) == (400, "invalid.request", "Last-Event-ID")


@pytest.mark.parametrize("seed", [1 << 53, -(1 << 64)])
def test_a_seed_that_not_every_store_can_keep_is_refused(admin: FlaskClient, seed: int) -> None:
    assert problem(admin.put(f"{ORGANIZATION}/faults", json={"faults": [], "seed": seed})) == (400, "invalid.request", "seed")


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", f"{ORGANIZATION}/clock/set", {"at": 5}, "at"),
        ("POST", f"{ORGANIZATION}/clock/freeze", {"at": 5}, "at"),
        ("DELETE", "/__admin/organizations/default", None, "id"),
    ],
)
def test_a_right_call_that_the_state_does_not_allow_is_a_conflict(
    admin: FlaskClient, method: str, path: str, body: Any, field: str
) -> None:
    answer = admin.open(path, method=method, json=body) if body is not None else admin.open(path, method=method)
    assert problem(answer) == (409, "conflict", field)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "clock/advance"),
        ("POST", "clock/resume"),
        ("POST", "clients"),
        ("POST", "tokens/reject"),
        ("POST", "sessions/end"),
        ("PUT", "faults"),
        ("POST", "faults"),
        ("PATCH", "policy"),
    ],
)
def test_an_unknown_field_may_have_any_name(admin: FlaskClient, method: str, path: str) -> None:
    for name in ("a\nb", "a`b", "\r\n", "x" * 10_000, "\u2028", "` - at `$.x"):
        answer = admin.open(f"{ORGANIZATION}/{path}", method=method, json={name: 1, "kind": "status"})
        assert answer.status_code == 400, (name[:10], answer.text)
        assert len(answer.data) < 1000


@pytest.mark.parametrize("path", ["requests", "requests/count", "sessions", "tokens", "trace"])
def test_an_unknown_parameter_may_have_any_name(admin: FlaskClient, path: str) -> None:
    for name in ("a%0Ab", "a%60b", "%00", "%ff", ""):
        assert admin.get(f"{ORGANIZATION}/{path}?{name}=1").status_code == 400


@pytest.mark.parametrize("field", ["until", "since", "status", "after", "before"])
def test_null_is_not_the_value_of_a_parameter(admin: FlaskClient, field: str) -> None:
    assert problem(admin.get(f"{ORGANIZATION}/requests?{field}=null")) == (400, "invalid.request", field)


def test_a_required_body_cannot_be_left_out(admin: FlaskClient) -> None:
    for method, path in (("PATCH", "policy"), ("POST", "faults")):
        answer = admin.open(f"{ORGANIZATION}/{path}", method=method)
        assert answer.status_code == 400
        assert "the body is missing" in answer.text


@pytest.mark.parametrize("depth", [90, 110, 500, 980, 985, 990, 5000])
def test_a_value_nested_deeply_is_refused_in_few_words(admin: FlaskClient, depth: int) -> None:
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        nested = opening * depth + "1" + closing * depth
        for method, path, body in (
            ("PATCH", f"{ORGANIZATION}/policy", f'{{"ttl": {nested}}}'),
            ("POST", f"{ORGANIZATION}/faults", f'{{"kind": {nested}}}'),
            ("POST", "/__admin/organizations", f'{{"policy": {{"ttl": {nested}}}}}'),
        ):
            answer = admin.open(path, method=method, data=body, content_type="application/json")
            assert answer.status_code == 400, (depth, path)
            assert len(answer.data) < 1000


def test_a_number_in_a_policy_is_not_written_as_a_string(admin: FlaskClient) -> None:
    assert problem(admin.patch(f"{ORGANIZATION}/policy", json={"ttl": "5"})) == (400, "invalid.request", "policy.ttl")
    assert admin.patch(f"{ORGANIZATION}/policy", json={"rate_limit_per_minute": "off"}).status_code == 200
