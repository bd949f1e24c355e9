"""Secrets that are encrypted in the database."""

import pytest

from flyleaf.sealing import UnreadableError, seal, unseal

KEY = "a key for the tests alone"


def test_what_is_sealed_can_be_read_again() -> None:
    sealed = seal(KEY, b"secret", "reader 1")
    assert b"secret" not in sealed
    assert unseal(KEY, sealed, "reader 1") == b"secret"


def test_the_same_secret_never_looks_the_same() -> None:
    assert len({seal(KEY, b"secret", "reader 1") for _ in range(10)}) == 10


@pytest.mark.parametrize(
    ("key", "owner", "damage"),
    [("another key of this site", "reader 1", 0), (KEY, "reader 2", 0), (KEY, "reader 1", 1)],
)
def test_another_key_another_owner_and_damage_are_noticed(key: str, owner: str, damage: int) -> None:
    sealed = bytearray(seal(KEY, b"secret", "reader 1"))
    sealed[-1] ^= damage
    with pytest.raises(UnreadableError):
        unseal(key, bytes(sealed), owner)


@pytest.mark.parametrize("sealed", [b"", b"x", b"x" * 12, b"x" * 27])
def test_what_was_never_sealed_is_unreadable(sealed: bytes) -> None:
    with pytest.raises(UnreadableError):
        unseal(KEY, sealed, "reader 1")
