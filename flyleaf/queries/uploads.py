"""Uploads: files with a reading history that readers bring, and the rows in them.

An upload is read within the request that brings it. Then its rows are matched with the catalogue, in steps of bounded
size; the reader looks at them and decides; they are written; and all of it can be undone. What is to be done stands in
the row of the upload, so that any process of the site continues it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, RowMapping, text

from flyleaf.limits import UPLOADS_MAX

ABANDONED = timedelta(hours=1)  # after which a file that was not read to its end is deleted
KEPT = timedelta(days=30)  # for which an upload waits for the reader's word


class UploadState(StrEnum):
    READING = "reading"
    MATCHING = "matching"
    READY = "ready"
    WRITING = "writing"
    WRITTEN = "written"
    UNDOING = "undoing"

    @property
    def is_in_work(self) -> bool:
        return self in (UploadState.MATCHING, UploadState.WRITING, UploadState.UNDOING)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file with a reading history. `done` of its `row_count` rows are through what it is in, a state of work."""

    id: int
    name: str
    format: str
    state: UploadState
    row_count: int
    done: int
    is_private: bool
    created_at: datetime


_COLUMNS = "id, name, format, state, row_count, done, is_private, created_at"
_OWN = f"SELECT {_COLUMNS} FROM uploads WHERE id = :id AND reader_id = :reader_id AND state <> 'reading'"  # noqa: S608


def insert_upload(connection: Connection, reader_id: int, name: str, format_: str) -> int:
    """Begin an upload and return its id. The reader's oldest ones beyond UPLOADS_MAX are forgotten: what they wrote
    stays."""
    upload_id: int = connection.execute(
        text("""
            INSERT INTO uploads (reader_id, name, format, state)
            VALUES (:reader_id, :name, :format, 'reading')
            RETURNING id
        """),
        {"reader_id": reader_id, "name": name, "format": format_},
    ).scalar_one()
    connection.execute(
        text("""
            DELETE FROM uploads
             WHERE id IN (SELECT id FROM uploads
                           WHERE reader_id = :reader_id
                             AND state IN ('reading', 'ready', 'written')
                           ORDER BY created_at DESC, id DESC
                          OFFSET :most)
        """),
        {"reader_id": reader_id, "most": UPLOADS_MAX},
    )
    return upload_id


def finish_upload(connection: Connection, upload_id: int, row_count: int) -> None:
    """Note that a file has been read to its end: its rows can be matched."""
    connection.execute(
        text("UPDATE uploads SET state = 'matching', row_count = :row_count, changed_at = now() WHERE id = :id"),
        {"id": upload_id, "row_count": row_count},
    )


def delete_upload(connection: Connection, upload_id: int) -> None:
    """Forget an upload."""
    connection.execute(text("DELETE FROM uploads WHERE id = :id"), {"id": upload_id})


def select_upload(connection: Connection, upload_id: int, reader_id: int, *, lock: bool = False) -> Upload | None:
    """Return the reader's upload with this id. With `lock`, no step of its work begins until the transaction ends."""
    statement = text(f"{_OWN} FOR UPDATE") if lock else text(_OWN)
    row = connection.execute(statement, {"id": upload_id, "reader_id": reader_id}).one_or_none()
    return _upload(row._mapping) if row else None


def select_uploads(connection: Connection, reader_id: int) -> list[Upload]:
    """Return the reader's uploads, newest first."""
    rows = connection.execute(
        text(f"""
            SELECT {_COLUMNS}
              FROM uploads
             WHERE reader_id = :reader_id AND state <> 'reading'
             ORDER BY created_at DESC, id DESC
             LIMIT :most
        """),  # noqa: S608  # constants
        {"reader_id": reader_id, "most": UPLOADS_MAX},
    )
    return [_upload(row._mapping) for row in rows]


def is_in_work(connection: Connection, upload_id: int) -> bool:
    """Return whether something is left to be done with an upload; not with one that is gone with its account."""
    state = connection.execute(text("SELECT state FROM uploads WHERE id = :id"), {"id": upload_id}).scalar()
    return state is not None and UploadState(state).is_in_work


def begin_work(connection: Connection, upload_id: int, state: UploadState, *, is_private: bool | None = None) -> None:
    """Let the maintenance thread write an upload, or undo it."""
    connection.execute(
        text("""
            UPDATE uploads
               SET state = :state, done = 0, faults = 0, is_private = coalesce(:is_private, is_private),
                   changed_at = now()
             WHERE id = :id
        """),
        {"id": upload_id, "state": state, "is_private": is_private},
    )


def delete_forgotten_upload(connection: Connection) -> bool:
    """Delete an upload that was not read to its end, or that its reader has not decided about for long. Return False if
    there is none."""
    deleted = connection.execute(
        text("""
            DELETE FROM uploads
             WHERE id = (SELECT id FROM uploads
                          WHERE state IN ('reading', 'ready')
                            AND changed_at < now() - CASE state WHEN 'reading' THEN CAST(:abandoned AS interval)
                                                                ELSE CAST(:kept AS interval) END
                          ORDER BY changed_at
                          LIMIT 1
                            FOR UPDATE SKIP LOCKED)
        """),
        {"abandoned": ABANDONED, "kept": KEPT},
    )
    return deleted.rowcount > 0


def delete_readers_upload(connection: Connection, reader_id: int) -> bool:
    """Delete an upload of an account that goes. Return False if none is left."""
    deleted = connection.execute(
        text("""
            DELETE FROM uploads
             WHERE id = (SELECT id FROM uploads WHERE reader_id = :reader_id ORDER BY created_at, id LIMIT 1)
        """),
        {"reader_id": reader_id},
    )
    return deleted.rowcount > 0


def _upload(row: RowMapping) -> Upload:
    return Upload(**{**row, "state": UploadState(row["state"])})
