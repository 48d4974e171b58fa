"""Certificates made on the spot: of an authority that the client trusts, and of others."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_HERE = x509.IPAddress(ip_address("127.0.0.1"))
_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True)
class Authority:
    """
    Who vouches for a server.

    :param certificate: Its own certificate.
    :param key: With which it signs.
    """

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def make(folder: Path) -> dict[str, ssl.SSLContext]:
    """
    What a server shows, by what is wrong with it; whom the client is to trust is in ``trusted.pem``.

    :param folder: Where the files are put.
    """
    authority = _authority("An authority that is trusted")
    (folder / "trusted.pem").write_bytes(_pem(authority.certificate))
    now, day = datetime.now(timezone.utc), timedelta(days=1)
    own_key = ec.generate_private_key(ec.SECP256R1())
    shown = {
        "good": _leaf(own_key, authority, _HERE, now - day, now + day),
        "self-signed": _leaf(own_key, None, _HERE, now - day, now + day),
        "expired": _leaf(own_key, authority, _HERE, now - 3 * day, now - day),
        "not yet valid": _leaf(own_key, authority, _HERE, now + day, now + 3 * day),
        "of another host": _leaf(own_key, authority, x509.DNSName("reach.example"), now - day, now + day),
        "of an unknown authority": _leaf(own_key, _authority("Nobody knows it"), _HERE, now - day, now + day),
    }
    return {name: _context(folder / f"{name}.pem", certificate, own_key) for name, certificate in shown.items()}


def _authority(name: str) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(timezone.utc)
    builder = _builder(name, name, key.public_key(), now - timedelta(days=9), now + timedelta(days=9))
    certificate = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage("key_cert_sign"), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def _leaf(
    key: ec.EllipticCurvePrivateKey, authority: Authority | None, name: x509.GeneralName, start: datetime, end: datetime
) -> x509.Certificate:
    signer = authority.key if authority else key
    issuer = authority.certificate.subject.rfc4514_string()[3:] if authority else "A server"
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return (
        _builder("A server", issuer, key.public_key(), start, end)
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(issuer_key, critical=False)
        .sign(signer, hashes.SHA256())
    )


def _builder(
    subject: str, issuer: str, key: ec.EllipticCurvePublicKey, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(use: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage == use for usage in _USAGES})


def _context(path: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> ssl.SSLContext:
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(_pem(certificate) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
