"""Suggesting a book that the catalogue doesn't have."""

import logging
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from sqlalchemy import Connection
from werkzeug.exceptions import Conflict, NotFound
from wtforms import StringField
from wtforms.validators import ValidationError

from flyleaf import isbn as isbns
from flyleaf import limits
from flyleaf.open_library import OpenLibraryBook, OpenLibraryError
from flyleaf.queries.books import select_book
from flyleaf.queries.events import EventKind, insert_event
from flyleaf.queries.proposals import decide_proposal
from flyleaf.queries.proposed_books import FIELDS, add_proposed_book, insert_proposed_book, is_proposed
from flyleaf.queries.readers import Reader
from flyleaf.series import read_title
from flyleaf.views.correction_form import NAMES, as_imported, cleaned, most
from flyleaf.views.corrections import may_suggest_or_correct, wait_for_import
from flyleaf.views.moderated_review import REASON_RULES
from flyleaf.views.proposals import count_proposal
from flyleaf.web.access import login_required, reader_required
from flyleaf.web.attempts import count_attempt, look_up_limits
from flyleaf.web.current import flyleaf, transaction
from flyleaf.web.drafts import restored
from flyleaf.web.forms import Form, line, no_control_characters
from flyleaf.web.notices import redirect_with_notice
from flyleaf.web.rendering import Answer, render_later, rendered

blueprint = Blueprint("proposed_books", __name__)
logger = logging.getLogger("flyleaf.open_library")


class BookForm(Form):
    isbn = StringField("ISBN", filters=[line], validators=[no_control_characters])
    title = StringField(NAMES["title"], validators=[no_control_characters, most(limits.TITLE_MAX), as_imported])
    author = StringField(NAMES["author"], validators=[no_control_characters, most(limits.AUTHOR_MAX), as_imported])
    year = StringField(NAMES["year"], validators=[no_control_characters, as_imported])
    publisher = StringField(
        NAMES["publisher"], validators=[no_control_characters, most(limits.PUBLISHER_MAX), as_imported]
    )
    language = StringField(NAMES["language"], validators=[no_control_characters, as_imported])
    pages = StringField(NAMES["pages"], validators=[no_control_characters, as_imported])
    reason = StringField(lazy_gettext("How do you know?"), filters=[line], validators=REASON_RULES)
    parsed: isbns.Isbn | None = None

    def validate_isbn(self, field: Any) -> None:
        """Parse the ISBN, if there is one. An import takes wrong ones, too, but here the reader can correct it."""
        if not field.data:
            return
        try:
            self.parsed = isbns.parse(field.data)
        except isbns.IsbnError:
            self.parsed = None
        if self.parsed is None or self.parsed.isbn13 is None:
            self.parsed = None
            raise ValidationError(gettext("This is not a valid ISBN. Check each digit, or leave it empty."))

    def values(self) -> dict[str, str | None]:
        return {name: self[name].data or None for name in FIELDS}

    def has_isbn(self) -> bool:
        """Return whether there is an ISBN, whatever is in the other fields. If not, the form says so."""
        for name in (*FIELDS, "reason"):
            self[name].validators = []
        if self.validate() and self.parsed is None:
            self.isbn.errors = [gettext("Enter the ISBN, which is on the back of the book.")]
        return not self.errors

    def fill_in(self, found: OpenLibraryBook) -> None:
        """Fill in the fields that were left empty. What an import would refuse stays out."""
        for name in FIELDS:
            entered = self[name].data or ""
            self[name].data = entered if entered.strip() else _usable(name, getattr(found, name, None) or "")


