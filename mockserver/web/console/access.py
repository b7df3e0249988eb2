"""An organisation's credentials, its OAuth clients with their scopes, and its tokens."""

from __future__ import annotations

import flask
from flask import Blueprint
from werkzeug.wrappers import Response

from mockserver.engine.model import WRITE_SCOPE
from mockserver.web.console.extension import Console
from mockserver.web.console.layout import frame, organization_page
from mockserver.web.console.pages import done

PAGE = 100
"""Tokens on a page."""


def add(blueprint: Blueprint, console: Console) -> None:
    @blueprint.get("/organizations/<id>/access")
    def access(id: str) -> Response:
        tenant = console.control.tenant(id)
        around = frame(console, tenant, "access")
        tokens = tenant.tokens.list(PAGE + 1, flask.request.args.get("after", ""))
        return organization_page(
            console,
            tenant,
            "access",
            "access.html",
            frame=around,
            clients=tenant.clients.list(),
            tokens=tokens[:PAGE],
            next=tokens[PAGE - 1].token if len(tokens) > PAGE else None,
            client_id=tenant.client_id,
            client_secret=tenant.client_secret,
            rejecting=tenant.rejects_tokens,
            usual=WRITE_SCOPE,
        )

    @blueprint.post("/organizations/<id>/scopes/<act>")
    def change_scope(id: str, act: str) -> Response:
        clients, form = console.control.tenant(id).clients, flask.request.form
        change = {"give": clients.grant_scope, "take": clients.revoke_scope}.get(act) or flask.abort(404)
        change(form.get("scope", "").strip(), form.get("client_id") or None)
        return done(act, flask.url_for("console.access", id=id))

    @blueprint.post("/organizations/<id>/tokens/<act>")
    def end_tokens(id: str, act: str) -> Response:
        tokens = console.control.tenant(id).tokens
        end = {"expire": tokens.expire, "revoke": tokens.revoke}.get(act) or flask.abort(404)
        end(flask.request.form.get("token") or None)
        return done(f"token-{act}", flask.url_for("console.access", id=id))

    @blueprint.post("/organizations/<id>/tokens/reject")
    def reject_tokens(id: str) -> Response:
        console.control.tenant(id).reject_tokens(True)
        return done("reject", flask.url_for("console.access", id=id))

    @blueprint.post("/organizations/<id>/tokens/accept")
    def accept_tokens(id: str) -> Response:
        console.control.tenant(id).reject_tokens(False)
        return done("accept", flask.url_for("console.access", id=id))
