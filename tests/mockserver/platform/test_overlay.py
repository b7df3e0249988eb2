"""An overlay leaves the document that it extends as it is, and makes a platform of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts import cli
from mockserver import LiveServer
from mockserver.declared.mock import Mock
from mockserver.platform import DeclarationError, compile_platform
from mockserver.platform.overlay import read
from mockserver.web.declared import create_declared_app

UPLOADS = """\
openapi: 3.0.3
info: {title: Upload links, version: "2"}
servers: [{url: 'https://{where}.example.com/{version}', variables: {where: {default: api}, version: {default: v2}}}]
tags: [{name: one}, {name: two}, {name: three}]
paths:
  /uploads:
    post:
      operationId: createUpload
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Folder'}}}}
      responses:
        '201': {description: A link., headers: {Location: {schema: {type: string}}}}
  /uploads/{upload-id}:
    put:
      operationId: upload
      responses: {'204': {description: Stored.}}
  /internal:
    get: {operationId: internal, responses: {'200': {description: Nobody's business.}}}
components:
  schemas:
    Folder:
      type: object
      properties: {name: {type: string, nullable: true}, inside: {$ref: '#/components/schemas/Folder'}}
"""

LINKS = """\
overlay: 1.0.0
info: {title: The upload links, version: "1"}
extends: uploads.yaml
actions:
  - target: $.paths['/internal']
    remove: true
  - target: $.paths['/uploads'].post.responses['201'].headers.Location
    update: {example: '{$server}/v2/uploads/{$issued.link}'}
  - target: $
    update:
      components: {examples: {error: {value: {error: '{$answer.code}', message: '{$answer.message}'}}}}
      x-lifecycle:
        order: [link, body]
        kinds:
          link:
            noun: upload link
            issued: {createUpload: $response.header.Location#path/2}
            carried: {upload: $request.path.upload-id}
            uses: 1
            refused:
              unknown, ended, spent: {status: 410, code: link_gone, message: This link is gone.}
        refused:
          route: &none {status: 404, code: none, message: none}
          method: {<<: *none, status: 405}
          media: {<<: *none, status: 415}
          size: {<<: *none, status: 413}
          json: {<<: *none, status: 400}
          body: {<<: *none, status: 400}
      x-effects: {store: {by: upload, delivery: any}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "uploads.yaml").write_text(UPLOADS)
    (tmp_path / "links.yaml").write_text(LINKS)
    return tmp_path


def overlaid(folder: Path, actions: str) -> Any:
    path = folder / "other.yaml"
    path.write_text(f"overlay: 1.0.0\ninfo: {{title: x, version: '1'}}\nextends: uploads.yaml\nactions:\n{actions}")
    return read(path).document


def test_the_document_is_left_as_it_is_and_the_platform_is_both(folder: Path) -> None:
    platform = compile_platform(folder / "links.yaml")
    assert (folder / "uploads.yaml").read_text() == UPLOADS
    assert list(platform.operations) == ["createUpload", "upload"]
    assert platform.operations["upload"].routes == (("PUT", "/v2/uploads/{upload-id}"),)


def test_it_is_served_below_the_base_path_and_bodies_may_be_recursive(folder: Path) -> None:
    app = create_declared_app(Mock(compile_platform(folder / "links.yaml")))
    with LiveServer(app) as live, httpx.Client(base_url=f"{live.url}/v2") as http:
        made = http.post("/uploads", json={"name": None, "inside": {"name": "a", "inside": {}}})
        assert [http.put(made.headers["Location"]).status_code for _ in range(2)] == [204, 410]
        assert http.post("/uploads", json={"inside": {"inside": {"name": 7}}}).status_code == 400
        assert httpx.put(f"{live.url}/uploads/x").status_code == 404


@pytest.mark.parametrize("below", ["", "/", "/v2", "/v2/"])
def test_it_is_probed_at_its_url_with_or_without_the_base_path(folder: Path, below: str) -> None:
    with LiveServer(create_declared_app(Mock(compile_platform(folder / "links.yaml")))) as live:
        assert cli.run(["probe", "--platform", str(folder / "links.yaml"), f"{live.url}{below}"]) == 0


def test_a_recording_is_judged_by_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    upload = {"method": "PUT", "url": "https://api.example.com/v2/uploads/one", "headers": []}
    gone = {"status": 410, "headers": [], "content": {"text": json.dumps({"error": "link_gone"})}}
    entries = [{"startedDateTime": f"2026-01-01T00:00:0{n}Z", "time": 10, "request": upload, "response": gone} for n in (1, 2)]
    (folder / "a.har").write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}))
    assert cli.run(["check", "--platform", str(folder / "links.yaml"), str(folder / "a.har")]) == 1
    assert "error[R1/link]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("action", "place", "expected"),
    [
        ("{target: $.tags, update: {name: four}}", "tags", [{"name": one} for one in ("one", "two", "three", "four")]),
        ("{target: $, update: {tags: [{name: four}]}}", "tags", [{"name": one} for one in ("one", "two", "three", "four")]),
        ("{target: \"$.tags[?@.name != 'two']\", remove: true}", "tags", [{"name": "two"}]),
        (
            "{target: $.info, update: {title: Links, x-by: {me: 1}}}",
            "info",
            {"title": "Links", "version": "2", "x-by": {"me": 1}},
        ),
        ("{target: $.nothing, remove: true}", "tags", [{"name": one} for one in ("one", "two", "three")]),
        ("{target: '$.tags[*]', update: {x: 1}}", "tags", [{"name": one, "x": 1} for one in ("one", "two", "three")]),
        ("{target: $.tags, update: {name: four}, remove: false, x-why: told}", "openapi", "3.0.3"),
    ],
)
def test_an_action_does_what_the_specification_says(folder: Path, action: str, place: str, expected: Any) -> None:
    assert overlaid(folder, f"  - {action}\n")[place] == expected


