"""Builds the clients of the gallery that are compiled. ``python -m tests.gallery.built`` builds all, and needs no package."""

from __future__ import annotations

import re
import shlex
import shutil
from hashlib import sha256
from pathlib import Path

from tests.functional.sdk.installed import installed

CLIENTS = Path(__file__).parents[2] / "fixtures" / "clients"
TOOLCHAINS = {".go": "go", ".java": "javac", ".rs": "cargo"}


def command(source: Path, toolchain: str) -> str:
    """Build a client as the comment at its beginning says, outside of the tree. Return the command that starts it."""
    *build, verify = re.findall(r"^//!?(?: {5}|\t)(.+)", source.read_text("utf-8"), re.MULTILINE)
    files = sorted([source.with_name("Cargo.toml"), *source.parent.glob("*.rs")]) if source.suffix == ".rs" else [source]
    digest = sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    script = f"cp {shlex.join(map(str, files))} . && {' && '.join(build)}"
    folder = installed(f"client{source.suffix}@{digest}", lambda made: ["sh", "-c", _inside(made, script)], toolchain)
    *_, start = shlex.split(verify)
    return shlex.join(["sh", "-c", _inside(folder, f"exec {start}")])


def _inside(folder: Path, script: str) -> str:
    return f"cd {shlex.quote(str(folder))} && {script}"


def main() -> None:
    """Build all clients whose toolchain is there."""
    for suffix, toolchain in TOOLCHAINS.items():
        for source in sorted(CLIENTS.glob(f"*{suffix}")) if shutil.which(toolchain) else ():
            command(source, toolchain)


if __name__ == "__main__":
    main()
