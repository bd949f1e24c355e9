"""A reader's own copy of a book: its shelves, when it was read, and private notes."""

from urllib.parse import quote

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, gettext
from sqlalchemy import Connection
from werkzeug.exceptions import BadRequest, Conflict, NotFound, UnprocessableEntity

from flyleaf.history import ReadingDates
from flyleaf.limits import READINGS_MAX, SHELVED_MAX, SHELVES_MAX
from flyleaf.queries.named_shelves import TooManyShelvesError, remove_from_shelf, select_shelves, status_of
from flyleaf.queries.readers import Reader
from flyleaf.queries.readings import add_reading, delete_readings
from flyleaf.queries.shelf_entries import TooManyBooksError
from flyleaf.queries.shelved_books import ShelvedBook, select_own_shelved_book
from flyleaf.queries.shelves import (
    delete_shelved_books,
    put_on_shelf,
    shelve_book,
    unshelve_book,
    update_shelved_book,
)
from flyleaf.views.books import find_book
from flyleaf.views.shelf_forms import NotesForm, ReadingForm, ShelveForm
from flyleaf.web.access import login_required
from flyleaf.web.covers import covers_of
from flyleaf.web.drafts import restored
from flyleaf.web.forms import require_token
from flyleaf.web.local_paths import local_path
from flyleaf.web.notices import redirect_with_notice
from flyleaf.web.rendering import Answer, Rendering, render_later

blueprint = Blueprint("shelved_books", __name__)


@blueprint.post("/books/<address>/shelf")
@login_required
def shelve(connection: Connection, reader: Reader, address: str) -> ResponseReturnValue:
    """Put a book on a shelf, or take it off all of them."""
    name = _asked_shelf()
    book = find_book(connection, address)
    back = local_path(request.form.get("back"))
    if back:
        page = f"{back.partition('#')[0]}#b-{quote(book.address)}"
    else:
        page = url_for("books.book", address=book.address, _anchor="my-copy")
    if not name:
        return redirect_with_notice(
            page, "unshelved" if unshelve_book(connection, reader.id, book.id) else "not-shelved"
        )
    shelve_by_name(connection, reader, book.id, name)
    return redirect(page, 303)


def shelve_by_name(connection: Connection, reader: Reader, book_id: int, name: str) -> None:
    """Put a book on the shelf of this name, which may be that of a status. Raises Conflict."""
    status = status_of(name)
    try:
        shelve_book(connection, reader.id, book_id, status=status, shelves=[] if status else [name])
    except TooManyShelvesError as error:
        raise too_many_shelves() from error
    except TooManyBooksError as error:
        most = format_decimal(SHELVED_MAX)
        raise Conflict(gettext("Your shelves can hold up to %(most)s books. Take one off first.", most=most)) from error


def put_by_name(connection: Connection, reader: Reader, shelved_id: int, name: str) -> None:
    """Put one of the reader's copies on the shelf of this name, which may be that of a status. Raises Conflict."""
    try:
        put_on_shelf(connection, reader.id, shelved_id, name)
    except TooManyShelvesError as error:
        raise too_many_shelves() from error


@blueprint.route("/shelves/books/<id:shelved_id>", methods=["GET", "POST"])
@login_required
def copy(connection: Connection, reader: Reader, shelved_id: int) -> Answer:
    """Show the reader's own copy, or save its notes."""
    entry = find_copy(connection, reader, shelved_id)
    if request.method != "POST":
        typed = restored()
        return _page(connection, reader, entry, notes=None if typed is None else NotesForm(typed))
    form = NotesForm(request.form)
    if not form.validate():
        return _page(connection, reader, entry, notes=form), form.status
    update_shelved_book(connection, reader.id, entry.id, status=entry.status, notes=form.notes.data or None)
    return _back_to(entry, "notes-saved")


@blueprint.post("/shelves/books/<id:shelved_id>/shelf")
@login_required
def move(connection: Connection, reader: Reader, shelved_id: int) -> ResponseReturnValue:
    """Put a copy on a shelf, as `shelve` does with a book. Lines of the reader's own have no other way."""
    name = _asked_shelf()
    entry = find_copy(connection, reader, shelved_id)
    if not name:
        delete_shelved_books(connection, reader.id, [entry.id])
        return redirect_with_notice(url_for("shelves.shelves"), "unshelved")
    put_by_name(connection, reader, entry.id, name)
    return _back_to(entry)


