"""An explanation as JSON, or as text on request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import flask
from flask import Response
from msgspec import Meta, Struct

from mockserver.web.admin.answers import answer
from mockserver.web.admin.reading import query

if TYPE_CHECKING:
    from mockserver.explain import Explanation


class Form(Struct, frozen=True, forbid_unknown_fields=True):
    """The format of an explanation; `width` is in columns."""

    format: Literal["json", "text"] | None = None
    width: Annotated[int, Meta(ge=40, le=400)] = 80


def explained(explanation: Explanation) -> Response:
    """Return the explanation as a response. Without ``format`` the Accept header decides."""
    form = query(Form)
    accepted = flask.request.accept_mimetypes
    asked = form.format or ("text" if accepted["text/plain"] > accepted["application/json"] else "json")
    if asked == "json":
        return answer(explanation)
    return Response(explanation.to_text(form.width), mimetype="text/plain")
