"""Serves the application of `tests.mockserver.web.answers` as the mock is served; with ``--stuck`` it never gets that far."""

from __future__ import annotations

import json
import sys
import threading
from typing import TYPE_CHECKING

from mockserver.serve import run
from mockserver.settings import Settings
from tests.mockserver.web.answers import answer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

COMMAND = (sys.executable, "-m", "tests.functional.answering")


def make_app(settings: Settings) -> WSGIApplication:
    if "--stuck" in sys.argv:
        print("{}", flush=True)
        threading.Event().wait()
    return answer


if __name__ == "__main__":
    sys.exit(run(Settings(), lambda serving: print(json.dumps(serving._asdict()), flush=True), port=0, make_app=make_app))
