"""From a plain OpenAPI document to a declaration that is checked, served and probed."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from contracts import cli
from contracts.protocol.probe import prober
from mockserver import LiveServer
from mockserver.declared.mock import Mock
from mockserver.platform import DeclarationError, compile_platform
from mockserver.platform.guess import propose
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
    assert "guessed; confirm or delete" in capsys.readouterr().out.splitlines()[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("openapi: 3.1.0\npaths: {}\n", "nothing in it looks like a short-lived id"),
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
