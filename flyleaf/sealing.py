"""Encryption of secrets that the site must be able to read again: AES-256-GCM, with a key derived from SECRET_KEY.

Whoever has only the database can't read them. Each is bound to its reader: it can't be read in another's row either.
"""

import secrets

_NONCE = 12  # bytes


class UnreadableError(ValueError):
    """A secret was sealed with another key or for another reader, or is damaged."""


def seal(secret_key: str, secret: bytes, reader_id: int) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # takes a twentieth of a second

    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(_key(secret_key)).encrypt(nonce, secret, _owner(reader_id))


def unseal(secret_key: str, sealed: bytes, reader_id: int) -> bytes:
    """Return the secret. Raises UnreadableError."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(_key(secret_key)).decrypt(sealed[:_NONCE], sealed[_NONCE:], _owner(reader_id))
    except (InvalidTag, ValueError) as error:  # ValueError: too short
        raise UnreadableError("a secret can't be decrypted: has SECRET_KEY changed?") from error


def _owner(reader_id: int) -> bytes:
    return f"reader {reader_id}".encode()


def _key(secret_key: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), length=32, salt=None, info=b"flyleaf second factors").derive(secret_key.encode())
