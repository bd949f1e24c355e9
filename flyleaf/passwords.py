"""Passwords: hashed with argon2id by argon2-cffi, with the parameters that OWASP's Password Storage Cheat Sheet names;
the common ones known from zxcvbn's list."""

import re
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from flyleaf.limits import PASSWORD_MIN

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # memory in KiB; some 20 ms
_SITE_WORDS = re.compile("flyleaf|books?|reviews?|library|password")
# Of a password that nobody knows: an unknown reader costs the same work as a wrong password.
_NOBODY = _HASHER.hash("\0")


def hash_password(password: str) -> str:
    return _HASHER.hash(_normalised(password))


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether `password` is the one that was hashed. None as the hash (no such reader) takes as long, and is False."""
    try:
        matches = _HASHER.verify(password_hash or _NOBODY, _normalised(password))
    except (VerificationError, InvalidHashError):
        return False
    return matches and password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def is_common(password: str) -> bool:
    """Whether it is one of those that attackers try first, in small letters or capitals; here these are also what the
    site is about and some digits: Flyleaf2026!, books12345."""
    folded = _normalised(password).casefold()
    rest, words = _SITE_WORDS.subn("", folded)
    return folded in _common_passwords() or (words > 0 and not any(map(str.isalpha, rest)))


@cache
def _common_passwords() -> frozenset[str]:
    """Of the 30,000 that were found most often in leaks those that are long enough to be chosen here."""
    # Imported here: only who chooses a password waits a tenth of a second for it.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(password for password in FREQUENCY_LISTS["passwords"] if len(password) >= PASSWORD_MIN)


def _normalised(password: str) -> str:
    # As NIST SP 800-63B 3.1.1.2 asks: the same password from another keyboard may arrive in another normal form.
    return unicodedata.normalize("NFKC", password)
