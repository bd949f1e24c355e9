"""Correcting a book's fields, the history of its corrections, and undoing them."""

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import Conflict, Forbidden, NotFound, ServiceUnavailable

from flyleaf.paging import NEWEST
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
from flyleaf.queries.proposals import insert_field_proposal, select_proposed_fields
from flyleaf.queries.readers import Reader
from flyleaf.queries.work_corrections import select_work_corrections
from flyleaf.search import is_ready
from flyleaf.views.books import find_book
from flyleaf.views.correction_form import NAMES, CorrectionForm
from flyleaf.views.moderation import acting_moderator_required, may_act
from flyleaf.views.proposals import count_proposal
from flyleaf.web.access import login_required, login_to_read
from flyleaf.web.covers import covers_of
from flyleaf.web.current import flyleaf
from flyleaf.web.drafts import restored
from flyleaf.web.forms import require_token
from flyleaf.web.notices import redirect_with_notice
from flyleaf.web.paging import asked_place
from flyleaf.web.rendering import Answer, render_later

blueprint = Blueprint("corrections", __name__)
IMPORT_SECONDS = 120  # after which a reader is told to try again


@blueprint.route("/books/<address>/correct", methods=["GET", "POST"])
@login_required
def correct(connection: Connection, reader: Reader, address: str) -> Answer:
    """Show a book's fields. What a moderator changes is changed at once; what a reader changes is suggested."""
    is_moderator = may_suggest_or_correct(reader)
    book = find_book(connection, address)
    if request.method == "POST" and is_moderator:
        wait_for_import(connection)
        lock_book(connection, book.id)
    form = CorrectionForm(request.form or restored(), select_values(connection, book.id))
    if (
        request.method != "POST"
        or not form.validate()
        or not (is_moderator or _are_new(connection, reader, book, form))
    ):
        shown = {"book": book, "covers": covers_of(connection, [book]), "is_moderator": is_moderator}
        return render_later("book_correct.html", **shown, form=form), form.status
    if not form.changes():
        return _back_to(book, "nothing-corrected")
    if is_moderator:
        _correct(connection, reader, book, form)
        return _back_to(book, "book-corrected")
    _propose(connection, reader, book, form)
    return _back_to(book, "proposal-made")


def _correct(connection: Connection, moderator: Reader, book: Book, form: CorrectionForm) -> None:
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


def _are_new(connection: Connection, reader: Reader, book: Book, form: CorrectionForm) -> bool:
    """Return whether the reader has no open proposal for any of the changed fields. If not, the form says so."""
    proposed = select_proposed_fields(connection, book.id, reader.id)
    for change in form.changes():
        if change.field in proposed:
            form[change.field].errors = [
                gettext("You have already suggested a change here. Withdraw it under Account to suggest another one.")
            ]
    return not form.errors


def _propose(connection: Connection, reader: Reader, book: Book, form: CorrectionForm) -> None:
    count_proposal(connection, reader)
    for change in form.changes():
        insert_field_proposal(
            connection, book.id, change.field, change.before, change.after, form.reason.data or None, reader.id
        )
    insert_event(connection, EventKind.PROPOSAL_MADE, reader.id, {"book": book.id})


@blueprint.get("/books/<address>/history")
@login_to_read
def history(connection: Connection, reader: Reader, address: str) -> Answer:
    book = find_book(connection, address)
    place = asked_place()
    corrections = select_corrections(connection, book.id, place)
    of_works = select_work_corrections(connection, book.id) if place == NEWEST and is_ready(connection) else []
    may_undo = reader.is_moderator and may_act(reader)
    covers = covers_of(connection, [book])
    shown = {"book": book, "covers": covers, "corrections": corrections, "of_works": of_works, "names": NAMES}
    return render_later("book_history.html", **shown, may_undo=may_undo)


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


def may_suggest_or_correct(reader: Reader) -> bool:
    """Return whether the reader is a moderator, who corrects at once; others suggest. Raises Forbidden and NotFound if
    they can't."""
    is_moderator = reader.is_moderator and may_act(reader)
    if not is_moderator and not flyleaf().config.proposals:
        if reader.is_moderator:
            raise Forbidden(gettext("Moderators of this site need two-factor authentication before they can act."))
        raise NotFound(gettext("Readers can’t suggest corrections on this site."))
    return is_moderator


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
