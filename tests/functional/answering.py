"""Serves the application of `tests.mockserver.web.answers` the way the mock is served."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from mockserver.serve import run
from mockserver.settings import Settings
from tests.mockserver.web.answers import answer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

COMMAND = (sys.executable, "-m", "tests.functional.answering")


def make_app(settings: Settings) -> WSGIApplication:
    return answer


if __name__ == "__main__":
    sys.exit(run(Settings(), lambda serving: print(json.dumps(serving._asdict()), flush=True), port=0, make_app=make_app))
