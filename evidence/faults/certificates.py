"""Certificates made on the spot: from an authority that the client trusts, and others."""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta, timezone
from pathlib import Path

import trustme

_HERE = "127.0.0.1"


def make(folder: Path) -> dict[str, ssl.SSLContext]:
    """
    What a server may show, by what is wrong with it; the client trusts ``trusted.pem``.

    :param folder: Where the files are put.
    """
    trusted, unknown = trustme.CA(), trustme.CA()
    trusted.cert_pem.write_to_path(folder / "trusted.pem")
    now, day = datetime.now(timezone.utc), timedelta(days=1)
    issued = {
        "good": trusted.issue_cert(_HERE),
        "expired": trusted.issue_cert(_HERE, not_after=now - day),
        "not yet valid": trusted.issue_cert(_HERE, not_before=now + day),
        "of another host": trusted.issue_cert("reach.example"),
        "of an unknown authority": unknown.issue_cert(_HERE),
    }
    shown = {name: certificate.private_key_and_cert_chain_pem.bytes() for name, certificate in issued.items()}
    shown["self-signed"] = unknown.private_key_pem.bytes() + unknown.cert_pem.bytes()
    return {name: _context(folder / f"{name}.pem", pem) for name, pem in shown.items()}


def _context(path: Path, pem: bytes) -> ssl.SSLContext:
    path.write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
