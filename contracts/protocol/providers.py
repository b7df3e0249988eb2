"""Opens the providers that are probed: one at a URL, and the mock of a declaration itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from contracts.errors import ContractsError
from contracts.platform_requests import PlatformReply
from contracts.protocol.probe import KnownCredential, Prober
from contracts.remote.control import ADMIN, RemoteControl, ServedPlatform, platform_at
from contracts.remote.web import NoAnswer, Web
from mockserver.platform.model import Platform


@contextmanager
def prober(
    platform: Platform, url: str, admin_token: str = "", given: Mapping[str, KnownCredential] | None = None
) -> Iterator[Prober]:
    """Open a prober for the provider at `url`, with or without the base path of the platform's servers.

    It uses the control API if there is one and no credentials are given.
    """
    url = url.rstrip("/")
    url = url.removesuffix(next((base for base in platform.bases if base and url.endswith(base)), ""))
    web, admin = Web(url), Web(url, {"Authorization": f"Bearer {admin_token}"} if admin_token else {})
    try:
        named, served = platform_at(web), admin.ask("GET", f"{ADMIN}/platform")
        _check_served(platform, url, named, served)
        has_control = not given and "operations" in served.document
        yield Prober(platform, web, RemoteControl(admin, url, ADMIN) if has_control else None, given or {})
    except NoAnswer as error:
        raise ContractsError(f"there is no provider at {url}: {error.problem}") from error
    finally:
        web.close()
        admin.close()


def _check_served(platform: Platform, url: str, named: ServedPlatform, served: PlatformReply) -> None:
    """Raise ContractsError if the provider is a mock of another platform.

    An older mock that tells no digest may be another version, if it has all operations.
    """
    operations = served.document.get("operations")
    missing = platform.operations.keys() - set(operations) if isinstance(operations, list) else set()
    if named.name == platform.name and missing:
        without = ", ".join(sorted(missing))
        raise ContractsError(f"{url} is a mock of another {named.name}, without {without}; serve the same file")
    if named.digest or (named.name and (missing or operations is None)):
        named.check(url, platform)


def unfit(platform: Platform) -> list[str]:
    """Return how a declaration's own mock answers otherwise than it says, as a probe of it finds.

    If some of what it issues is never accepted, the rest follows from that, and is left out.
    """
    from mockserver.declared.mock import Mock
    from mockserver.web.declared import create_declared_app

    transport = httpx.WSGITransport(create_declared_app(Mock(platform)))
    web = Web("http://127.0.0.1", transport=transport)
    control = RemoteControl(Web("http://127.0.0.1", transport=transport), "the mock", ADMIN)
    found = [one for one in Prober(platform, web, control, {}).checks() if one.status == "violated"]
    first = [one for one in found if one.what == "is accepted"]
    return [f"{one.kind} {one.what}: {one.said}" for one in first or found]