@blueprint.route("/proposals/book", methods=["GET", "POST"])
@login_required
def propose(connection: Connection, reader: Reader) -> Answer:
    """Say which book is missing. What a moderator says is added at once; what a reader says is suggested."""
    is_moderator = may_suggest_or_correct(reader)
    form = BookForm(request.form or restored(), isbn=_asked("isbn"), title=_asked("title"))
    if request.method != "POST" or not form.validate() or not _is_missing(connection, reader, form):
        return _page(form, is_moderator)
    if is_moderator:
        wait_for_import(connection)
    else:
        count_proposal(connection, reader)
    proposal_id = insert_proposed_book(connection, form.parsed, form.values(), form.reason.data or None, reader.id)
    if not is_moderator:
        insert_event(connection, EventKind.PROPOSAL_MADE, reader.id, {"proposal": proposal_id})
        return redirect_with_notice(url_for("proposals.proposals"), "proposal-made")
    address = add_proposed_book(connection, proposal_id)
    if address is None:  # a book without an ISBN
        raise Conflict(gettext("This book is already in the catalogue."))
    decide_proposal(connection, proposal_id, reader.id, is_accepted=True)
    insert_event(connection, EventKind.MODERATED, reader.id, {"action": "added", "proposal": proposal_id})
    return redirect_with_notice(url_for("books.book", address=address), "book-added")


@blueprint.route("/proposals/book/look-up", methods=["GET", "POST"])
@reader_required
def look_up(reader: Reader) -> ResponseReturnValue:
    """Fill in the form with what Open Library says of the ISBN, for the reader to check.

    No connection to the database is held meanwhile.
    """
    is_moderator = may_suggest_or_correct(reader)
    form = BookForm(request.form or restored())
    found = _look_up(reader, form) if request.method == "POST" and form.has_isbn() else None
    if found is not None:
        form.fill_in(found)
    return rendered(_page(form, is_moderator, is_filled_in=found is not None))


def _look_up(reader: Reader, form: BookForm) -> OpenLibraryBook | None:
    """Return what Open Library says of the form's ISBN. If that is nothing, the form says why."""
    open_library = flyleaf().open_library_books
    if open_library is None or form.parsed is None:
        raise NotFound
    with transaction() as connection:
        if not _is_missing(connection, reader, form):
            return None
    count_attempt(look_up_limits(reader))
    try:
        found = open_library.fetch_book(form.parsed)
    except OpenLibraryError as error:
        logger.warning("book not looked up", extra={"isbn": form.parsed.identity, "error": str(error)})
        form.isbn.errors = [gettext("Open Library can’t be reached at the moment. Fill in the form yourself.")]
        return None
    if found is None:
        form.isbn.errors = [gettext("Open Library doesn’t know this ISBN. Fill in the form yourself.")]
    return found


def _page(form: BookForm, is_moderator: bool, *, is_filled_in: bool = False) -> Answer:
    shown = {"form": form, "is_moderator": is_moderator, "is_filled_in": is_filled_in}
    return render_later("book_propose.html", **shown, may_look_up=flyleaf().open_library_books is not None), form.status


def _usable(name: str, said: str) -> str:
    """Return what an import would make of a field, "" if it would refuse it."""
    try:
        value = cleaned(name, said)
    except ValidationError:
        return ""
    return read_title(value)[0] if name == "title" else value


def _is_missing(connection: Connection, reader: Reader, form: BookForm) -> bool:
    """Return whether the book is neither in the catalogue nor suggested by the reader. If it is, the form says so."""
    if form.parsed is not None:
        found = select_book(connection, form.parsed.identity)
        if found is not None:
            form.isbn.errors = [gettext("This book is already in the catalogue: %(title)s.", title=found.title)]
        elif is_proposed(connection, form.parsed, reader.id):
            form.isbn.errors = [gettext("You have already suggested this. It is waiting for a moderator.")]
    return not form.errors


def missing_book(query: str) -> dict[str, str]:
    """Return the arguments of the link to this page for a search that found nothing."""
    try:
        return {"isbn": isbns.parse(query).isbn}
    except isbns.IsbnError:
        return {"title": query}


def _asked(name: str) -> str:
    """Return what the link to this page says of the book."""
    return request.args.get(name, "")[: limits.QUERY_MAX]
