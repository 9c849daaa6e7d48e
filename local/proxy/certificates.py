"""Certificates for AWS's host names, signed by an authority of this machine's own."""

from __future__ import annotations

import datetime
import os
import ssl
import tempfile
import threading
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Sluice's local cloud")])
_YEARS = 10
_LEAF_DAYS = 397
"""The longest that clients accept, by the CA/Browser Forum's Baseline Requirements."""


class Authority:
    """Signs a certificate for each host that is asked for.

    Its own lies in ``folder`` as ``ca.pem``, for AWS_CA_BUNDLE; with its key it outlives the process, so that a
    terminal's variables stay right. Only who names that file trusts it.
    """

    def __init__(self, folder: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self.bundle = folder / "ca.pem"
        self._key, self._certificate = key, certificate
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()

    @classmethod
    def at(cls, folder: Path) -> Self:
        """The authority kept in ``folder``, made when there is none; two processes may ask at once."""
        folder.mkdir(parents=True, exist_ok=True)
        whole = folder / "ca-with-key.pem"
        if not whole.exists():
            _publish(_new_authority(), whole)
        both = whole.read_bytes()
        key = serialization.load_pem_private_key(both, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{whole} holds a key of another kind; delete it, and a new one is made")
        certificate = x509.load_pem_x509_certificate(both)
        authority = cls(folder, key, certificate)
        _publish(certificate.public_bytes(serialization.Encoding.PEM), authority.bundle)
        return authority

    def context(self, host: str) -> ssl.SSLContext:
        """What a server needs in order to speak TLS as ``host``."""
        with self._lock:
            if host not in self._contexts:
                self._contexts[host] = self._signed(host)
            return self._contexts[host]

    def _signed(self, host: str) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        named = (
            _builder(x509.Name([]), key.public_key(), days=_LEAF_DAYS)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        chain = named.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:  # the ssl module reads chains from files alone
            file.write(_pem(key) + chain)
            file.flush()
            context.load_cert_chain(file.name)
        return context


def _new_authority() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    signs = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        _builder(_NAME, key.public_key(), days=_YEARS * 365)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(signs, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _pem(key) + certificate.public_bytes(serialization.Encoding.PEM)


def _builder(subject: x509.Name, key: ec.EllipticCurvePublicKey, *, days: int) -> x509.CertificateBuilder:
    # Clients judge these dates by this machine's clock, not by the cloud's.
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(_NAME)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _publish(content: bytes, path: Path) -> None:
    """Write a file at once, readable for its owner alone; the first of two writers of a new one wins."""
    if path.exists() and path.read_bytes() == content:
        return
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(name).rename(path)
