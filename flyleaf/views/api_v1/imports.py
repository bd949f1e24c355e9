"""Bringing a reading history: a file is uploaded and matched; then its rows are written, which can be undone."""

from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Any

from flask import request
from sqlalchemy import Connection
from werkzeug.exceptions import Conflict, NotFound, UnsupportedMediaType

from flyleaf.importing import UnusableFileError
from flyleaf.limits import UPLOAD_ROWS_MAX
from flyleaf.queries.api_tokens import LiveToken
from flyleaf.queries.readers import Reader
from flyleaf.queries.upload_rows import (
    Decision,
    Shown,
    UploadRow,
    choose_book,
    count_rows,
    decide_rows,
    select_row,
    select_rows,
)
from flyleaf.queries.uploads import Upload, UploadState, begin_work, delete_upload, select_uploads
from flyleaf.views.api_v1 import import_schemas
from flyleaf.views.api_v1.blueprints import Blueprint, own, writing, writing_slowly
from flyleaf.views.books import find_book
from flyleaf.views.uploads import allow_files, find_undisturbed, find_upload, read_file, work_on
from flyleaf.web.current import transaction
from flyleaf.web.problems import InvalidFieldsError

blueprint = Blueprint("Import", __name__, "Bring your reading history from another site, or back from here.")


