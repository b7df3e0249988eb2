"""Writes a story as a Node script that uses fetch."""

from __future__ import annotations

import json
from collections.abc import Iterator

from contracts.report.exports.shell import shown
from contracts.stories.exports.parts import expected, heading, prologue, steps, words
from contracts.stories.model import CLIENT, Story
from contracts.stories.plan import BasicAuth, Change, Coded, Gap, Planned, PlannedExchange, Text, whole_policy

_END = """\
} catch (error) {
  const different = error instanceof Different;
  console.error(different ? `different: ${error.message}` : `could not be checked: ${error.message} ${error.cause ?? ''}`);
  process.exitCode = different ? 1 : 2;
} finally {
  await mock?.leave().catch(() => {});
}
"""


def render(story: Story) -> str:
    """Return the script, an ES module in ASCII. It needs only Node 18 or newer."""
    return "\n".join([*_head(story), *(f"  {line}".rstrip() for line in steps(story, _request, _change)), _END])


def _head(story: Story) -> Iterator[str]:
    yield "#!/usr/bin/env node"
    yield from (_comment(line) for line in heading(story, "node FILE"))
    yield ""
    yield prologue("prologue.mjs")
    yield f"const POLICY = {json.dumps(whole_policy(story))};"
    yield ""
    yield "let mock, answer;"
    yield "try {"
    yield "  mock = await Organization.make(POLICY);"
    yield f"  const saved = {{ {CLIENT}: mock.client }};"


def _change(number: int, plan: Planned, sent: Change) -> Iterator[str]:
    yield f"console.log({json.dumps(words(number, plan.step))});"
    asked = f"await mock.world('{sent.method}', {_text(sent.path)}, {json.dumps(sent.body)})"
    if not sent.saves:
        yield f"{asked};"
        return
    yield f"answer = {asked};"
    yield f"saved.{next(iter(sent.saves)).name} = [answer.client_id, answer.client_secret];"


def _request(number: int, plan: Planned, sent: PlannedExchange) -> Iterator[str]:
    said = words(number, plan.step)
    yield f"// {said}"
    if sent.times > 1:
        yield f"for (let i = 0; i < {sent.times}; i += 1) {{"
    indent = "  " if sent.times > 1 else ""
    parts = [json.dumps(said), json.dumps(sent.method), _text(sent.address), _headers(sent), *_body(sent)]
    yield f"{indent}answer = await call({', '.join(parts)});"
    wanted = ("undefined" if one is None else json.dumps(one) for one in expected(sent.expected))
    yield f"{indent}expect(answer, {', '.join(wanted)});"
    if sent.times > 1:
        yield "}"
    yield from (f"saved.{gap.name} = answer.document.{place.steps[-1]};" for gap, place in sent.saves.items())


def _headers(sent: PlannedExchange) -> str:
    headers = [] if sent.content_type is None else [f"'Content-Type': {json.dumps(sent.content_type)}"]
    shown_by = sent.authorization
    if isinstance(shown_by, BasicAuth):
        headers.append(f"Authorization: basic({_text(shown_by.id)}, {_text(shown_by.secret)})")
    elif shown_by is not None:
        headers.append(f"Authorization: {_text(shown_by)}")
    return f"{{ {', '.join(headers)} }}" if headers else "{}"


def _body(sent: PlannedExchange) -> list[str]:
    if sent.fill:
        return [_text(sent.body), str(sent.fill)]
    return [_text(sent.body)] if sent.body else []


def _text(text: Text) -> str:
    """Return an expression, with saved values in its gaps."""
    return " + ".join(json.dumps(piece) if isinstance(piece, str) else _value(piece) for piece in text) or "''"


def _value(gap: Gap | Coded) -> str:
    assert isinstance(gap, Gap)  # the web chat has nothing in base64url
    places = {"id": "[0]", "secret": "[1]"}
    return f"saved.{gap.name}{places.get(gap.what, '')}"


def _comment(text: str) -> str:
    return f"// {shown(text)}".rstrip()
