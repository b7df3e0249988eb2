"""The clients of the gallery, as `fixtures/gallery.toml` lists them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

ROOT = Path(__file__).parents[2]
FILE = ROOT / "fixtures" / "gallery.toml"

Room = Literal["correct", "culprit", "exhibit"]


class Piece(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A client, how it is driven, and the clauses it must break, or may break along with them."""

    room: Room
    client: str = ""
    command: str = ""
    one_shot: bool = False
    socket: bool = False
    needs: str = ""
    breaks: tuple[str, ...] = ()
    along: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What to call it: as it is named to `dayfly verify`, without the folder that all are in."""
        return (self.client or self.command).replace("fixtures/clients/", "").removesuffix(":factory")

    @property
    def files(self) -> set[str]:
        """The names of the files it is in."""
        words = (self.client.partition(":")[0] or self.command).split()
        return {Path(word).name for word in words if word.startswith("fixtures/")}

    @property
    def is_in_process(self) -> bool:
        """Whether it is driven in virtual time, at thousands of scenarios a minute."""
        return not self.command and not self.socket


def pieces() -> tuple[Piece, ...]:
    """All of them, room by room."""
    rooms = tomllib.loads(FILE.read_text("utf-8"))
    return tuple(msgspec.convert({"room": room, **row}, Piece) for room, rows in rooms.items() for row in rows)
