"""Secrets that are encrypted in the database."""

import pytest

from flyleaf.sealing import UnreadableError, seal, unseal

KEY = "a key for the tests alone"


def test_what_is_sealed_can_be_read_again() -> None:
    sealed = seal(KEY, b"secret", 1)
    assert b"secret" not in sealed
    assert unseal(KEY, sealed, 1) == b"secret"


def test_the_same_secret_never_looks_the_same() -> None:
    assert len({seal(KEY, b"secret", 1) for _ in range(10)}) == 10


@pytest.mark.parametrize(
    ("key", "reader_id", "damage"),
    [("another key of this site", 1, 0), (KEY, 2, 0), (KEY, 1, 1)],
)
def test_another_key_another_reader_and_damage_are_noticed(key: str, reader_id: int, damage: int) -> None:
    sealed = bytearray(seal(KEY, b"secret", 1))
    sealed[-1] ^= damage
    with pytest.raises(UnreadableError):
        unseal(key, bytes(sealed), reader_id)


@pytest.mark.parametrize("sealed", [b"", b"x", b"x" * 12, b"x" * 27])
def test_what_was_never_sealed_is_unreadable(sealed: bytes) -> None:
    with pytest.raises(UnreadableError):
        unseal(KEY, sealed, 1)
