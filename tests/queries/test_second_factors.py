"""Second factors: what waits for what, and whose they are."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Connection, text

from flyleaf.database import Database
from flyleaf.queries.passkeys import NewPasskey, delete_passkey, insert_passkey
from flyleaf.queries.readers import Credentials
from flyleaf.queries.second_factors import (
    delete_authenticator_app,
    delete_second_factors,
    insert_authenticator_app,
    replace_recovery_codes,
    select_second_factors,
)
from flyleaf.queries.sessions import insert_session
from tests.queries.conftest import add_reader, credentials

WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted"
SECRET = b"x" * 48
KEY = NewPasskey(b"a credential id", b"a public key", 0)


def add_app(connection: Connection, whose: Credentials) -> bool:
    return insert_authenticator_app(connection, whose, "Phone", SECRET, 0)


def add_passkey(connection: Connection, whose: Credentials) -> bool:
    return insert_passkey(connection, whose, "Key", "localhost", b"h" * 32, KEY)


@pytest.mark.parametrize("add", [add_app, add_passkey])
def test_a_login_that_waits_for_the_first_factor_to_be_added_fails(
    database: Database, add: Callable[[Connection, Credentials], bool]
) -> None:
    """It was let through with the password alone, a moment before."""
    with database.transaction() as connection:
        alice = Credentials(add_reader(connection, "Alice", "hash"), "hash")

    def begin() -> bool:
        with database.transaction() as connection:
            return insert_session(connection, b"i" * 32, alice, None, None) is not None

    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as connection:
            assert add(connection, alice)
            waiting = pool.submit(begin)
            while not connection.execute(text(WAITS)).scalar() and not waiting.done():
                pass
        assert waiting.result(10) is False


def test_after_a_change_of_the_password_nothing_is_added_or_removed(connection: Connection) -> None:
    add_reader(connection, "Alice", "new")
    now = credentials(connection, "Alice")
    old = replace(now, password_hash="old")
    assert not add_app(connection, old)
    assert not add_passkey(connection, old)
    assert not replace_recovery_codes(connection, old, ["hash"])
    assert add_app(connection, now)
    assert add_passkey(connection, now)
    factors = select_second_factors(connection, now.reader.id)
    assert not delete_authenticator_app(connection, old, factors.apps[0].id)
    assert not delete_passkey(connection, old, factors.passkeys[0].id)


def test_nobody_removes_anothers(connection: Connection) -> None:
    for name in ("Alice", "Bob"):
        add_reader(connection, name, "hash")
    alice, bob = credentials(connection, "Alice"), credentials(connection, "Bob")
    assert add_app(connection, alice)
    assert add_passkey(connection, alice)
    factors = select_second_factors(connection, alice.reader.id)
    assert not delete_authenticator_app(connection, bob, factors.apps[0].id)
    assert not delete_passkey(connection, bob, factors.passkeys[0].id)
    assert delete_second_factors(connection, bob.reader.id) == 0
    assert select_second_factors(connection, alice.reader.id) == factors


def test_the_readers_row_says_whether_a_factor_is_left(connection: Connection) -> None:
    add_reader(connection, "Alice", "hash")
    alice = credentials(connection, "Alice")
    assert not alice.reader.has_second_factor
    add_app(connection, alice)
    add_passkey(connection, alice)
    replace_recovery_codes(connection, alice, ["hash"] * 10)
    factors = select_second_factors(connection, alice.reader.id)
    delete_authenticator_app(connection, alice, factors.apps[0].id)
    assert credentials(connection, "Alice").reader.has_second_factor
    assert select_second_factors(connection, alice.reader.id).recovery_codes == 10
    delete_passkey(connection, alice, factors.passkeys[0].id)
    assert not credentials(connection, "Alice").reader.has_second_factor
    assert select_second_factors(connection, alice.reader.id).recovery_codes == 0
