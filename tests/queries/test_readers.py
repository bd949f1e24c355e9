"""Names, and what makes two of them one."""

import unicodedata
from dataclasses import replace

import pytest

from flyleaf.database import Database
from flyleaf.queries.readers import (
    Credentials,
    insert_reader,
    name_key,
    select_credentials,
    update_password_hash,
    update_preferences,
)
from tests.queries.conftest import add_reader, credentials


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Admin", "admin"),
        ("Admin", "ａｄｍｉｎ"),
        ("Straße", "STRASSE"),
        ("Zoë", "ZOE\u0308"),
        ("ﬁn", "FIN"),
        ("ΣΑΣ", "σας"),
        ("\u01f0", "J\u030c"),
        ("K", "\u212a"),  # the sign of the kelvin
        ("İ".casefold(), "I\u0307"),
        ("\u0345\u03b1", "\u0399\u03b1"),
    ],
)
def test_names_that_people_take_for_one_have_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("Alice", "Alicé"), ("Bob", "Rob"), ("a b", "ab"), ("1", "l")])
def test_other_names_have_another(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


def test_a_key_is_its_own_key() -> None:
    """For every letter that there is: else a name could be registered twice."""
    letters = (chr(number) for number in range(0x30000) if not 0xD800 <= number < 0xE000)
    named = [letter for letter in letters if unicodedata.category(letter) not in ("Cn", "Co")]
    assert [letter for letter in named if name_key(name_key(letter)) != name_key(letter)] == []


def test_a_reader_is_found_by_any_form_of_the_name(database: Database) -> None:
    with database.transaction() as connection:
        alice = add_reader(connection, "Alice", "a hash")
        assert credentials(connection, "ａLICE").reader == alice
        assert select_credentials(connection, "Bob") is None


def test_a_taken_name_is_none_and_changes_nothing(database: Database) -> None:
    with database.transaction() as connection:
        insert_reader(connection, "Alice", "a hash")
        assert insert_reader(connection, "ALICE", "another") is None
        assert credentials(connection, "alice").password_hash == "a hash"


def test_a_new_hash_is_that_readers_alone(database: Database) -> None:
    with database.transaction() as connection:
        alice, bob = (add_reader(connection, name, "old") for name in ("Alice", "Bob"))
        assert update_password_hash(connection, Credentials(alice, "old"), "new")
        assert credentials(connection, "Alice").password_hash == "new"
        assert credentials(connection, bob.name).password_hash == "old"


def test_a_password_that_was_changed_meanwhile_stays(database: Database) -> None:
    with database.transaction() as connection:
        alice = add_reader(connection, "Alice", "new")
        assert not update_password_hash(connection, Credentials(alice, "old"), "the old one, hashed anew")
        assert credentials(connection, "Alice").password_hash == "new"


def test_what_is_not_chosen_stays_as_it_is(database: Database) -> None:
    with database.transaction() as connection:
        alice, bob = (add_reader(connection, name, "a hash") for name in ("Alice", "Bob"))
        assert (alice.language, alice.theme) == (None, None)
        update_preferences(connection, alice.id, "es", None)
        update_preferences(connection, alice.id, None, "dark")
        update_preferences(connection, alice.id, None, None)
        assert credentials(connection, "Alice").reader == replace(alice, language="es", theme="dark")
        assert credentials(connection, "Bob").reader == bob
