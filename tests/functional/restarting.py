"""Restarts a server as an operator's script would: `python -m tests.functional.restarting PIDFILE OPTIONS OF dayfly serve`.

It kills the one whose process the file names, starts another, and ends once that is ready; the file names that one then.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.functional.serving import SERVE


def restart(file: Path, options: list[str]) -> int:
    """Restart the server. Return the exit status, 1 if the new server does not start."""
    os.killpg(int(file.read_text()), signal.SIGKILL)
    started = subprocess.Popen([*SERVE, "--json", *options], stdout=subprocess.PIPE, start_new_session=True)
    file.write_text(str(started.pid))
    assert started.stdout is not None
    return 0 if started.stdout.readline() else 1


if __name__ == "__main__":
    sys.exit(restart(Path(sys.argv[1]), sys.argv[2:]))
