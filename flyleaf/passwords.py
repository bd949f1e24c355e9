"""Passwords: hashed with argon2id (argon2-cffi), with the parameters of OWASP's Password Storage Cheat Sheet. Common
passwords are those on zxcvbn's list."""

import re
import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from flyleaf.limits import PASSWORD_MIN

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # memory in KiB; takes about 20 ms
_SITE_WORDS = re.compile("flyleaf|books?|reviews?|library|password")
# Verified for unknown names, so that they take as long as a wrong password.
_DUMMY_HASH = _HASHER.hash("\0")


# Each hash in progress takes 19 MB, and a worker has eight threads.
_AT_ONCE = threading.Semaphore(2)


def hash_password(password: str) -> str:
    with _AT_ONCE:
        return _HASHER.hash(_normalised(password))


def verify_password(password_hash: str | None, password: str) -> bool:
    """Return whether the password matches the hash. For None (no such reader) return False after the same time."""
    try:
        with _AT_ONCE:
            matches = _HASHER.verify(password_hash or _DUMMY_HASH, _normalised(password))
    except (VerificationError, InvalidHashError):
        return False
    return matches and password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Return whether the hash was made with outdated parameters."""
    return _HASHER.check_needs_rehash(password_hash)


def is_common(password: str) -> bool:
    """Return whether attackers would try the password first, ignoring case. This includes words about the site combined
    with digits and symbols, such as Flyleaf2026! and books12345."""
    folded = _normalised(password).casefold()
    rest, words = _SITE_WORDS.subn("", folded)
    return folded in _common_passwords() or (words > 0 and not any(map(str.isalpha, rest)))


@cache
def _common_passwords() -> frozenset[str]:
    """Return those of the 30,000 most common leaked passwords that are long enough to be chosen here."""
    # Imported here because it takes a tenth of a second and is needed only when a password is chosen.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(password for password in FREQUENCY_LISTS["passwords"] if len(password) >= PASSWORD_MIN)


def _normalised(password: str) -> str:
    # As in NIST SP 800-63B 3.1.1.2: another keyboard may send the same password in another normal form.
    return unicodedata.normalize("NFKC", password)
