"""The clients of the gallery: those that are shipped, and those of `tests/gallery/clients`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "fixtures" / "gallery.toml"
OWN = Path(__file__).parent
"""The folder with the lists of the clients that are not shipped."""

FOLDERS = ("fixtures/clients/", "tests/gallery/clients/")

Room = Literal["correct", "culprit", "exhibit"]


class Piece(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A client, how it is driven, and the clauses it must break, or may break along with them."""

    room: Room
    client: str = ""
    command: str = ""
    one_shot: bool = False
    socket: bool = False
    needs: str = ""
    patience: float | None = None
    shipped: bool = False
    breaks: tuple[str, ...] = ()
    along: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The client's name: its argument to `dayfly verify`, without the common folder."""
        words = self.client or self.command
        for folder in FOLDERS:
            words = words.replace(folder, "")
        return words.removesuffix(":factory")

    @property
    def described(self) -> str:
        """Its room and its full name."""
        return f"{self.room} {self.client or self.command}"

    @property
    def files(self) -> set[str]:
        """The names of the files it is in."""
        words = (self.client.partition(":")[0] or self.command).split()
        return {Path(word.partition(":")[0]).name for word in words if word.startswith(FOLDERS)}

    @property
    def is_compiled(self) -> bool:
        """True if its command is the source of a program that has to be built first."""
        return self.command.endswith((".go", ".java", ".rs"))

    @property
    def is_in_process(self) -> bool:
        """True if it is driven in virtual time, at thousands of scenarios per minute."""
        return not self.command and not self.socket


def pieces() -> tuple[Piece, ...]:
    """All of them: first the shipped ones, then file by file, and room by room."""
    return (*_listed(SHIPPED, shipped=True), *(p for file in sorted(OWN.glob("*.toml")) for p in _listed(file)))


def _listed(file: Path, *, shipped: bool = False) -> Iterator[Piece]:
    for room, rows in tomllib.loads(file.read_text("utf-8")).items():
        yield from (msgspec.convert({"room": room, "shipped": shipped, **row}, Piece) for row in rows)
