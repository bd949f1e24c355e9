"""Bringing a reading history: upload a file, look at what would be written, correct it, write it, undo that."""

import re
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from time import monotonic

from flask import Blueprint, after_this_request, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import Conflict, NotFound, RequestEntityTooLarge
from werkzeug.wrappers import Response

from flyleaf.history import HistoryRow, RefusedRow
from flyleaf.importing import UnusableFileError
from flyleaf.importing.history import read_upload
from flyleaf.limits import QUERY_MAX, UPLOAD_BYTES_MAX, UPLOAD_NAME_MAX
from flyleaf.queries.readers import Reader
from flyleaf.queries.upload_rows import (
    ROWS_ON_A_PAGE,
    Decision,
    Shown,
    choose_book,
    count_rows,
    decide_rows,
    insert_upload_rows,
    select_row,
    select_rows,
)
from flyleaf.queries.upload_work import continue_next_upload
from flyleaf.queries.uploads import (
    Upload,
    UploadState,
    begin_work,
    delete_upload,
    finish_upload,
    insert_upload,
    is_in_work,
    select_upload,
    select_uploads,
)
from flyleaf.search import SearchQuery, is_ready, search_books
from flyleaf.turns import Turns
from flyleaf.views.books import find_book
from flyleaf.web.access import login_required, login_to_read, reader_required
from flyleaf.web.attempts import count_attempt, upload_limits
from flyleaf.web.current import flyleaf, transaction
from flyleaf.web.filters import decimal
from flyleaf.web.forms import Form, line, require_token
from flyleaf.web.notices import redirect_with_notice
from flyleaf.web.rendering import Answer, render_later, rendered

blueprint = Blueprint("uploads", __name__, url_prefix="/import")

AT_ONCE = 500  # rows that are stored together
SECONDS = 2.5  # for which a request works on an upload itself; the rest is done in the background
LOOK_AGAIN = 2  # seconds until a page about work in the background is loaded again
FORM_BYTES = 64 * 1024  # around the file
BOOKS_SHOWN = 8  # for the reader to choose from
_NUMBER = re.compile(r"row-([0-9]{1,9})", re.ASCII)
_turns = Turns(2)


@blueprint.route("", methods=["GET", "POST"])
@reader_required
def uploads(reader: Reader) -> ResponseReturnValue:
    if request.method != "POST":
        return _page(reader)
    try:
        allow_files()
    except RequestEntityTooLarge as error:
        return _page(reader, error.description or "", 413)
    require_token()
    file = request.files.get("file")
    if file is None or not file.filename:
        return _page(reader, gettext("Choose the file that you exported."), 422)
    try:
        upload_id = read_file(reader, file)
    except UnusableFileError as error:
        return _page(reader, gettext("This file can’t be used, and nothing was written."), 422, _said(error))
    return redirect(url_for("uploads.upload", upload_id=upload_id), 303)


def allow_files() -> None:
    """Let this request bring a file. Raises RequestEntityTooLarge."""
    request.max_content_length = UPLOAD_BYTES_MAX + FORM_BYTES
    if (request.content_length or 0) > request.max_content_length:
        raise RequestEntityTooLarge(
            gettext(
                "The file is larger than %(most)s MB. Export fewer books at a time, or compress it.",
                most=UPLOAD_BYTES_MAX >> 20,
            )
        )


def _said(error: UnusableFileError) -> str:
    """Return why the file can't be used, in the reader's language."""
    values = {name: decimal(value) if isinstance(value, int) else value for name, value in error.values.items()}
    why = str(gettext(error.problem, **values))
    return str(gettext("line %(line)s: %(problem)s", line=decimal(error.line), problem=why)) if error.line else why


def _page(reader: Reader, problem: str = "", status: int = 200, detail: str = "") -> ResponseReturnValue:
    with transaction() as connection:
        found = select_uploads(connection, reader.id)
    return rendered((
        render_later("import.html", uploads=found, form=Form(), problem=problem, detail=detail,
                     most=UPLOAD_BYTES_MAX >> 20),
        status,
    ))  # fmt: skip


def read_file(reader: Reader, file: FileStorage) -> int:
    """Store the rows of a file, begin to match them with books, and return the upload's id.

    Raises UnusableFileError, after which nothing is left of the file, TooManyRequests and BusyError.
    """
    count_attempt(upload_limits(reader))
    with _turns.take("uploads"), closing(file):
        upload_id = _store(reader, file)
    work_on(upload_id)
    return upload_id


def _store(reader: Reader, file: FileStorage) -> int:
    """Store the rows of a file, some at a time, and return the upload's id."""
    name = "".join(filter(str.isprintable, line(file.filename) or ""))[-UPLOAD_NAME_MAX:].strip() or "-"
    with read_upload(file.stream) as history:
        with transaction() as connection:
            upload_id = insert_upload(connection, reader.id, name, history.format)
        count = 0
        try:
            for rows in _batches(history.rows):
                with transaction() as connection:
                    if not insert_upload_rows(connection, upload_id, rows, count + 1):
                        raise NotFound(gettext("You have no such import, or you deleted it."))
                count += len(rows)
        except UnusableFileError:
            with transaction() as connection:
                delete_upload(connection, upload_id)
            raise
    with transaction() as connection:
        finish_upload(connection, upload_id, count)
    return upload_id


def _batches(rows: Iterator[HistoryRow | RefusedRow]) -> Iterator[list[HistoryRow | RefusedRow]]:
    while some := list(islice(rows, AT_ONCE)):
        yield some


