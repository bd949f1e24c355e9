"""Bringing a reading history: a file is uploaded and matched; then its rows are written, which can be undone."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import request
from sqlalchemy import Connection
from werkzeug.exceptions import UnsupportedMediaType

from flyleaf.importing import UnusableFileError
from flyleaf.queries.api_tokens import LiveToken
from flyleaf.queries.readers import Reader
from flyleaf.queries.upload_rows import count_rows
from flyleaf.queries.uploads import Upload, UploadState, begin_work, select_uploads
from flyleaf.views.api_v1 import own_schemas
from flyleaf.views.api_v1.blueprints import Blueprint, own, writing_slowly
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
@blueprint.response(201, own_schemas.Import)
@writing_slowly
@_with_file
@blueprint.arguments(own_schemas.NewImport, location="files")
def start_import(reader: Reader, files: dict[str, Any]) -> dict[str, Any]:
    """Upload a reading history, whose rows are matched with books. Nothing is written yet."""
    try:
        upload_id = read_file(reader, files["file"])
    except UnusableFileError as error:
        raise InvalidFieldsError({"file": [f"This file can’t be used, and nothing was written: {error}"]}) from error
    with transaction() as connection:
        return _described(connection, find_upload(connection, reader, upload_id))


@blueprint.get("/me/imports")
@blueprint.response(200, own_schemas.Imports)
@own
def imports(connection: Connection, token: LiveToken) -> dict[str, Any]:
    """Return your imports, newest first. How many rows each has of which kind is only said of a single one."""
    return {"items": [_listed(upload) for upload in select_uploads(connection, token.reader.id)]}


@blueprint.get("/me/imports/<id:import_id>")
@blueprint.response(200, own_schemas.Import)
@own
def get_import(connection: Connection, token: LiveToken, import_id: int) -> dict[str, Any]:
    """Return how far an import is. Ask again while its state is `matching`, `writing` or `undoing`."""
    return _described(connection, find_upload(connection, token.reader, import_id))


@blueprint.post("/me/imports/<id:import_id>/commit")
@blueprint.response(200, own_schemas.Import)
@writing_slowly
def commit_import(reader: Reader, import_id: int) -> dict[str, Any]:
    """Write what the file says, as the page of the import shows it."""
    return _work(reader, import_id, UploadState.WRITING)


@blueprint.post("/me/imports/<id:import_id>/undo")
@blueprint.response(200, own_schemas.Import)
@writing_slowly
def undo_import(reader: Reader, import_id: int) -> dict[str, Any]:
    """Make everything what it was before the rows were written. What you have changed since stays."""
    return _work(reader, import_id, UploadState.UNDOING)


def _work(reader: Reader, import_id: int, state: UploadState) -> dict[str, Any]:
    """Begin the work on an import. Raises NotFound and Conflict."""
    with transaction() as connection:
        find_undisturbed(connection, reader, import_id)
        begin_work(connection, import_id, state)
    work_on(import_id)
    with transaction() as connection:
        return _described(connection, find_upload(connection, reader, import_id))


def _described(connection: Connection, upload: Upload) -> dict[str, Any]:
    counts = count_rows(connection, upload.id)
    return _listed(upload) | {"rows": {shown.value: count for shown, count in counts.items()}}


def _listed(upload: Upload) -> dict[str, Any]:
    return {
        "id": upload.id,
        "name": upload.name,
        "format": upload.format,
        "state": upload.state.value,
        "row_count": upload.row_count,
        "done": upload.done,
        "created_at": upload.created_at,
    }
