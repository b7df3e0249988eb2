"""Calls of the control API as functions: what the path, the body or the query says are the arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from flask import Blueprint, Response

from mockserver.control import Control
from mockserver.web.admin.answers import answer
from mockserver.web.admin.reading import body, query

View = TypeVar("View", bound=Callable[..., Any])

EMPTY: dict[str, Any] = {}
"""The default of an object."""


class Calls:
    """Adds calls to a blueprint.

    A view gets the organisation that its path names, and then the rest of the path. Its keyword-only parameters come from the
    JSON body, those of a GET from the query; `**` takes any object. What it returns is answered as JSON, and None as a 204.
    With `typed`, a body must have JSON's media type.
    """

    def __init__(self, blueprint: Blueprint, control: Control, *, typed: bool = True) -> None:
        self.blueprint, self._control, self._typed = blueprint, control, typed

    def add(self, method: str, rule: str, status: int = 200) -> Callable[[View], View]:
        """Return a decorator that adds a view, which answers with `status`."""

        def add(view: View) -> View:
            read = self._reader(view, method)

            def call(**path: str) -> Response:
                given = read()
                own = [self._control.tenant(path.pop("id"))] if rule.startswith("/organizations/<id>") else []
                found = view(*own, **path, **given)
                if isinstance(found, Response):
                    return found
                return Response(status=204) if found is None else answer(found, status)

            self.blueprint.add_url_rule(rule, view.__name__, call, methods=[method])
            return view

        return add

    def _reader(self, view: Callable[..., Any], method: str) -> Callable[[], dict[str, Any]]:
        """Return what reads a view's keyword-only parameters. A call without any takes an empty body."""
        told = inspect.signature(view, eval_str=True).parameters.values()
        if any(one.kind is one.VAR_KEYWORD for one in told):
            return lambda: body(dict[str, Any], required=True, typed=self._typed)
        keywords = [one for one in told if one.kind is one.KEYWORD_ONLY]
        fields = [(one.name, one.annotation, *([] if one.default is one.empty else [one.default])) for one in keywords]
        kind = msgspec.defstruct("Given", fields, frozen=True, forbid_unknown_fields=True)
        if method != "GET":
            return lambda: msgspec.structs.asdict(body(kind, typed=self._typed))
        return (lambda: msgspec.structs.asdict(query(kind))) if fields else dict
