"""The certificates that this machine trusts, for a Java that brings only its own.

Where a proxy signs for the rest of the world, its certificate is in the file that ``SSL_CERT_FILE`` names or in the
system's, and every program but a Java from elsewhere finds it there.
"""

import hashlib
import ssl
import struct
from collections.abc import Sequence
from typing import Final

PASSWORD: Final = "changeit"  # noqa: S105 - Java's default; it guards nothing, since certificates are public
_MAGIC: Final = 0xFEEDFEED
_VERSION: Final = 2
_TRUSTED_CERTIFICATE: Final = 2


def trusted_certificates() -> list[bytes]:
    """The certificate authorities that Python trusts by default, in DER; none where it looks them up one by one."""
    return ssl.create_default_context().get_ca_certs(binary_form=True)


def java_key_store(certificates: Sequence[bytes]) -> bytes:
    """A key store (JKS, version 2) that trusts the certificates.

    The format is that of the JDK's ``sun.security.provider.JavaKeyStore``: a header, the entries, and a SHA-1 over the
    password, a fixed text and what stands before.
    """
    store = struct.pack(">III", _MAGIC, _VERSION, len(certificates))
    for number, certificate in enumerate(certificates):
        store += struct.pack(">I", _TRUSTED_CERTIFICATE) + _text(str(number)) + struct.pack(">Q", 0)
        store += _text("X.509") + struct.pack(">I", len(certificate)) + certificate
    salted = PASSWORD.encode("utf-16-be") + b"Mighty Aphrodite" + store
    return store + hashlib.sha1(salted, usedforsecurity=False).digest()


def _text(text: str) -> bytes:
    return struct.pack(">H", len(text)) + text.encode("ascii")