@blueprint.post("/shelves/books/<id:shelved_id>/shelf/remove")
@login_required
def remove(connection: Connection, reader: Reader, shelved_id: int) -> ResponseReturnValue:
    """Take a copy off one shelf that the reader has named."""
    name = _asked_shelf()
    entry = find_copy(connection, reader, shelved_id)
    remove_from_shelf(connection, reader.id, entry.id, name)
    if entry.address is None and select_own_shelved_book(connection, reader.id, entry.id) is None:
        return redirect_with_notice(url_for("shelves.shelves"), "unshelved")
    return _back_to(entry)


@blueprint.post("/shelves/books/<id:shelved_id>/readings")
@login_required
def read(connection: Connection, reader: Reader, shelved_id: int) -> Answer:
    """Add when the book was begun and finished."""
    entry = find_copy(connection, reader, shelved_id)
    form = ReadingForm(request.form)
    if not form.validate():
        return _page(connection, reader, entry, reading=form), form.status
    add_dates(connection, reader, entry, form.dates)
    return _back_to(entry)


def add_dates(connection: Connection, reader: Reader, entry: ShelvedBook, dates: ReadingDates) -> None:
    """Add when the reader's copy was begun and finished. The same dates again change nothing. Raises Conflict."""
    is_added = add_reading(connection, reader.id, entry.id, dates) is not None
    if not is_added and len(entry.readings) >= READINGS_MAX:
        raise Conflict(gettext("A book can have up to %(most)s dates. Delete one first.", most=READINGS_MAX))


@blueprint.post("/shelves/books/<id:shelved_id>/readings/<id:reading_id>/delete")
@login_required
def delete_reading(connection: Connection, reader: Reader, shelved_id: int, reading_id: int) -> ResponseReturnValue:
    require_token()
    entry = find_copy(connection, reader, shelved_id)
    delete_readings(connection, reader.id, [reading_id])
    return _back_to(entry)


def _asked_shelf() -> str:
    """Return the name of a shelf that the form has, empty for none. Raises BadRequest and UnprocessableEntity."""
    require_token()
    if "shelf" not in request.form:
        raise BadRequest(gettext("Choose a shelf. An empty name takes the book off all shelves."))
    form = ShelveForm(request.form)
    if not form.validate():
        raise UnprocessableEntity(" ".join(map(str, form.shelf.errors)))
    if request.form["shelf"] and not form.shelf.data:  # only spaces: not what the button sends
        raise UnprocessableEntity(gettext("Enter a name for the shelf."))
    return form.shelf.data or ""


def too_many_shelves() -> Conflict:
    return Conflict(gettext("You can have up to %(most)s shelves of your own. Delete one first.", most=SHELVES_MAX))


def find_copy(connection: Connection, reader: Reader, shelved_id: int) -> ShelvedBook:
    """Return the reader's own copy with this id. Raises NotFound."""
    entry = select_own_shelved_book(connection, reader.id, shelved_id)
    if entry is None:
        raise NotFound(gettext("This book isn’t on your shelves any more."))
    return entry


def _page(
    connection: Connection,
    reader: Reader,
    entry: ShelvedBook,
    *,
    notes: NotesForm | None = None,
    reading: ReadingForm | None = None,
) -> Rendering:
    return render_later(
        "shelved_book.html",
        entry=entry,
        covers=covers_of(connection, [entry]),
        own_shelves=[shelf.name for shelf in select_shelves(connection, reader.id) if shelf.status is None],
        form=notes or reading,
        notes_form=notes,
        reading_form=reading,
    )


def _back_to(entry: ShelvedBook, notice: str | None = None) -> ResponseReturnValue:
    if entry.address:
        page = url_for("books.book", address=entry.address, _anchor="my-copy")
    else:
        page = url_for("shelved_books.copy", shelved_id=entry.id)
    return redirect_with_notice(page, notice) if notice else redirect(page, 303)
