"""Certificates for HTTPS: the user's own, or throw-away ones of a throw-away authority."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from mockserver.errors import SettingsError

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


class Identity(NamedTuple):
    """PEM files of a certificate chain and its key. `authority` is what clients have to trust, if it is a throw-away one."""

    certificate: Path
    key: Path
    authority: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Return a server's context. Raises SettingsError if certificate and key do not match."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(self.certificate, self.key)
        except ssl.SSLError as error:
            problem = f"is not a PEM certificate for the key {self.key}: {error.reason or error}"
            raise SettingsError("tls-cert", str(self.certificate), problem) from error
        except OSError as error:
            problem = f"cannot be read together with the key {self.key}: {error.strerror}"
            raise SettingsError("tls-cert", str(self.certificate), problem) from error
        return context


@contextmanager
def throw_away(host: str = "", authority: Path | None = None) -> Iterator[Identity]:
    """Make an authority and a certificate for this machine's loopback names and `host`. Both end with the context.

    The authority's certificate is written to `authority`, which remains, or beside the others. Raises SettingsError if the
    library that makes certificates is missing, or a file cannot be written.
    """
    try:
        import trustme
    except ModuleNotFoundError as error:
        problem = "needs the library that makes certificates: pip install 'dayfly[tls]'; or use --tls-cert and --tls-key"
        raise SettingsError("tls", True, problem) from error
    made = trustme.CA(organization_name="dayfly", organization_unit_name="throw-away authority")
    issued = made.issue_cert(*dict.fromkeys((*LOOPBACK_NAMES, *([host] if host not in {"", "0.0.0.0", "::"} else []))))
    with tempfile.TemporaryDirectory(prefix="dayfly-tls-") as folder:
        identity = Identity(Path(folder, "server.pem"), Path(folder, "server.key"), authority or Path(folder, "authority.pem"))
        identity.certificate.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
        identity.key.write_bytes(issued.private_key_pem.bytes())
        _write(authority or Path(folder, "authority.pem"), made.cert_pem.bytes())
        yield identity


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise SettingsError("tls-ca", str(path), f"cannot be written: {error.strerror}") from error
