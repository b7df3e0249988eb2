"""The official JavaScript SDK against a live mock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.sdk.acceptance import FOLDER, Acceptance, acceptance, holds_for_every_client
from tests.functional.sdk.installed import node_sdk
from tests.need import need

pytestmark = pytest.mark.slow


@pytest.fixture(params=["http", "https"])
def accepted(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Acceptance]:
    environment = {"NODE_PATH": str(node_sdk()), "HOME": str(tmp_path), "NO_PROXY": "*"}
    with acceptance([need("node"), str(FOLDER / "walk.cjs")], environment, tls=request.param == "https") as accepted:
        yield accepted


def test_it_meets_the_platform_it_knows(accepted: Acceptance) -> None:
    holds_for_every_client(accepted)
