"""The control API's document: it lists what the application serves, each of its examples runs, each answer fits its schema."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import jsonschema
import pytest
from flask import Flask
from flask.testing import FlaskClient

from mockserver import openapi
from mockserver.control import Tenant
from tests.mockserver.conftest import Mock
from tests.mockserver.web.admin.conftest import problem

DOCUMENT = openapi.admin_document()
METHODS = ("get", "post", "put", "patch", "delete")


def followed(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    target: Any = DOCUMENT
    for part in node["$ref"].removeprefix("#/").split("/"):
        target = target[part]
    found: dict[str, Any] = target
    return found


class Case(NamedTuple):
    """One way to call an operation that the document shows."""

    operation: str
    example: str
    method: str
    path: str
    body: Any
    query: dict[str, Any]


def operations() -> Iterator[tuple[str, str, dict[str, Any], list[dict[str, Any]]]]:
    """Path, method, operation and its parameters."""
    for path, item in DOCUMENT["paths"].items():
        for method in (method for method in METHODS if method in item):
            shared = [*item.get("parameters", []), *item[method].get("parameters", [])]
            yield path, method, item[method], [followed(parameter) for parameter in shared]


def cases() -> Iterator[Case]:
    for path, method, operation, parameters in operations():
        id = operation["operationId"]
        content = followed(operation["requestBody"])["content"]["application/json"] if "requestBody" in operation else {}
        yield from (Case(id, name, method, path, body["value"], {}) for name, body in content.get("examples", {}).items())
        if not content:
            yield Case(id, "plain", method, path, None, {})
        for parameter in parameters:
            for name, example in parameter.get("examples", {}).items():
                yield Case(id, f"{parameter['name']}-{name}", method, path, None, {parameter["name"]: example["value"]})


def response_of(case: Case, status: int) -> dict[str, Any]:
    return followed(DOCUMENT["paths"][case.path][case.method]["responses"][str(status)])


def rules(app: Flask) -> set[tuple[str, str]]:
    """Every path under /__admin with every method, in the document's words."""
    admin = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/__admin")]
    return {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in admin
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_it_lists_what_is_served_and_nothing_else(app: Flask) -> None:
    assert rules(app) == {(path, method) for path, method, _, _ in operations()}


def test_it_is_served_as_it_is(admin: FlaskClient) -> None:
    assert admin.get("/__admin/openapi.json").json == DOCUMENT


def test_every_call_has_a_name_of_its_own_and_a_summary() -> None:
    documented = [operation for _, _, operation, _ in operations()]
    ids = [operation["operationId"] for operation in documented]
    assert len(set(ids)) == len(ids)
    assert all(operation["summary"].endswith(".") for operation in documented)


def test_it_refers_to_nothing_that_is_not_there() -> None:
    references = set(re.findall(r"'\$ref': '(#[^']+)'", str(DOCUMENT)))
    assert all(followed({"$ref": reference}) for reference in references)
    unused = {f"#/components/{kind}/{name}" for kind, named in DOCUMENT["components"].items() for name in named} - references
    assert unused == {"#/components/securitySchemes/controlToken"}


@pytest.mark.parametrize("case", [*cases()], ids=lambda case: f"{case.operation}-{case.example}")
def test_every_example_runs_and_its_answer_fits(case: Case, admin: FlaskClient, tenant: Tenant, mock: Mock) -> None:
    session = mock.session()
    mock.send(session)
    context_id = mock.send(session).headers["ININ-Correlation-Id"]
    mock.http.get("/nowhere")
    made = admin.post("/__admin/organizations", json={}).json or {}
    whose = made["id"] if case.operation == "deleteOrganization" else "default"
    path = case.path.format(id=whose, session_id=session, context_id=context_id, client_id=tenant.client_id)
    answer = admin.open(path, method=case.method, json=case.body, query_string=case.query)
    assert answer.status_code in {200, 201, 204}, answer.text
    response = response_of(case, answer.status_code)
    if answer.status_code == 204:
        assert (answer.data, "content" in response) == (b"", False)
        return
    schema = response["content"][answer.mimetype]["schema"]
    if answer.mimetype == "application/json":
        jsonschema.validate(answer.json, {**schema, "components": DOCUMENT["components"]})


def test_every_body_that_is_shown_fits_its_schema() -> None:
    for _, _, operation, _ in operations():
        content = followed(operation["requestBody"])["content"]["application/json"] if "requestBody" in operation else {}
        for example in content.get("examples", {}).values():
            jsonschema.validate(example["value"], {**content["schema"], "components": DOCUMENT["components"]})


def test_lists_that_are_not_empty_fit_too(admin: FlaskClient, tenant: Tenant, mock: Mock) -> None:
    """Every kind of answer, and every kind of explanation, that one busy world has."""
    tenant.set_policy({"retention": 1})
    session = mock.session()
    mock.send(session, text="\N{WAVING HAND SIGN}" * 100)
    mock.send()
    mock.send(headers={"Authorization": "Bearer null"})
    mock.create(content=b"{")
    mock.http.get("/nowhere", headers=mock.headers)
    tenant.faults.add("status", "create")
    tenant.faults.add("latency", "token", seconds=1)
    mock.create()
    tenant.clock.advance(60)
    mock.session()
    mock.send(session)
    for path in ("faults", "requests", "sessions", "tokens", "clients"):
        answer = admin.get(f"/__admin/organizations/default/{path}")
        assert answer.json is not None
        assert answer.json[path]
        fits(answer.json, f"/__admin/organizations/{{id}}/{path}")
    for request in tenant.requests.find():
        answer = admin.get(f"/__admin/requests/{request.context_id}/explain")
        fits(answer.json, "/__admin/requests/{context_id}/explain")
        one = admin.get(f"/__admin/organizations/default/requests/{request.context_id}")
        fits(one.json, "/__admin/organizations/{id}/requests/{context_id}")


def fits(document: Any, path: str) -> None:
    response = followed(DOCUMENT["paths"][path]["get"]["responses"]["200"])
    schema = response["content"]["application/json"]["schema"]
    jsonschema.validate(document, {**schema, "components": DOCUMENT["components"]})


def test_errors_fit_too(admin: FlaskClient) -> None:
    answer = admin.get("/__admin/organizations/nowhere")
    assert problem(answer)[0] == 404
    schema = DOCUMENT["components"]["responses"]["Error"]["content"]["application/json"]["schema"]
    jsonschema.validate(answer.json, schema)
