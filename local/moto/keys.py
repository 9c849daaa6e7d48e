"""Keys and certificates in moto's state, pickled as DER. By itself, since `cryptography` takes a while to import."""

from __future__ import annotations

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


def reduced(value: Any) -> Any:
    """What pickle keeps of a key or a certificate; NotImplemented for its own way."""
    if isinstance(value, RSAPrivateKey | EllipticCurvePrivateKey):
        nothing = serialization.NoEncryption()
        return _key_of, (value.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, nothing),)
    if isinstance(value, x509.Certificate):
        return _certificate_of, (value.public_bytes(serialization.Encoding.DER),)
    return NotImplemented


def _key_of(der: bytes) -> Any:
    return serialization.load_der_private_key(der, None)


def _certificate_of(der: bytes) -> Any:
    return x509.load_der_x509_certificate(der)
