"""A real Valkey (or Redis) server for tests: on a socket of its own, so that no two of them can want the same port."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

READY = b"eady to accept connections"  # each version words the rest in its own way


class Server:
    """A server that listens at `url` while it runs. With `append_only` its data survive `kill`.

    `options` are further settings: ``{"maxmemory": "10mb"}``.
    """

    def __init__(self, program: str, *, append_only: bool = False, options: dict[str, str] | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="valkey-"))  # a socket's path must be short
        self.socket = self.folder / "socket"
        self.url = f"unix://{self.socket}"
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "dir": str(self.folder),
            "save": "",
            "appendonly": "yes" if append_only else "no",
            "appendfsync": "always",
            **(options or {}),
        }
        self._command = [program, *(part for name, value in settings.items() for part in (f"--{name}", value))]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when the server serves."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert self._process.stdout is not None
        said = []
        for line in self._process.stdout:
            said.append(line)
            if READY in line:
                break
        else:
            raise RuntimeError(b"".join(said).decode(errors="replace"))
        self._process.stdout.close()  # not read any more, and a full pipe would block the server

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """Ends it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.kill()
        shutil.rmtree(self.folder)
