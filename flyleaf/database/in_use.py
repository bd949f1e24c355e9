"""Run a revision on a database in use, so that nobody waits for a table for more than a moment.

Some revisions read all of a table while they lock it. Each of them has a second file, sql/000N_in_use.sql, with the
same result in steps that don't. A line before each step says what kind it is:

    --- short    A transaction. It may lock tables against readers, because it reads none of them.
    --- long     One statement outside a transaction, such as VALIDATE CONSTRAINT or CREATE INDEX CONCURRENTLY. It may
                 read whole tables, because it locks none against readers or writers.
    --- batches  A transaction like `short` that changes some rows, and is repeated until it changes none.

After an interruption all steps run again, so each has to accept that it has run before.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from flyleaf.database.errors import sqlstate

FOLDER = Path(__file__).parent / "migrations" / "sql"
LOCK_NOT_AVAILABLE = "55P03"
QUEUE = "200ms"  # how long a transaction waits for a table lock, as all later queries queue behind it
PAUSE = 0.5  # seconds until it tries again
PATIENCE = 30.0  # seconds until it gives up; the next start or request tries again
VACUUM = "2s"  # how long it waits for an autovacuum to end

AS_WRITTEN = {"no_parameters": True}  # the driver leaves % alone

SET_LOCK_TIMEOUT = "SELECT set_config('lock_timeout', :limit, true)"
SET_REVISION = "UPDATE alembic_version SET version_num = :revision"
# PostgreSQL cancels an autovacuum that is in the way, but only after a second (deadlock_timeout), which is too long for
# a lock that readers queue behind. Nobody but other maintenance queues behind this one.
END_AUTOVACUUM = r"""
    DO $do$
    BEGIN
        EXECUTE (SELECT format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE',
                               string_agg(CAST(CAST(oid AS regclass) AS text), ', ' ORDER BY relname))
                   FROM pg_class
                  WHERE relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('alembic_version'))
                    AND relkind = 'r'
                    AND relname NOT LIKE 'search\_%'
                    AND pg_has_role(relowner, 'USAGE'));
    END $do$
"""


@dataclass(frozen=True)
class Step:
    kind: str
    statements: str


def steps_of(revision: str) -> list[Step]:
    """Return the steps of the revision's second file, or an empty list if it needs none."""
    path = FOLDER / f"{revision}_in_use.sql"
    if not path.exists():
        return []
    _, *parts = re.split(r"^--- (short|long|batches)\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [Step(kind, statements) for kind, statements in zip(parts[::2], parts[1::2], strict=True)]


def apply(connection: Connection, revision: str, upgrade: Callable[[], None]) -> None:
    """Apply the revision in its steps, or by `upgrade` in one short transaction if it needs no steps."""
    steps = steps_of(revision)
    if not steps:
        in_short_transaction(connection, upgrade)
        return
    for step in steps:
        if step.kind == "long":
            _run_outside_transaction(connection, step)
        else:
            while _run(connection, step) and step.kind == "batches":
                pass
    in_short_transaction(connection, lambda: connection.execute(text(SET_REVISION), {"revision": revision}))


def in_short_transaction(connection: Connection, work: Callable[[], object]) -> None:
    """Call `work` in a transaction. While others use its tables, it is tried again, without queueing for them."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with connection.begin():
                connection.execute(text(SET_LOCK_TIMEOUT), {"limit": VACUUM})
                connection.execute(text(END_AUTOVACUUM))
                connection.execute(text(SET_LOCK_TIMEOUT), {"limit": QUEUE})
                work()
                return
        except OperationalError as error:
            if sqlstate(error) != LOCK_NOT_AVAILABLE or time.monotonic() > until:
                raise
            time.sleep(PAUSE)


def _run(connection: Connection, step: Step) -> int:
    """Run the step in a transaction and return how many rows it changed."""
    changed = 0

    def work() -> None:
        nonlocal changed
        changed = connection.exec_driver_sql(step.statements, execution_options=AS_WRITTEN).rowcount

    in_short_transaction(connection, work)
    return changed


def _run_outside_transaction(connection: Connection, step: Step) -> None:
    connection.execution_options(isolation_level="AUTOCOMMIT")
    try:
        with connection.begin():
            connection.exec_driver_sql(step.statements, execution_options=AS_WRITTEN)
    finally:
        connection.execution_options(isolation_level=connection.default_isolation_level)
