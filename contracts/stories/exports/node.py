"""Writes a story as a Node script that uses fetch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial

from contracts.report.cells import clean
from contracts.stories.exports.parts import expected, expression, heading, prologue, steps, variable, words
from contracts.stories.model import CLIENT, AnyStory
from contracts.stories.plan import BasicAuth, Change, Gap, Planned, PlannedExchange, whole_policy
from mockserver.platform.places import Place

_END = """\
} catch (error) {
  const different = error instanceof Different;
  console.error(different ? `different: ${error.message}` : `could not be checked: ${error.message} ${error.cause ?? ''}`);
  process.exitCode = different ? 1 : 2;
} finally {
  await mock?.leave().catch(() => {});
}
"""


def _saved(gap: Gap) -> str:
    return f"saved.{variable(gap)}"


_text = partial(expression, literal=json.dumps, saved=_saved)


def render(story: AnyStory, url: str) -> str:
    """Return the script, an ES module. It needs only Node 18 or newer."""
    return "\n".join([*_head(story, url), *(f"  {line}".rstrip() for line in steps(story, _request, _change)), _END])


def _head(story: AnyStory, url: str) -> Iterator[str]:
    yield "#!/usr/bin/env node"
    yield from (f"// {clean(line)}".rstrip() for line in heading(story, "node FILE", url))
    yield ""
    yield prologue("prologue.mjs", url)
    yield f"const POLICY = {'undefined' if story.platform else json.dumps(whole_policy(story))};"
    yield ""
    yield "let mock, made, answer;"
    yield "const saved = {};"
    yield "try {"
    yield "  mock = await Organization.make(POLICY);"
    if not story.platform:
        yield f"  [saved.id_{CLIENT}, saved.secret_{CLIENT}] = mock.client;"


def _change(number: int, plan: Planned, sent: Change) -> Iterator[str]:
    yield f"console.log({json.dumps(words(number, plan.step))});"
    body = ", ".join(
        f"{json.dumps(name)}: {_saved(one) if isinstance(one, Gap) else json.dumps(one)}" for name, one in sent.body.items()
    )
    yield f"made = await mock.world('{sent.method}', {_text(sent.path)}, {{ {body} }});"
    for gap, way in sent.saves.items():
        yield f"{_saved(gap)} = made{''.join(f'[{json.dumps(member)}]' for member in way)};"


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
    yield from (f"{_saved(gap)} = {_found(place)};" for gap, place in sent.saves.items())


def _found(place: Place) -> str:
    """Return an expression for what an answer has at a place."""
    lens, _, inner = place.lens.partition("/")
    if place.part == "body":
        return "answer.document" + "".join(f"?.[{json.dumps(step)}]" for step in place.steps)
    if place.part == "cookie":
        return f"cookie(answer, {json.dumps(place.name)})"
    value = f"answer.headers.get({json.dumps(place.name)})"
    if lens == "query":
        return f"new URL({value}, API).searchParams.get({json.dumps(inner)})"
    return f"new URL({value}, API).pathname.split('/')[{int(inner) + 1}]" if lens == "path" else value


def _headers(sent: PlannedExchange) -> str:
    headers = [f"{json.dumps(name)}: {_text(value)}" for name, value in sent.headers.items()]
    headers += [] if sent.content_type is None else [f"'Content-Type': {json.dumps(sent.content_type)}"]
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
