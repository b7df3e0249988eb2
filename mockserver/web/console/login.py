"""Signing in with the control API's token, and signing out."""

from __future__ import annotations

import flask
from flask import Blueprint
from werkzeug.wrappers import Response

from mockserver.web.admin.tries import TooManyTries
from mockserver.web.console.auth import Keeper
from mockserver.web.console.pages import back, page

WHY = {
    "expired": "You are no longer signed in: your visit has expired, or the server has a new token.",
    "wrong": "That is not this server's token.",
    "busy": "Too many wrong tokens came from your address. Try again in a few seconds.",
    "out": "You are signed out.",
}


def add(blueprint: Blueprint, keeper: Keeper) -> None:
    @blueprint.get("/login")
    def login() -> Response:
        overview = flask.url_for("console.overview")
        if not keeper.token or keeper.visitor() is not None:
            return flask.redirect(back(overview), 303)
        return page("login.html", why=WHY.get(flask.request.args.get("why", "")), wrong=False, back=back(""))

    @blueprint.post("/login")
    def sign_in() -> Response:
        if not keeper.token:
            return flask.redirect(flask.url_for("console.overview"), 303)
        try:
            fits = keeper.fits(flask.request.form.get("token", ""))
        except TooManyTries as problem:
            busy = page("login.html", 429, why=WHY["busy"], wrong=True, back=back(""))
            busy.headers["Retry-After"] = str(problem.retry_after)
            return busy
        if not fits:
            return page("login.html", 401, why=WHY["wrong"], wrong=True, back=back(""))
        response = flask.redirect(back(flask.url_for("console.overview")), 303)
        keeper.sign_in(response)
        return response

    @blueprint.post("/logout")
    def logout() -> Response:
        response = flask.redirect(flask.url_for("console.login", why="out"), 303)
        keeper.sign_out(response)
        return response
