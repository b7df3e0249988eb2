"""An explanation as JSON, or as text for whoever asks for that."""

from __future__ import annotations

from typing import Annotated, Literal

import flask
from flask import Response
from msgspec import Meta, Struct

from mockserver.explain import Explanation
from mockserver.web.admin.answers import answer
from mockserver.web.admin.reading import query


class Form(Struct, frozen=True, forbid_unknown_fields=True):
    """How an explanation is wanted; `width` is in columns."""

    format: Literal["json", "text"] | None = None
    width: Annotated[int, Meta(ge=40, le=400)] = 80


def explained(explanation: Explanation) -> Response:
    """The answer; without ``format`` the Accept header decides."""
    form = query(Form)
    accepted = flask.request.accept_mimetypes
    asked = form.format or ("text" if accepted["text/plain"] > accepted["application/json"] else "json")
    if asked == "json":
        return answer(explanation)
    return Response(explanation.to_text(form.width), mimetype="text/plain")
