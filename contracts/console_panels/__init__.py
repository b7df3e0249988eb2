"""Additions of the judge and the stories to the mock's console: a refused request reproduced, a journal judged.

An extension of `mockserver.web.create_app`. Heavy modules are imported when a page first needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from mockserver.assemble import Assembly
    from mockserver.settings import Settings


def make_app(settings: Settings) -> Flask:
    """Make the mock with these additions."""
    from mockserver.web.app import create_app

    return create_app(settings=settings, extensions=(extend,))


def extend(app: Flask, assembly: Assembly, platform: str = "") -> None:
    """Add them to an application that has a console; `platform` is a declared one."""
    from contracts.console_panels import panels

    panels.add(app, assembly, platform)
