"""Passwords: hashed with argon2id (argon2-cffi), with the parameters of OWASP's Password Storage Cheat Sheet. Common
passwords are those on zxcvbn's list."""

import os
import re
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from flyleaf.limits import PASSWORD_MIN
from flyleaf.turns import Turns

Result = TypeVar("Result")

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # memory in KiB; takes about 20 ms
_SITE_WORDS = re.compile("flyleaf|books?|reviews?|library|password")
# Verified for unknown names, so that they take as long as a wrong password.
_DUMMY_HASH = _HASHER.hash("\0")

# In progress or waiting, of the eight threads of a worker: the others are for pages.
HASHES_AT_ONCE = 6
_turns = Turns(HASHES_AT_ONCE)
# One thread: a hash takes 19 MB, and a C library that keeps freed memory keeps that much for each thread that hashes.
_hashing = ThreadPoolExecutor(1, thread_name_prefix="hashing")


def hash_password(password: str) -> str:
    """Return the hash to store. Raises BusyError."""
    return _in_turn(_HASHER.hash, _normalised(password))


def verify_password(password_hash: str | None, password: str) -> bool:
    """Return whether the password matches the hash. Without a hash, return False after the same time.

    Raises BusyError.
    """
    try:
        matches = _in_turn(_HASHER.verify, password_hash or _DUMMY_HASH, _normalised(password))
    except (VerificationError, InvalidHashError):
        return False
    return matches and bool(password_hash)


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


def _in_turn(work: Callable[..., Result], *values: str) -> Result:
    with _turns.take("passwords"):
        return _hashing.submit(work, *values).result()


def _forget_thread() -> None:
    """Give a forked process a thread of its own: only the one that forks is copied."""
    global _hashing, _turns
    _hashing, _turns = ThreadPoolExecutor(1, thread_name_prefix="hashing"), Turns(HASHES_AT_ONCE)


os.register_at_fork(after_in_child=_forget_thread)


def _normalised(password: str) -> str:
    # As in NIST SP 800-63B 3.1.1.2: another keyboard may send the same password in another normal form.
    return unicodedata.normalize("NFKC", password)