def work_on(upload_id: int) -> bool:
    """Do the first steps of what is to be done with an upload, and leave the rest to the background. Return whether all
    of it is done."""
    until = monotonic() + SECONDS
    is_done = False
    with transaction() as connection:
        goes_on = is_ready(connection)  # without it no row would match a work
    while goes_on and monotonic() < until:
        goes_on = continue_next_upload(transaction, flyleaf().config.missing_books, upload_id)
        with transaction() as connection:
            is_done = not is_in_work(connection, upload_id)
    if not is_done:
        flyleaf().maintenance.wake()
    return is_done


@blueprint.get("/<id:upload_id>")
@login_to_read
def upload(connection: Connection, reader: Reader, upload_id: int) -> Answer:
    found = find_upload(connection, reader, upload_id)
    if found.state.is_in_work:

        @after_this_request
        def look_again(response: Response) -> Response:
            response.headers["Refresh"] = str(LOOK_AGAIN)
            return response

        return render_later("import_work.html", upload=found)
    shown, after = _asked()
    counts = count_rows(connection, upload_id)
    rows = select_rows(connection, upload_id, reader.id, shown, after)
    following = rows[ROWS_ON_A_PAGE - 1].n if len(rows) > ROWS_ON_A_PAGE else None
    return render_later(
        "import_rows.html",
        upload=found,
        rows=rows[:ROWS_ON_A_PAGE],
        counts=counts,
        shown=shown,
        after=after,
        following=following,
        form=Form(),
        adds_books=flyleaf().config.missing_books,
    )


@blueprint.post("/<id:upload_id>/rows")
@login_required
def decide(connection: Connection, reader: Reader, upload_id: int) -> ResponseReturnValue:
    """Set what is to become of the rows on a page of the list."""
    require_token()
    find_undisturbed(connection, reader, upload_id)
    decisions: dict[int, Decision] = {}
    for name, value in request.form.items():
        if (number := _NUMBER.fullmatch(name)) and value in set(Decision):
            decisions[int(number[1])] = Decision(value)
    replacing = [n for n in decisions if f"replace-{n}" in request.form]
    decide_rows(connection, upload_id, decisions, replacing)
    shown, after = _asked()
    following = request.form.get("following", "")
    if following.isascii() and following.isdigit():
        after = int(following[:9])
    return redirect(url_for("uploads.upload", upload_id=upload_id, show=shown, after=after or None), 303)


@blueprint.route("/<id:upload_id>/rows/<id:n>", methods=["GET", "POST"])
@login_required
def choose(connection: Connection, reader: Reader, upload_id: int, n: int) -> Answer:
    """Search for the book that a row is about."""
    if request.method == "POST":
        require_token()
        find_undisturbed(connection, reader, upload_id)
        book = find_book(connection, request.form.get("book", ""))
        choose_book(connection, upload_id, n, book.id)
        shown, _ = _asked()
        return redirect(
            url_for("uploads.upload", upload_id=upload_id, show=shown, after=n - 1 or None, _anchor=f"row-{n}"), 303
        )
    found = find_upload(connection, reader, upload_id)
    row = select_row(connection, upload_id, reader.id, n)
    if row is None or row.refused_because is not None:
        raise NotFound(gettext("This file has no such row."))
    asked = (line(request.args.get("q")) or f"{row.row.title} {row.row.author}")[:QUERY_MAX]
    results = search_books(connection, SearchQuery(asked, page_size=BOOKS_SHOWN)).results if asked.strip() else []
    return render_later("import_row.html", upload=found, row=row, query=asked, results=results, form=Form())


@blueprint.post("/<id:upload_id>/commit")
@reader_required
def commit(reader: Reader, upload_id: int) -> ResponseReturnValue:
    """Write the rows, as far as the reader has decided about them."""
    require_token()
    with transaction() as connection:
        find_undisturbed(connection, reader, upload_id)
        begin_work(connection, upload_id, UploadState.WRITING, is_private="private" in request.form)
    return _after_work(upload_id, "upload-written")


@blueprint.post("/<id:upload_id>/undo")
@reader_required
def undo(reader: Reader, upload_id: int) -> ResponseReturnValue:
    """Make everything what it was before the rows were written."""
    require_token()
    with transaction() as connection:
        find_undisturbed(connection, reader, upload_id)
        begin_work(connection, upload_id, UploadState.UNDOING)
    return _after_work(upload_id, "upload-undone")


@blueprint.post("/<id:upload_id>/withdraw")
@login_required
def forget(connection: Connection, reader: Reader, upload_id: int) -> ResponseReturnValue:
    """Delete what is stored of the file. What was written stays."""
    require_token()
    find_undisturbed(connection, reader, upload_id)
    delete_upload(connection, upload_id)
    return redirect_with_notice(url_for("uploads.uploads"), "upload-forgotten")


def _after_work(upload_id: int, notice: str) -> ResponseReturnValue:
    page = url_for("uploads.upload", upload_id=upload_id)
    return redirect_with_notice(page, notice) if work_on(upload_id) else redirect(page, 303)


def _asked() -> tuple[Shown, int]:
    """Return which rows the address asks for, and after which one the page begins."""
    shown = request.args.get("show", "")
    after = request.args.get("after", "")
    return (
        Shown(shown) if shown in set(Shown) else Shown.ALL,
        int(after[:9]) if after.isascii() and after.isdigit() else 0,
    )


def find_upload(connection: Connection, reader: Reader, upload_id: int, *, lock: bool = False) -> Upload:
    found = select_upload(connection, upload_id, reader.id, lock=lock)
    if found is None:
        raise NotFound(gettext("You have no such import, or you deleted it."))
    return found


def find_undisturbed(connection: Connection, reader: Reader, upload_id: int) -> Upload:
    """Return an upload that nothing is done with at the moment, locked. Raises Conflict."""
    found = find_upload(connection, reader, upload_id, lock=True)
    if found.state.is_in_work:
        raise Conflict(gettext("This import is being worked on. Wait until that is done, then try again."))
    return found
