"""A revision that computes for longer than a transaction may be idle."""

from sqlalchemy import create_engine, text

from flyleaf.database import Database
from flyleaf.database.migrate import is_migrated, migrate
from tests.postgresql import Server


def test_a_slow_machine_has_the_time_that_a_revision_computes(server: Server) -> None:
    database = Database(server.create_database("idle"))
    database.close()
    engine = create_engine(database.engine.url, connect_args={"options": "-c idle_in_transaction_session_timeout=300"})
    try:
        migrate(engine)
        with engine.connect() as connection:
            assert is_migrated(connection)
            assert connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar() == "300ms"
    finally:
        engine.dispose()
        server.drop_database("idle")
