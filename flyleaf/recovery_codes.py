"""Recovery codes: 50 random bits each, which people write down. They are hashed as passwords are."""

import secrets

from flyleaf.limits import RECOVERY_CODES
from flyleaf.passwords import hash_password, verify_password

# Crockford's base32: no letters that look like digits, so a misread O, I or L can be understood.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("OIL", "011", " -‐‑–")
_LENGTH = 10


def new_codes() -> list[str]:
    """Return new codes in the form in which they are shown: ABCDE-FGHJK."""
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)) for _ in range(RECOVERY_CODES)]
    return [f"{code[: _LENGTH // 2]}-{code[_LENGTH // 2 :]}" for code in codes]


def typed_code(text: str) -> str | None:
    """Return the code that was typed, without spaces and hyphens, or None if it can't be one."""
    code = text.upper().translate(_MISREAD)
    return code if len(code) == _LENGTH and set(code) <= set(_ALPHABET) else None


def hash_code(code: str) -> str:
    return hash_password(typed_code(code) or "")


def verify_code(code_hash: str, code: str) -> bool:
    """Return whether the hash is of this code, as `typed_code` returns it."""
    return verify_password(code_hash, code)