def _with_file(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let the request be as large as a file. Raises RequestEntityTooLarge and UnsupportedMediaType."""

    @wraps(view)
    def gate(*values: Any, **named: Any) -> Any:
        if request.mimetype != "multipart/form-data":
            raise UnsupportedMediaType("Send the file as the field “file” of “multipart/form-data”.")
        allow_files()
        return view(*values, **named)

    return gate


@blueprint.post("/me/imports")
@blueprint.response(201, import_schemas.Import)
@writing_slowly
@_with_file
@blueprint.arguments(import_schemas.NewImport, location="files")
def start_import(reader: Reader, files: dict[str, Any]) -> dict[str, Any]:
    """Upload a reading history, whose rows are matched with books. Nothing is written yet."""
    try:
        upload_id = read_file(reader, files["file"])
    except UnusableFileError as error:
        raise InvalidFieldsError({"file": [f"This file can’t be used, and nothing was written: {error}"]}) from error
    with transaction() as connection:
        return _described(connection, find_upload(connection, reader, upload_id))


@blueprint.get("/me/imports")
@blueprint.response(200, import_schemas.Imports)
@own
def imports(connection: Connection, token: LiveToken) -> dict[str, Any]:
    """Return your imports, newest first. How many rows each has of which kind is only said of a single one."""
    return {"items": select_uploads(connection, token.reader.id)}


@blueprint.get("/me/imports/<id:import_id>")
@blueprint.response(200, import_schemas.Import)
@own
def get_import(connection: Connection, token: LiveToken, import_id: int) -> dict[str, Any]:
    """Return how far an import is. Ask again while its state is `matching`, `writing` or `undoing`."""
    return _described(connection, find_upload(connection, token.reader, import_id))


@blueprint.delete("/me/imports/<id:import_id>")
@blueprint.response(204)
@writing
def forget_import(connection: Connection, token: LiveToken, import_id: int) -> None:
    """Delete what is stored of the file. What was written of it stays."""
    find_undisturbed(connection, token.reader, import_id)
    delete_upload(connection, import_id)


@blueprint.get("/me/imports/<id:import_id>/rows")
@blueprint.response(200, import_schemas.RowsOfImport)
@own
@blueprint.arguments(import_schemas.RowArguments, location="query")
def import_rows(connection: Connection, token: LiveToken, asked: dict[str, Any], import_id: int) -> dict[str, Any]:
    """Return the rows of an import in the order of the file, with the books that they were matched with."""
    find_upload(connection, token.reader, import_id)
    size = asked["limit"]
    rows = select_rows(connection, import_id, token.reader.id, Shown(asked["kind"]), asked["cursor"], size)
    following = rows[size - 1].n if len(rows) > size else None
    return {"items": [_row(row) for row in rows[:size]], "next_cursor": following}


@blueprint.get("/me/imports/<id:import_id>/rows/<id:n>")
@blueprint.response(200, import_schemas.RowOfImport)
@own
def import_row(connection: Connection, token: LiveToken, import_id: int, n: int) -> dict[str, Any]:
    """Return one row of an import."""
    find_upload(connection, token.reader, import_id)
    return _row(_find_row(connection, token, import_id, n))


@blueprint.patch("/me/imports/<id:import_id>/rows/<id:n>")
@blueprint.response(200, import_schemas.RowOfImport)
@writing
@blueprint.arguments(import_schemas.RowChange)
def correct_row(
    connection: Connection, token: LiveToken, sent: dict[str, Any], import_id: int, n: int
) -> dict[str, Any]:
    """Choose the book that a row is about, or decide what is to become of the row when the import is committed."""
    find_undisturbed(connection, token.reader, import_id)
    row = _find_row(connection, token, import_id, n)
    if row.refused_because is not None:
        raise Conflict("This row can’t be read, so there is nothing to decide.")
    if row.outcome is not None:
        raise Conflict("This row has been written. Undo the import first.")
    decision = row.decision
    if "identifier" in sent:
        choose_book(connection, import_id, n, find_book(connection, sent["identifier"]).id)
        decision = Decision.WRITE
    if "decision" in sent:
        decision = Decision(sent["decision"])
        if decision is Decision.WRITE and row.book is None and "identifier" not in sent:
            raise InvalidFieldsError({"decision": ["No book was found for this row. Send an identifier, too."]})
    if decision is not None:
        decide_rows(connection, import_id, {n: decision}, [n] if sent.get("replaces", row.replaces) else [])
    elif "replaces" in sent:
        raise InvalidFieldsError({"decision": ["Decide first what is to become of the row."]})
    return _row(_find_row(connection, token, import_id, n))


@blueprint.post("/me/imports/<id:import_id>/commit")
@blueprint.response(200, import_schemas.Import)
@writing_slowly
@blueprint.arguments(import_schemas.CommitArguments, location="query")
def commit_import(reader: Reader, asked: dict[str, Any], import_id: int) -> dict[str, Any]:
    """Write what the file says, as far as you have decided about its rows."""
    return _work(reader, import_id, UploadState.WRITING, is_private=asked.get("is_private"))


@blueprint.post("/me/imports/<id:import_id>/undo")
@blueprint.response(200, import_schemas.Import)
@writing_slowly
def undo_import(reader: Reader, import_id: int) -> dict[str, Any]:
    """Make everything what it was before the rows were written. What you have changed since stays."""
    return _work(reader, import_id, UploadState.UNDOING)


def _work(reader: Reader, import_id: int, state: UploadState, *, is_private: bool | None = None) -> dict[str, Any]:
    """Begin the work on an import. Raises NotFound and Conflict."""
    with transaction() as connection:
        find_undisturbed(connection, reader, import_id)
        begin_work(connection, import_id, state, is_private=is_private)
    work_on(import_id)
    with transaction() as connection:
        return _described(connection, find_upload(connection, reader, import_id))


def _find_row(connection: Connection, token: LiveToken, import_id: int, n: int) -> UploadRow:
    """Return a row of one of the reader's imports. Raises NotFound."""
    found = select_row(connection, import_id, token.reader.id, n) if n <= UPLOAD_ROWS_MAX else None
    if found is None:
        raise NotFound("This file has no such row.")
    return found


def _row(row: UploadRow) -> dict[str, Any]:
    days = [
        {"started_on": began and str(began), "finished_on": ended and str(ended)} for began, ended in row.row.readings
    ]
    return asdict(row) | {
        "line": row.row.line,
        "says": asdict(row.row) | {"readings": days},
        "problems": row.row.problems,
        "is_written": row.outcome is not None and "fault" not in row.outcome,
    }


def _described(connection: Connection, upload: Upload) -> dict[str, Any]:
    counts = count_rows(connection, upload.id)
    return asdict(upload) | {"rows": {shown.value: count for shown, count in counts.items()}}
