"""Steps of the work on uploads that fail.

Whatever the reason, the next step of that upload takes fewer rows, until the row that fails is alone. After some more
tries it is left out, and the list of rows says so. So the other rows are not held up.
"""

from sqlalchemy import Connection, text

from flyleaf.queries.uploads import UploadState

FAULTS_MAX = 4  # more steps that failed than went well, after which a row is left out: then it has been alone twice
_FEWER = 3  # bits: an eighth


def size_of_step(faults: int, most: int) -> int:
    """Return how many rows a step takes."""
    return max(most >> _FEWER * faults, 1)


def note_fault(connection: Connection, upload_id: int) -> None:
    """Note that a step has failed, and let other uploads have their turns before the next one."""
    connection.execute(
        text("UPDATE uploads SET faults = faults + 1, changed_at = clock_timestamp() WHERE id = :id"), {"id": upload_id}
    )


# What becomes of the next row in each kind of work.
_GIVEN_UP = {
    UploadState.MATCHING: text("""
        UPDATE upload_rows
           SET match = NULL, decision = NULL
         WHERE upload_id = :id
           AND n = (SELECT min(n) FROM upload_rows WHERE upload_id = :id AND n > :done)
        RETURNING n
    """),
    UploadState.WRITING: text("""
        UPDATE upload_rows
           SET outcome = '{"fault": true}'
         WHERE upload_id = :id
           AND n = (SELECT min(n)
                      FROM upload_rows
                     WHERE upload_id = :id AND n > :done AND decision IN ('write', 'line') AND outcome IS NULL)
        RETURNING n
    """),
    UploadState.UNDOING: text("""
        UPDATE upload_rows
           SET outcome = outcome || '{"kept": ["fault"]}'
         WHERE upload_id = :id
           AND n = (SELECT max(n)
                      FROM upload_rows
                     WHERE upload_id = :id AND outcome IS NOT NULL AND NOT outcome ? 'kept')
        RETURNING :done + 1
    """),
}


def give_up_next_row(connection: Connection, upload_id: int, state: UploadState, done: int) -> int | None:
    """Leave out the next row, because the work on it fails again and again. The row says so. Return how far the work
    is, as the work on rows does; None if there is no such row."""
    statement = _GIVEN_UP[state]
    return connection.execute(statement, {"id": upload_id, "done": done}).scalar()
