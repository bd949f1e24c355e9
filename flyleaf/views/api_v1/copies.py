"""The reader's own copy of a book: its shelves, when it was read, and private notes."""

from typing import Any

from sqlalchemy import Connection
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import Conflict, NotFound

from flyleaf.history import ReadingDates
from flyleaf.queries.api_tokens import LiveToken
from flyleaf.queries.named_shelves import Status, remove_from_shelf
from flyleaf.queries.readings import Reading, delete_readings, update_reading
from flyleaf.queries.shelved_books import ShelvedBook, select_shelved_book
from flyleaf.queries.shelves import delete_shelved_books, unshelve_book, update_shelved_book
from flyleaf.views.api_v1 import shelf_schemas
from flyleaf.views.api_v1.blueprints import Blueprint, own, writing
from flyleaf.views.books import find_book
from flyleaf.views.shelf_forms import NotesForm, ReadingForm, ShelveForm
from flyleaf.views.shelved_books import add_dates, find_copy, put_by_name, shelve_by_name
from flyleaf.web.forms import Form
from flyleaf.web.problems import InvalidFieldsError

blueprint = Blueprint("Copies", __name__, "What you say of a book on your shelves: its shelves, dates and notes.")

NOT_SHELVED = "This book is on none of your shelves."


@blueprint.get("/editions/<identifier>/shelf")
@blueprint.response(200, shelf_schemas.ShelvedBook)
@own
def shelved_book(connection: Connection, token: LiveToken, identifier: str) -> ShelvedBook:
    """Return your copy of the edition’s work."""
    return _of_work(connection, find_book(connection, identifier).id, token)


@blueprint.put("/editions/<identifier>/shelf")
@blueprint.response(200, shelf_schemas.ShelvedBook)
@writing
@blueprint.arguments(shelf_schemas.NewShelf)
def shelve(connection: Connection, token: LiveToken, sent: dict[str, Any], identifier: str) -> ShelvedBook:
    """Put the edition’s work on a shelf: one of the four that everybody has, where it leaves the other three, or one
    that you name, which is made if you have none of this name."""
    name = _shelf_name(sent["shelf"])
    book = find_book(connection, identifier)
    shelve_by_name(connection, token.reader, book.id, name)
    return _of_work(connection, book.id, token)


@blueprint.delete("/editions/<identifier>/shelf")
@blueprint.response(204)
@writing
def unshelve(connection: Connection, token: LiveToken, identifier: str) -> None:
    """Take the edition’s work off all your shelves, with its dates and notes."""
    if not unshelve_book(connection, token.reader.id, find_book(connection, identifier).id):
        raise NotFound(NOT_SHELVED)


@blueprint.get("/me/books/<id:book_id>")
@blueprint.response(200, shelf_schemas.ShelvedBook)
@own
def get_copy(connection: Connection, token: LiveToken, book_id: int) -> ShelvedBook:
    """Return a book on your shelves, also one that the catalogue doesn’t have."""
    return find_copy(connection, token.reader, book_id)


@blueprint.patch("/me/books/<id:book_id>")
@blueprint.response(200, shelf_schemas.ShelvedBook)
@writing
@blueprint.arguments(shelf_schemas.ShelvedBookChange)
def change_copy(connection: Connection, token: LiveToken, sent: dict[str, Any], book_id: int) -> ShelvedBook:
    """Change the status or the private notes of a book on your shelves."""
    entry = find_copy(connection, token.reader, book_id)
    status, notes = entry.status, entry.notes
    if "status" in sent:
        status = Status(sent["status"])
    if "notes" in sent:
        form = _valid(NotesForm, notes=sent["notes"] or "")
        notes = form.notes.data or None
    update_shelved_book(connection, token.reader.id, entry.id, status=status, notes=notes)
    return find_copy(connection, token.reader, book_id)


@blueprint.delete("/me/books/<id:book_id>")
@blueprint.response(204)
@writing
def delete_copy(connection: Connection, token: LiveToken, book_id: int) -> None:
    """Take a book off all your shelves, with its dates and notes."""
    if not delete_shelved_books(connection, token.reader.id, [book_id]):
        raise NotFound(NOT_SHELVED)