def test_actions_are_applied_one_after_the_other(folder: Path) -> None:
    document = overlaid(folder, "  - {target: $.tags, remove: true}\n  - {target: $, update: {tags: []}}\n")
    assert document["tags"] == []


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("createUpload:", "createUplod:", 17, "there is no operation 'createUplod'; did you mean 'createUpload'?"),
        ("uses: 1", "use: 1", 19, "did you mean 'uses'?"),
        (".headers.", ".header.", 7, "selects nothing: there is no 'header'; did you mean 'headers'?"),
        ("['/uploads']", "['/upload']", 7, "there is no '/upload'; did you mean '/uploads'?"),
        ("$.paths['/uploads']", "$.paths[/uploads']", 7, "is not a JSONPath"),
        ("update: {example: ", "updat: {example: ", 8, "did you mean 'update'?"),
        ("{example: '{$server}/v2/uploads/{$issued.link}'}", "none", 8, "`update` has to be one too"),
        (".headers.Location", ".description", 8, "neither an object nor a list"),
        ("components: {examples", "info: [1]\n      components: {examples", 11, "is of another type"),
        ("target: $.paths['/internal']", "target: $", 5, "the whole document cannot be removed"),
        ("extends: uploads", "extends: upload", 3, "there is no file 'upload.yaml'; did you mean 'uploads.yaml'?"),
        ("extends: ", "extends: https://example.com/", 3, "is not a file; download the document"),
        ("extends: uploads", "extends: links", 3, "is an overlay too"),
        ("overlay: 1.0.0", "overlay: 1.1.0", 1, "it must be the version 1.0.0"),
    ],
)
def test_a_mistake_is_told_with_the_line_in_the_overlay(folder: Path, old: str, new: str, line: int, problem: str) -> None:
    path = folder / "links.yaml"
    path.write_text(
        LINKS.replace(old, new, 1).replace("      info: [1], components: {", "      info: [1]\n      components: {")
    )
    with pytest.raises(DeclarationError) as caught:
        compile_platform(path)
    assert problem in caught.value.problem
    assert (caught.value.source, caught.value.line) == (str(path), line)


def test_a_mistake_of_the_document_is_told_with_the_line_there(folder: Path) -> None:
    (folder / "uploads.yaml").write_text(UPLOADS.replace("/Folder'}}\n", "/Folders'}}\n"))
    with pytest.raises(DeclarationError, match=r"uploads\.yaml:22: .*did you mean 'Folder'"):
        compile_platform(folder / "links.yaml")


@pytest.mark.parametrize(
    ("form", "status"), [("n=1&b=true&l=x", 201), ("n=one", 400), ("b=True", 400), ("n=1.5", 400), ("s=1", 201)]
)
def test_the_fields_of_a_form_are_read_as_their_schema_wants_them(folder: Path, form: str, status: int) -> None:
    fields = "n: {type: integer}, b: {type: boolean}, l: {type: array, items: {type: string}}, s: {type: string}"
    content = f"application/x-www-form-urlencoded: {{schema: {{properties: {{{fields}}}}}}}"
    text = UPLOADS.replace("application/json: {schema: {$ref: '#/components/schemas/Folder'}}", content)
    (folder / "uploads.yaml").write_text(text)
    app = create_declared_app(Mock(compile_platform(folder / "links.yaml")))
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    with LiveServer(app) as live:
        assert httpx.post(f"{live.url}/v2/uploads", content=form, headers=kind).status_code == status
