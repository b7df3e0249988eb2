"""Writes a story as a Python file: a test for pytest, and a script."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from contracts.report.exports.shell import comment
from contracts.stories.exports.parts import expected, expression, heading, prologue, steps, variable, words
from contracts.stories.model import CLIENT, AnyStory, Expected
from contracts.stories.plan import BasicAuth, Change, Gap, Planned, PlannedExchange, Text, whole_policy
from mockserver.platform.places import Place

_END = """

if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")
    main(test_story)
"""


_text = partial(expression, literal=ascii, saved=variable)


def render(story: AnyStory, url: str) -> str:
    """Return the file; it needs httpx."""
    return "\n".join([*_head(story, url), *(f"        {line}".rstrip() for line in steps(story, _request, _change))]) + _END


def _head(story: AnyStory, url: str) -> Iterator[str]:
    yield "#!/usr/bin/env python3"
    yield from (comment(line).rstrip() for line in (*heading(story, "python FILE", url), "It needs httpx: pip install httpx."))
    yield prologue("prologue.py", url)
    yield ""
    yield f"POLICY = {None if story.platform else whole_policy(story)!a}"
    yield ""
    yield ""
    yield f'def test_story(api: str = os.environ.get("DAYFLY_URL", "{url}")) -> None:'
    yield "    with Organization(api, POLICY) as mock:"
    if not story.platform:
        yield f"        id_{CLIENT}, secret_{CLIENT} = mock.client"


def _change(number: int, plan: Planned, sent: Change) -> Iterator[str]:
    yield f"print({words(number, plan.step)!a})"
    body = ", ".join(f"{name!a}: {variable(one) if isinstance(one, Gap) else ascii(one)}" for name, one in sent.body.items())
    made = "made = " if sent.saves else ""
    yield f'{made}mock.world("{sent.method}", {_text(sent.path)}, {{{body}}})'
    for gap, way in sent.saves.items():
        yield f"{variable(gap)} = made{''.join(f'[{member!a}]' for member in way)}"


def _request(number: int, plan: Planned, sent: PlannedExchange) -> Iterator[str]:
    said = words(number, plan.step)
    yield f"# {said}"
    indent = "    " if sent.times > 1 else ""
    if sent.times > 1:
        yield f"for _ in range({sent.times}):"
    yield f"{indent}answer = mock.call("
    yield f"{indent}    {said!a},"
    yield f"{indent}    {sent.method!a},"
    yield f"{indent}    {_text(sent.address)},"
    yield from (f"{indent}    {option}," for option in _options(sent))
    yield f"{indent})"
    yield f"{indent}expect(answer, {_expected(sent.expected)})"
    yield from (f"{variable(gap)} = {_found(place)}" for gap, place in sent.saves.items())


def _found(place: Place) -> str:
    """Return an expression for what an answer has at a place."""
    lens, _, inner = place.lens.partition("/")
    if place.part == "body":
        return "answer.document" + "".join(f'["{step}"]' for step in place.steps)
    if place.part == "cookie":
        return f'SimpleCookie(answer.headers["Set-Cookie"])[{place.name!a}].value'
    value = f"answer.headers[{place.name!a}]"
    if lens == "query":
        return f"parse_qs(urlsplit({value}).query)[{inner!a}][0]"
    return f'urlsplit({value}).path.strip("/").split("/")[{inner}]' if lens == "path" else value


def _options(sent: PlannedExchange) -> Iterator[str]:
    headers = [f"{name!a}: {_text(value)}" for name, value in sent.headers.items()]
    headers += [] if sent.content_type is None else [f'"Content-Type": {sent.content_type.strip(" ")!a}']
    shown_by = sent.authorization
    if isinstance(shown_by, BasicAuth):
        yield f"auth=({_text(shown_by.id)}, {_text(shown_by.secret)})"
    elif shown_by is not None:
        headers.append(f'"Authorization": {_stripped(shown_by)}')
    yield f"headers={{{', '.join(headers)}}}"
    if sent.body:
        yield f"body={_text(sent.body)}"
    if sent.fill:
        yield f"fill={sent.fill}"


def _stripped(text: Text) -> str:
    """Return a header's value without spaces at its ends, which are not transmitted."""
    return _text(tuple(piece.strip(" ") for piece in text if isinstance(piece, str)) if len(text) == 1 else text)


def _expected(answer: Expected) -> str:
    status, *others = expected(answer)
    named = zip(("code", "reason", "retry_after"), others, strict=False)
    return ", ".join([ascii(status), *(f"{name}={value!a}" for name, value in named if value is not None)])
