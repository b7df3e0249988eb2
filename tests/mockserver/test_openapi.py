"""The platform's document: valid, complete, and read the same way by everybody who validates against it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
import schemathesis
from hypothesis import given
from hypothesis import strategies as st

from mockserver import openapi
from mockserver.wire import DOCUMENT, METHOD, ROUTES
from mockserver.wire.render import CORRELATION
from mockserver.wire.table import REFUSALS, answer_of, is_oauth

DOCUMENTED = openapi.document()
SCHEMAS: dict[str, Any] = DOCUMENTED["components"]["schemas"]
REQUESTS = ("TokenRequest", "CreateSessionRequest", "SendMessageRequest")
ANSWERS_EVERYWHERE = {"405", "500"}
ANSWERS = ANSWERS_EVERYWHERE | {"200", "400", "401", "413", "415", "429", "502", "503"}


def nodes(node: Any = DOCUMENTED) -> Iterator[dict[str, Any]]:
    """Every object in the document."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(child)


def resolve(reference: str) -> Any:
    target: Any = DOCUMENTED
    for part in reference.removeprefix("#/").split("/"):
        target = target[part.replace("~1", "/").replace("~0", "~")]
    return target


def followed(node: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = resolve(node["$ref"]) if "$ref" in node else node
    return found


def operations() -> dict[str, dict[str, Any]]:
    return {path: operation for path, methods in DOCUMENTED["paths"].items() for operation in methods.values()}


def responses() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operation in operations().items():
        for status, response in operation["responses"].items():
            yield path, status, followed(response)


def validator(name: str) -> jsonschema.Draft202012Validator:
    components = {"schemas": SCHEMAS}
    return jsonschema.Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": components})


def is_valid(name: str, document: object) -> bool:
    return validator(name).is_valid(document)


def test_it_is_openapi_3_1() -> None:
    document = deepcopy(DOCUMENTED)
    flow = document["components"]["securitySchemes"]["platformOAuth"]["flows"]["clientCredentials"]
    # The specification lets URLs be relative; the schema of it that Schemathesis carries did not know that yet.
    flow["tokenUrl"] = "http://127.0.0.1" + flow["tokenUrl"]
    schemathesis.openapi.from_dict(document).validate()
    assert document["openapi"].startswith("3.1.")


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])


def test_every_reference_leads_somewhere() -> None:
    references = {node["$ref"] for node in nodes() if "$ref" in node}
    assert references
    assert all(resolve(reference) for reference in references)


def test_it_has_every_path_the_mock_answers_and_no_other() -> None:
    assert set(DOCUMENTED["paths"]) == {*ROUTES, DOCUMENT}
    for path, operation in ROUTES.items():
        described = DOCUMENTED["paths"][path][METHOD.lower()]
        assert described["x-dayfly-operation"] == operation


def test_operations_are_named_once() -> None:
    names = [operation["operationId"] for operation in operations().values()]
    assert len(set(names)) == len(names)


def test_every_status_is_documented() -> None:
    for path, operation in operations().items():
        expected = {"200"} | ANSWERS_EVERYWHERE if path == DOCUMENT else set(ANSWERS)
        if ROUTES.get(path) in {"create", "send"}:
            expected.add("403")
        assert set(operation["responses"]) == expected, path


def test_every_refusal_of_the_mock_has_a_documented_status() -> None:
    documented = {status for _, status, _ in responses()}
    undocumented = {reason for reason in REFUSALS if str(answer_of(reason).status) not in documented}
    assert undocumented == {"route.unknown"}  # whose path is, by its nature, not in the document
    assert "NotFound" in DOCUMENTED["components"]["responses"]


def test_every_answer_is_json_and_carries_its_context() -> None:
    for path, status, response in responses():
        assert list(response["content"]) == ["application/json"], (path, status)
        assert {CORRELATION, "Date", "Cache-Control"} <= set(response["headers"]), (path, status)


@pytest.mark.parametrize(
    ("status", "header"), [("401", "WWW-Authenticate"), ("405", "Allow"), ("429", "Retry-After"), ("503", "Retry-After")]
)
def test_refusals_document_what_they_tell_in_headers(status: str, header: str) -> None:
    described = [response for _, found, response in responses() if found == status]
    assert described
    assert all(header in response["headers"] for response in described)


