"""Why a target did not respond: the service names the reason by the error codes of Node.js and its TLS."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

Reason = Literal["certificate", "tls", "name", "refused", "late", "closed", "unreachable"]

_CODES: Final[Mapping[Reason, str]] = {
    # https://nodejs.org/api/tls.html, "X509 certificate error codes"
    "certificate": """
        UNABLE_TO_GET_ISSUER_CERT UNABLE_TO_GET_ISSUER_CERT_LOCALLY UNABLE_TO_VERIFY_LEAF_SIGNATURE
        UNABLE_TO_DECRYPT_CERT_SIGNATURE UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY
        UNABLE_TO_GET_CRL UNABLE_TO_DECRYPT_CRL_SIGNATURE
        DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN CERT_SIGNATURE_FAILURE CERT_NOT_YET_VALID CERT_HAS_EXPIRED
        CERT_CHAIN_TOO_LONG CERT_REVOKED CERT_UNTRUSTED CERT_REJECTED INVALID_CA INVALID_PURPOSE PATH_LENGTH_EXCEEDED
        HOSTNAME_MISMATCH ERROR_IN_CERT_NOT_BEFORE_FIELD ERROR_IN_CERT_NOT_AFTER_FIELD CRL_HAS_EXPIRED CRL_NOT_YET_VALID
        CRL_SIGNATURE_FAILURE ERR_TLS_CERT_ALTNAME_INVALID ERR_TLS_CERT_ALTNAME_FORMAT
        ERR_TLS_CERT_SIGNATURE_ALGORITHM_UNSUPPORTED
    """,
    "tls": "EPROTO ERR_TLS_HANDSHAKE_TIMEOUT ERR_TLS_DH_PARAM_SIZE ERR_TLS_PROTOCOL_VERSION_CONFLICT",
    "name": "ENOTFOUND EAI_AGAIN EAI_FAIL EAI_NODATA EAI_NONAME ENODATA ESERVFAIL",
    "refused": "ECONNREFUSED",
    "late": "ETIMEDOUT ESOCKETTIMEDOUT ERR_SOCKET_CONNECTION_TIMEOUT",
    "closed": "ECONNRESET ECONNABORTED EPIPE",
    "unreachable": "EHOSTUNREACH ENETUNREACH EHOSTDOWN ENETDOWN EADDRNOTAVAIL",
}
_REASONS: Final[Mapping[str, Reason]] = {code: reason for reason, codes in _CODES.items() for code in codes.split()}
_FAMILIES: Final[Mapping[str, Reason]] = {"ERR_SSL_": "tls", "HPE_": "closed"}  # of OpenSSL, and of Node's HTTP parser
_CODE = re.compile(r"\b[A-Z][A-Z0-9_]{3,59}\b", re.ASCII)


def code_in(text: str) -> str:
    """
    The first known code in a text; empty where there is none.

    :param text: What the service says, or a row's ``failure_code``; of any length.
    """
    return next((code for code in _CODE.findall(text[:1000]) if reason_of(code)), "")


def reason_of(code: str) -> Reason | None:
    """What a code means; None for an unknown one."""
    family = next((reason for start, reason in _FAMILIES.items() if code.startswith(start)), None)
    return _REASONS.get(code, family)
