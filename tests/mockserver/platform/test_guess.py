"""From a plain OpenAPI document to a declaration that is checked, served and probed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from contracts import cli
from contracts.protocol.providers import prober
from mockserver import LiveServer
from mockserver.declared.mock import Mock
from mockserver.platform import DeclarationError, compile_platform
from mockserver.platform.guess import Proposal
from mockserver.platform.guess import propose as guess
from mockserver.platform.proposal import as_declaration, as_overlay
from mockserver.web.declared import create_declared_app

SHOP = """
openapi: 3.0.3
info: {title: Shop, version: "1"}
security: [{oauth: []}]
paths:
  /oauth/token:
    post:
      operationId: token
      security: []
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: {type: object, required: [grant_type], properties: {grant_type: {type: string}}}
      responses: {'200': {content: {application/json: {schema: {$ref: '#/components/schemas/Token'}}}}}
  /carts:
    post:
      responses: {'201': {content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}}}
  /carts/{cartId}/checkout:
    post:
      operationId: checkout
      parameters: [{name: cartId, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: Done.}}
components:
  securitySchemes: {oauth: {type: oauth2, flows: {}}}
  schemas:
    Token: {type: object, properties: {access_token: {type: string}, expires_in: {type: integer}}}
"""


def propose(path: str) -> str:
    return as_declaration(guess(path))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP)
    return path


def test_tokens_and_ids_that_are_handed_on_become_kinds(shop: Path) -> None:
    proposed = yaml.safe_load(propose(str(shop)))
    kinds = proposed["x-lifecycle"]["kinds"]
    assert list(kinds) == ["oauth", "cart"]
    assert kinds["oauth"]["issued"] == {"token": "$response.body#/access_token"}
    assert kinds["cart"]["issued"] == {"postCarts": "$response.body#/id"}
    assert kinds["cart"]["carried"] == {"checkout": "$request.path.cartId"}
    assert proposed["x-effects"] == {"checkout": {"by": "checkout", "delivery": "any"}}


@pytest.mark.parametrize("answered", ["id", "cartId", "cart_uuid"])
@pytest.mark.parametrize("place", ["path", "query"])
def test_a_path_parameter_may_have_the_name_of_the_resource(answered: str, place: str, shop: Path) -> None:
    told = SHOP.replace("properties: {id:", f"properties: {{{answered}:").replace(
        "{name: cartId, in: path", f"{{name: cart, in: {place}"
    )
    shop.write_text(told.replace("{cartId}", "{cart}" if place == "path" else "all"))
    kinds = yaml.safe_load(propose(str(shop)))["x-lifecycle"]["kinds"]
    if place == "query":  # `?cart=` may be anything of a cart
        assert set(kinds) == {"oauth"}
        return
    (cart,) = kinds.keys() - {"oauth"}
    assert kinds[cart]["issued"] == {"postCarts": f"$response.body#/{answered}"}
    assert kinds[cart]["carried"] == {"checkout": "$request.path.cart"}


def test_a_path_parameter_is_what_the_answer_calls_so_rather_than_its_id(shop: Path) -> None:
    told = SHOP.replace("properties: {id:", "properties: {id: {type: string}, nonce:").replace("/carts", "/nonces")
    shop.write_text(told.replace("{name: cartId,", "{name: nonce,").replace("{cartId}", "{nonce}"))
    kinds = yaml.safe_load(propose(str(shop)))["x-lifecycle"]["kinds"]
    (issued,) = (kind["issued"] for name, kind in kinds.items() if name != "oauth")
    assert list(issued.values()) == ["$response.body#/nonce"]


def test_statuses_and_lifetimes_are_those_that_the_document_tells(shop: Path) -> None:
    lasting = "{type: object, properties: {id: {type: string}, expiresIn: {type: integer, example: 90}}}"
    told = SHOP.replace("{type: object, properties: {id: {type: string}}}", lasting)
    told = told.replace("responses: {'200': {description: Done.}}", "responses: {'200': {}, '404': {}, '410': {}, '403': {}}")
    shop.write_text(told)
    kinds = yaml.safe_load(propose(str(shop)))["x-lifecycle"]["kinds"]
    assert kinds["cart"]["ttl"] == {"seconds": 90, "told": "$response.body#/expiresIn"}
    assert {causes: row["status"] for causes, row in kinds["cart"]["refused"].items()} == {
        "unknown": 404,
        "ended, expired": 410,
    }
    assert kinds["oauth"]["ttl"] == {"seconds": 3600, "told": "$response.body#/expires_in"}
    assert {row["status"] for row in kinds["oauth"]["refused"].values()} == {403}


@pytest.mark.parametrize(
    ("told", "ttl"),
    [
        ("{type: string, example: 5m}", 300),
        ("{type: object}", 300),
        ("true", 300),
        ("{type: integer, example: 1700000000}", 300),
        ("{type: integer, example: 9999999999999999999999}", 300),
        ("{type: [integer, 'null'], example: 90}", {"seconds": 90, "told": "$response.body#/ttl"}),
        ("{type: number, example: 0.00001}", {"seconds": 300, "told": "$response.body#/ttl"}),
        ("{type: number, example: soon}", {"seconds": 300, "told": "$response.body#/ttl"}),
    ],
)
def test_a_lifetime_is_a_number_of_seconds(told: str, ttl: object, shop: Path) -> None:
    cart = "{type: object, properties: {id: {type: string}}}"
    parts = f"{{allOf: [{{properties: {{id: {{type: string}}}}}}, {{properties: {{ttl: {told}}}}}]}}"
    shop.write_text(SHOP.replace(cart, parts))
    assert yaml.safe_load(propose(str(shop)))["x-lifecycle"]["kinds"]["cart"]["ttl"] == ttl


@pytest.mark.parametrize("told", ["schema: {properties: null, allOf: null}", "schema: {properties: [id]}", "schema: null"])
def test_a_schema_that_is_none_gives_no_names(told: str, shop: Path) -> None:
    shop.write_text(SHOP.replace("schema: {type: object, properties: {id: {type: string}}}", told))
    assert set(yaml.safe_load(propose(str(shop)))["x-lifecycle"]["kinds"]) == {"oauth"}


def test_what_is_proposed_can_be_served_and_does_what_it_says(shop: Path) -> None:
    declared = shop.with_name("declared.yaml")
    declared.write_text(propose(str(shop)))
    platform = compile_platform(declared)
    with LiveServer(create_declared_app(Mock(platform))) as live, prober(platform, live.url) as asking:
        checks = list(asking.checks())
    assert {check.status for check in checks} == {"held"}
    assert len(checks) == 7


def test_the_command_writes_it_and_says_that_it_is_guessed(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["platform", "new", "--from", str(shop)]) == 0
    assert "guessed; confirm or delete" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("openapi: 3.1.0\npaths: {}\n", "nothing in it looks like a short-lived id: .* no id, such as cartId"),
        ("openapi: 3.1.0\n", "an OpenAPI document has its operations there"),
        ("x-lifecycle: {}\npaths: {}\n", "has x-lifecycle already"),
        ("- 1\n", "is not a mapping"),
        ("a: [\n", "is not YAML"),
    ],
)
def test_a_document_that_says_too_little_is_refused_with_the_reason(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "poor.yaml"
    path.write_text(text)
    with pytest.raises(DeclarationError, match=problem):
        propose(str(path))


ODD = """
openapi: 3.0.0
info: {title: Everything at once, version: "1"}
servers: [{url: /api/}]
security: [{key: []}, {oauth: [read], key: []}]
paths:
  /nodes/{node-id}:
    parameters: [{$ref: '#/components/parameters/Node'}]
    put: {requestBody: {$ref: '#/components/requestBodies/Node'}, responses: {default: {$ref: '#/components/responses/Node'}}}
  /nodes/{other}:
    put: {operationId: again, responses: {'200': {description: Invalid but found in the wild.}}}
    get: {operationId: allowed, security: [{}], responses: {2XX: {description: Another method.}}}
  /nodes:
    post:
      responses:
        '201':
          description: A node.
          content:
            application/xml: {schema: {type: string}}
            application/json;charset=utf-8: {schema: {allOf: [{$ref: '#/components/schemas/Node'}]}}
  /twice/{a}/{a}:
    get: {operationId: twice, responses: {'200': {description: Invalid too.}}}
  /sessions:
    post:
      operationId: begin
      responses:
        '200': {description: A list., content: {application/json: {example: [1], schema: {properties: {session: {}}}}}}
  /sessions/{session}:
    get: {operationId: look, parameters: [{name: session, in: path}], responses: {'200': {description: It.}}}
