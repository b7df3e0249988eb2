"""The long description of the distribution: README.md with links that lead somewhere from an index of packages too."""

from __future__ import annotations

import pytest

from hatch_build import MetadataHook, long_description, page_name
from tests.readmes import TEXTS, links
from tests.site.documents import DOCUMENTS

README = TEXTS["README.md"]
SITE = "https://docs.example/dayfly"


def test_every_link_leads_to_a_page_of_the_published_site() -> None:
    pages = {f"{SITE}/{page_name(path).removesuffix('index')}".rstrip("/") + "/" for path in DOCUMENTS}
    found = [link.partition("#")[0] for link in links(long_description(README, SITE))]
    assert len(found) == len(links(README)) > 5
    assert [link for link in found if link not in pages] == []


def test_links_keep_their_anchors() -> None:
    assert f"({SITE}/mockserver/#refusals)" in long_description(README, SITE)


def test_without_a_site_the_words_of_a_link_stay() -> None:
    text = long_description("See [the judge](contracts/README.md#words) and [respx](https://respx.example).", "")
    assert text == "See the judge and [respx](https://respx.example)."


@pytest.mark.parametrize("site", [SITE, f"{SITE}/"])
def test_the_address_is_the_projects_url(site: str) -> None:
    metadata = {"urls": {"Documentation": site}}
    MetadataHook("", {}).update(metadata)
    assert metadata["readme"]["text"] == long_description(README, SITE)
