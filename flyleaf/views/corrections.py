"""Correcting a book's fields, the history of its corrections, and undoing them."""

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import Conflict, NotFound, ServiceUnavailable

from flyleaf.queries.books import Book
from flyleaf.queries.corrections import (
    insert_correction,
    keep_imports_out,
    lock_book,
    select_corrected_book,
    select_corrections,
    select_values,
    undo_correction,
)
from flyleaf.queries.events import EventKind, insert_event
from flyleaf.queries.readers import Reader
from flyleaf.views.books import find_book
from flyleaf.views.correction_form import NAMES, CorrectionForm
from flyleaf.views.moderation import acting_moderator_required, may_act
from flyleaf.web.access import login_to_read
from flyleaf.web.drafts import restored
from flyleaf.web.forms import Form, require_token
from flyleaf.web.notices import redirect_with_notice
from flyleaf.web.paging import asked_place
from flyleaf.web.rendering import Answer, render_later

blueprint = Blueprint("corrections", __name__)
IMPORT_SECONDS = 120  # after which a reader is told to try again


@blueprint.route("/books/<address>/correct", methods=["GET", "POST"])
@acting_moderator_required
def correct(connection: Connection, moderator: Reader, address: str) -> Answer:
    book = find_book(connection, address)
    if request.method == "POST":
        wait_for_import(connection)
        lock_book(connection, book.id)
    form = CorrectionForm(request.form or restored(), select_values(connection, book.id))
    if request.method != "POST" or not form.validate():
        return render_later("book_correct.html", book=book, form=form), form.status
    for change in form.changes():
        made = insert_correction(
            connection,
            book.id,
            change.field,
            change.after,
            form.reason.data or None,
            proposed_by=moderator.id,
            accepted_by=moderator.id,
        )
        note(connection, moderator, "corrected", made)
    return _back_to(book, "book-corrected" if form.changes() else "nothing-corrected")


@blueprint.get("/books/<address>/history")
@login_to_read
def history(connection: Connection, reader: Reader, address: str) -> Answer:
    book = find_book(connection, address)
    corrections = select_corrections(connection, book.id, asked_place())
    may_undo = reader.is_moderator and may_act(reader)
    return render_later(
        "book_history.html", book=book, corrections=corrections, names=NAMES, form=Form(), may_undo=may_undo
    )


@blueprint.post("/corrections/<id:correction_id>/undo")
@acting_moderator_required
def undo(connection: Connection, moderator: Reader, correction_id: int) -> ResponseReturnValue:
    require_token()
    address = select_corrected_book(connection, correction_id)
    if address is None:
        raise NotFound(gettext("Correction not found."))
    wait_for_import(connection)
    undone = undo_correction(connection, correction_id, moderator.id)
    if undone is None:
        raise Conflict(gettext("This correction has already been undone."))
    note(connection, moderator, "undone", correction_id)
    if undone.proposed_by not in (None, moderator.id):
        insert_event(connection, EventKind.CORRECTION_UNDONE, undone.proposed_by, {"correction": correction_id})
    return redirect_with_notice(url_for("corrections.history", address=address), "correction-undone")


def wait_for_import(connection: Connection) -> None:
    """Keep imports out until the transaction ends. Raises ServiceUnavailable during one."""
    if not keep_imports_out(connection):
        raise ServiceUnavailable(
            gettext(
                "Books are being imported. Nothing can be corrected until that is done. Try again in a few minutes."
            ),
            retry_after=IMPORT_SECONDS,
        )


def note(connection: Connection, moderator: Reader, action: str, correction_id: int | None) -> None:
    """Add an action to the moderator's own events."""
    insert_event(connection, EventKind.MODERATED, moderator.id, {"action": action, "correction": correction_id})


def _back_to(book: Book, notice: str) -> ResponseReturnValue:
    return redirect_with_notice(url_for("books.book", address=book.address), notice)