def test_oauth_errors_of_the_mock_are_in_the_schema() -> None:
    known = {answer_of(reason).code for reason in REFUSALS if is_oauth(reason)}
    assert known == set(SCHEMAS["OAuthError"]["properties"]["error"]["enum"])


def test_examples_are_valid_against_their_schemas() -> None:
    checked = 0
    for media in (node for node in nodes() if "schema" in node and "examples" in node):
        schema = {**media["schema"], "components": {"schemas": SCHEMAS}}
        for example in media["examples"].values():
            jsonschema.validate(example["value"], schema, jsonschema.Draft202012Validator)
            checked += 1
    assert checked > len(ROUTES)


def test_every_scope_asked_for_is_declared() -> None:
    schemes = DOCUMENTED["components"]["securitySchemes"]
    declared = schemes["platformOAuth"]["flows"]["clientCredentials"]["scopes"]
    for operation in operations().values():
        for requirement in operation["security"]:
            assert set(requirement) <= set(schemes)
            assert set(requirement.get("platformOAuth", ())) <= set(declared)


@pytest.mark.parametrize("name", REQUESTS)
def test_unknown_properties_of_a_request_are_ignored(name: str) -> None:
    schema = SCHEMAS[name]
    example: dict[str, Any] = {"grant_type": "client_credentials", "webChatSessionId": "s", "text": "t"}
    assert "additionalProperties" not in schema
    assert is_valid(name, example | {"nobody": {"knows": ["this"]}})


def test_a_created_session_tells_its_id_and_nothing_more() -> None:
    assert is_valid("CreateSessionResponse", {"webChatSessionId": "s"})
    assert not is_valid("CreateSessionResponse", {"webChatSessionId": "s", "expires": 300})


@pytest.mark.parametrize("body", [None, {}, {"guest": {"name": "", "email": ""}}, {"guest": {"name": "n" * 254, "email": "e"}}])
def test_bodies_a_session_is_created_from(body: object) -> None:
    assert is_valid("CreateSessionRequest", body)


@pytest.mark.parametrize(
    "body",
    [
        [],
        "",
        0,
        {"guest": None},
        {"guest": {"name": "n"}},
        {"guest": {"name": "n", "email": 1}},
        {"guest": {"name": "n" * 255, "email": "e"}},
        {"guest": {"name": "n", "email": "a\0b"}},
    ],
)
def test_bodies_no_session_is_created_from(body: object) -> None:
    assert not is_valid("CreateSessionRequest", body)


@pytest.mark.parametrize("text", ["a", "\n", "{{name}}", "\U0001f98b" * 4000])
def test_texts_that_may_be_sent(text: str) -> None:
    assert is_valid("SendMessageRequest", {"webChatSessionId": "prev-session-uuid", "text": text})


@pytest.mark.parametrize("text", ["", "\0", "a\0\n", "a" * 4001, None, 1, ["a"]])
def test_texts_that_may_not_be_sent(text: object) -> None:
    assert not is_valid("SendMessageRequest", {"webChatSessionId": "prev-session-uuid", "text": text})


def test_the_bound_that_a_policy_sets_is_marked() -> None:
    assert SCHEMAS["SendMessageRequest"]["properties"]["text"]["x-dayfly-policy"] == "max_text"


@given(st.text(st.one_of(st.sampled_from("\0\n\r\u2028a"), st.characters(codec="utf-8"))))
def test_nul_is_refused_by_every_dialect_of_patterns(text: str) -> None:
    pattern = SCHEMAS["SendMessageRequest"]["properties"]["text"]["pattern"]
    assert pattern == SCHEMAS["WebChatSessionId"]["pattern"]
    python, rust = re.search(pattern, text) is not None, jsonschema_rs.is_valid({"pattern": pattern}, text)
    assert (python, rust) == ("\0" not in text,) * 2


def test_it_is_read_once_and_only_when_asked_for() -> None:
    assert openapi.document() is openapi.document()
    assert "yaml" not in vars(sys.modules["mockserver.openapi"])