@blueprint.put("/me/books/<id:book_id>/shelves/<name>")
@blueprint.response(200, shelf_schemas.ShelvedBook)
@writing
def put_copy_on_shelf(connection: Connection, token: LiveToken, book_id: int, name: str) -> ShelvedBook:
    """Put a book also on this shelf, which is made if you have none of this name."""
    wanted = _shelf_name(name)
    entry = find_copy(connection, token.reader, book_id)
    put_by_name(connection, token.reader, entry.id, wanted)
    return find_copy(connection, token.reader, book_id)


@blueprint.delete("/me/books/<id:book_id>/shelves/<name>")
@blueprint.response(204)
@writing
def take_copy_off_shelf(connection: Connection, token: LiveToken, book_id: int, name: str) -> None:
    """Take a book off a shelf that you have named. It leaves your shelves if it is on no other and has no notes or
    dates."""
    entry = find_copy(connection, token.reader, book_id)
    if not remove_from_shelf(connection, token.reader.id, entry.id, _shelf_name(name)):
        raise NotFound("This book isn’t on a shelf of this name that you have made.")


@blueprint.get("/me/books/<id:book_id>/readings")
@blueprint.response(200, shelf_schemas.Readings)
@own
def readings(connection: Connection, token: LiveToken, book_id: int) -> dict[str, Any]:
    """Return when you read a book."""
    return {"items": find_copy(connection, token.reader, book_id).readings}


@blueprint.post("/me/books/<id:book_id>/readings")
@blueprint.response(201, shelf_schemas.Reading)
@writing
@blueprint.arguments(shelf_schemas.NewReading)
def add_reading(connection: Connection, token: LiveToken, sent: dict[str, Any], book_id: int) -> Reading:
    """Add when you began and finished a book. Adding the same dates again changes nothing."""
    dates = _dates(sent)
    add_dates(connection, token.reader, find_copy(connection, token.reader, book_id), dates)
    entry = find_copy(connection, token.reader, book_id)
    days = tuple(day and day.last for day in dates)
    return next(one for one in entry.readings if (one.started_on, one.finished_on) == days)


@blueprint.put("/me/books/<id:book_id>/readings/<id:reading_id>")
@blueprint.response(200, shelf_schemas.Reading)
@writing
@blueprint.arguments(shelf_schemas.NewReading)
def change_reading(
    connection: Connection, token: LiveToken, sent: dict[str, Any], book_id: int, reading_id: int
) -> Reading:
    """Change when you began and finished a book."""
    dates = _dates(sent)
    _find_reading(connection, token, book_id, reading_id)
    if not update_reading(connection, token.reader.id, reading_id, dates):
        raise Conflict("You have read this book on these days already. Delete one of the two.")
    return _find_reading(connection, token, book_id, reading_id)


@blueprint.delete("/me/books/<id:book_id>/readings/<id:reading_id>")
@blueprint.response(204)
@writing
def delete_reading(connection: Connection, token: LiveToken, book_id: int, reading_id: int) -> None:
    """Delete these days. The book stays on your shelves."""
    found = _find_reading(connection, token, book_id, reading_id)
    delete_readings(connection, token.reader.id, [found.id])


def _of_work(connection: Connection, book_id: int, token: LiveToken) -> ShelvedBook:
    """Return the reader's copy of the book's work. Raises NotFound."""
    found = select_shelved_book(connection, token.reader.id, book_id)
    if found is None:
        raise NotFound(NOT_SHELVED)
    return found


def _find_reading(connection: Connection, token: LiveToken, book_id: int, reading_id: int) -> Reading:
    """Raises NotFound."""
    for one in find_copy(connection, token.reader, book_id).readings:
        if one.id == reading_id:
            return one
    raise NotFound("This book has no such reading.")


def _shelf_name(name: str) -> str:
    """Return the name of a shelf. Raises InvalidFieldsError."""
    found = _valid(ShelveForm, shelf=name).shelf.data
    if not found:  # only spaces
        raise InvalidFieldsError({"shelf": ["Enter a name for the shelf."]})
    return str(found)


def _dates(sent: dict[str, Any]) -> ReadingDates:
    """Return when a book was begun and finished. Raises InvalidFieldsError."""
    form = _valid(ReadingForm, **{name: str(value) for name, value in sent.items() if value is not None})
    dates: ReadingDates = form.dates
    return dates


def _valid(kind: type[Form], **values: str) -> Any:
    """Return the form that a page would have sent. Raises InvalidFieldsError."""
    form = kind(ImmutableMultiDict(values), meta={"csrf": False})
    if not form.validate():
        raise InvalidFieldsError(form.errors)
    return form
