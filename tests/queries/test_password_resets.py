"""Links to choose a new password: what waits for what."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text

from flyleaf.database import Database
from flyleaf.queries.password_resets import delete_password_reset, insert_password_reset, use_password_reset
from flyleaf.queries.readers import Credentials, update_password_hash
from tests.queries.conftest import add_reader

WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def test_a_reset_that_waits_for_a_change_of_the_password_holds_nothing_that_the_change_needs(
    database: Database,
) -> None:
    with database.transaction() as connection:
        alice = add_reader(connection, "Alice", "old")
        insert_password_reset(connection, alice.id, "token")

    def reset() -> int | None:
        with database.transaction() as connection:
            return use_password_reset(connection, "token", "reset")

    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as connection:
            assert update_password_hash(connection, Credentials(alice, "old"), "changed")
            waiting = pool.submit(reset)
            while not connection.execute(text(WAITS)).scalar() and not waiting.done():
                pass
            delete_password_reset(connection, alice.id)  # a deadlock, if the reset had the link already
        assert waiting.result(10) is None, "the link is gone"
    with database.transaction() as connection:
        assert connection.execute(text("SELECT password_hash FROM readers")).scalar() == "changed"