components:
  securitySchemes:
    key: {type: apiKey, in: query, name: api-key}
    oauth: {type: oauth2, flows: {}}
    basic: {type: http, scheme: basic}
  parameters: {Node: {name: node-id, in: path, required: true, schema: {type: string}}}
  requestBodies: {Node: {content: {application/json: {schema: {$ref: '#/components/schemas/Node'}}}}}
  responses: {Node: {description: x, headers: {X-Left: {schema: {type: integer}}}}}
  schemas:
    Node:
      type: object
      required: [id]
      properties:
        id: {type: string, pattern: '^[\\p{L}\\d-]+$'}
        size: {type: integer, minimum: 0, exclusiveMinimum: true}
        up: {nullable: true, allOf: [{$ref: '#/components/schemas/Node'}]}
        down: {type: array, items: {$ref: '#/components/schemas/Node'}}
"""


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    path = tmp_path / "odd.yaml"
    path.write_text(ODD)
    return path


@pytest.mark.parametrize("form", [as_declaration, as_overlay])
def test_a_document_as_found_in_the_wild_gives_a_proposal_that_is_accepted(odd: Path, form: Callable[[Proposal], str]) -> None:
    """It has recursive schemas, alternatives of security, a base path, odd parameters, and what OpenAPI does not allow."""
    proposed = form(guess(str(odd)))
    declared = odd.with_name("declared.yaml")
    declared.write_text(proposed.replace(str(odd), odd.name))
    platform = compile_platform(declared)
    assert {name: kind.renewed_by for name, kind in platform.kinds.items()} == {"key": (), "node": ("postNodes",)}
    assert platform.kinds["key"].places["postNodes"][0].part == "query"
    assert "allowed" not in platform.kinds["key"].carried
    assert platform.operations["putNodesByNodeId"].routes == (("PUT", "/api/nodes/{node-id}"),)
    assert "# Left out: /nodes/{other}: the path /api/nodes/{node-id} takes the same requests" in proposed
    assert "# Left out: /twice/{a}/{a}: the parameter 'a' stands in it twice" in proposed
    assert "# postNodes answers it, and putNodesByNodeId asks for it" in proposed
    assert "ttl: 300  # guessed" in proposed
    with LiveServer(create_declared_app(Mock(platform))) as live, prober(platform, f"{live.url}/api") as asking:
        assert {check.status for check in asking.checks()} == {"held"}


def test_the_command_proposes_an_overlay(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["platform", "new", "--overlay", "--from", str(shop)]) == 0
    overlay = yaml.safe_load(capsys.readouterr().out)
    assert overlay["extends"] == str(shop)
    assert [action["target"] for action in overlay["actions"]] == ["$.paths['/carts'].post", "$"]


def test_a_swagger_document_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text('{"swagger": "2.0", "paths": {}}')
    with pytest.raises(DeclarationError, match=r"is Swagger 2\.0; convert it to OpenAPI 3 first"):
        guess(str(path))
