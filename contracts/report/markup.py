"""HTML that cannot be injected into: text inside an element is always escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeAlias

from contracts.report.cells import clean, coded

VOID = frozenset({"meta", "path", "line"})
"""Elements without content or end tag."""


class Markup(str):
    """A piece of trusted HTML."""

    __slots__ = ()


Content: TypeAlias = "str | Markup | Iterable[Content] | None"
"""The content of an element: text, elements, nothing, or several of these."""


def element(tag: str, /, *content: Content, **attributes: str | bool | None) -> Markup:
    """Return an element. An attribute that is True stands without a value; one that is False or None is left out.

    `class_` and `for_` become `class` and `for`, and underscores become hyphens.
    """
    shown = "".join(_attribute(key, value) for key, value in attributes.items())
    start = f"<{tag}{shown}>"
    return Markup(start if tag in VOID else f"{start}{inside(content)}</{tag}>")


def prose(text: str) -> Content:
    """Render a sentence, with `names` in backticks as code. Backticks within a quoted value are part of the value."""
    return [element("code", piece) if is_code else piece for is_code, piece in coded(text)]


def inside(content: Content) -> Markup:
    """Return content as HTML. In text, invisible and direction-changing characters are escaped, as everywhere in reports."""
    match content:
        case None:
            return Markup("")
        case Markup():
            return content
        case str():
            return Markup(escape("\n".join(clean(line) for line in content.split("\n"))))
        case _:
            return Markup("".join(map(inside, content)))


def _attribute(name: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    shown = name.rstrip("_").replace("_", "-")
    return f" {shown}" if value is True else f' {shown}="{escape(clean(str(value)))}"'
