"""Which editions are of one work: correcting it, and undoing that."""

from urllib.parse import unquote

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from sqlalchemy import Connection
from werkzeug.exceptions import Conflict, NotFound
from wtforms import RadioField, SelectChoice, StringField  # type: ignore[attr-defined]  # stubs of an older version
from wtforms.validators import InputRequired

from flyleaf.queries.books import Book
from flyleaf.queries.events import EventKind, insert_event
from flyleaf.queries.proposals import insert_work_proposal
from flyleaf.queries.readers import Reader
from flyleaf.queries.work_corrections import (
    Kind,
    correct_work,
    select_corrected_address,
    undo_work_correction,
    would_change_works,
)
from flyleaf.search import require
from flyleaf.views.books import find_book
from flyleaf.views.corrections import may_suggest_or_correct
from flyleaf.views.moderated_review import REASON_RULES
from flyleaf.views.moderation import acting_moderator_required
from flyleaf.views.proposals import count_proposal
from flyleaf.web.access import login_required
from flyleaf.web.covers import covers_of
from flyleaf.web.drafts import restored
from flyleaf.web.forms import Form, line, no_control_characters, require_token
from flyleaf.web.notices import redirect_with_notice
from flyleaf.web.rendering import Answer, render_later

blueprint = Blueprint("work_corrections", __name__)


class EditionsForm(Form):
    kind = RadioField(
        lazy_gettext("What is wrong?"),
        choices=[
            SelectChoice(Kind.MERGE.value, lazy_gettext("It is the same book as another one")),
            SelectChoice(Kind.SPLIT.value, lazy_gettext("It is not an edition of the book that it is listed with")),
            SelectChoice(
                Kind.MOVE.value, lazy_gettext("It is an edition of another book than the one it is listed with")
            ),
        ],
        validators=[InputRequired(lazy_gettext("Choose what is wrong."))],
    )
    other = StringField(lazy_gettext("The other book"), filters=[line], validators=[no_control_characters])
    reason = StringField(lazy_gettext("How do you know?"), filters=[line], validators=REASON_RULES)


@blueprint.route("/books/<address>/editions", methods=["GET", "POST"])
@login_required
def editions(connection: Connection, reader: Reader, address: str) -> Answer:
    """Say which books are one. What a moderator says is done at once; what a reader says is suggested."""
    is_moderator = may_suggest_or_correct(reader)
    book = find_book(connection, address)
    require(connection)
    shown = {"book": book, "covers": covers_of(connection, [book]), "is_moderator": is_moderator}
    form = EditionsForm(request.form or restored())
    if request.method != "POST" or not form.validate():
        return render_later("book_editions.html", **shown, form=form), form.status
    kind = Kind(form.kind.data)
    other = None if kind is Kind.SPLIT else _find_other(connection, form)
    other_id = None if other is None else other.id
    if not form.errors and not would_change_works(connection, kind, book.id, other_id):
        form.kind.errors = [_nothing_to_do(kind)]
    if form.errors:
        return render_later("book_editions.html", **shown, form=form), form.status
    reason = form.reason.data or None
    if is_moderator:
        made = correct_work(connection, kind, book.id, other_id, reason, proposed_by=reader.id, accepted_by=reader.id)
        _note(connection, reader, "corrected", made)
        return redirect_with_notice(url_for("books.book", address=book.address), "book-corrected")
    if not insert_work_proposal(connection, kind, book.id, other_id, reason, reader.id):
        raise Conflict(gettext("You have already suggested this. It is waiting for a moderator."))
    count_proposal(connection, reader)
    insert_event(connection, EventKind.PROPOSAL_MADE, reader.id, {"book": book.id})
    return redirect_with_notice(url_for("books.book", address=book.address), "proposal-made")


@blueprint.post("/work-corrections/<id:correction_id>/undo")
@acting_moderator_required
def undo(connection: Connection, moderator: Reader, correction_id: int) -> ResponseReturnValue:
    require_token()
    require(connection)
    address = select_corrected_address(connection, correction_id)
    if address is None:
        raise NotFound(gettext("Correction not found."))
    if not undo_work_correction(connection, correction_id, moderator.id):
        raise Conflict(gettext("This correction has already been undone."))
    _note(connection, moderator, "undone", correction_id)
    return redirect_with_notice(url_for("corrections.history", address=address), "correction-undone")


def _find_other(connection: Connection, form: EditionsForm) -> Book | None:
    """Return the other book. Without one the form says what is wrong."""
    named = form.other.data or ""
    if "/books/" in named:  # the address of its page
        named = unquote(named.partition("/books/")[2]).partition("?")[0].partition("#")[0].partition("/")[0]
    try:
        return find_book(connection, named)
    except NotFound as error:
        form.other.errors = [error.description if named else gettext("Enter the other book’s ISBN or address.")]
        return None


def _nothing_to_do(kind: Kind) -> str:
    if kind is Kind.SPLIT:
        return str(gettext("This book is not listed with any other edition."))
    return str(gettext("Both are already listed as editions of one book."))


def _note(connection: Connection, moderator: Reader, action: str, correction_id: int | None) -> None:
    insert_event(connection, EventKind.MODERATED, moderator.id, {"action": action, "work_correction": correction_id})
