"""One's own shelves: what one wants to read, is reading and has read."""

from typing import Any

from sqlalchemy import Connection
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import NotFound

from flyleaf.queries.api_tokens import LiveToken
from flyleaf.queries.named_shelves import select_shelves
from flyleaf.queries.shelved_books import ShelvedBook, select_shelved_book, select_shelved_books
from flyleaf.queries.shelves import unshelve_book
from flyleaf.views.api_v1 import own_schemas, schemas
from flyleaf.views.api_v1.blueprints import Blueprint, own, writing
from flyleaf.views.api_v1.cursors import cursor_after, place_at
from flyleaf.views.books import find_book
from flyleaf.views.shelf_forms import ShelveForm
from flyleaf.views.shelved_books import shelve_by_name
from flyleaf.web.problems import InvalidFieldsError

blueprint = Blueprint("Shelves", __name__, "What you want to read, are reading and have read.")

NOT_SHELVED = "This book is on none of your shelves."


@blueprint.get("/me/shelves")
@blueprint.response(200, own_schemas.Shelves)
@own
def shelves(connection: Connection, token: LiveToken) -> dict[str, Any]:
    """Return your shelves: the four that everybody has, and those that you have named."""
    return {"items": select_shelves(connection, token.reader.id)}


@blueprint.get("/me/books")
@blueprint.response(200, own_schemas.ShelvedBooks)
@own
@blueprint.arguments(schemas.PageArguments, location="query")
def shelved_books(connection: Connection, token: LiveToken, asked: dict[str, Any]) -> dict[str, Any]:
    """Return the books on your shelves, the latest first."""
    page = select_shelved_books(connection, token.reader.id, place_at(asked))
    return {"items": page.items, "next_cursor": cursor_after(page)}


@blueprint.get("/editions/<identifier>/shelf")
@blueprint.response(200, own_schemas.ShelvedBook)
@own
def shelved_book(connection: Connection, token: LiveToken, identifier: str) -> ShelvedBook:
    """Return what your shelves say of the edition's work."""
    return _own(connection, find_book(connection, identifier).id, token)


@blueprint.put("/editions/<identifier>/shelf")
@blueprint.response(200, own_schemas.ShelvedBook)
@writing
@blueprint.arguments(own_schemas.NewShelf)
def shelve(connection: Connection, token: LiveToken, sent: dict[str, Any], identifier: str) -> ShelvedBook:
    """Put the edition's work on a shelf: one of the four that everybody has, where it leaves the other three, or one
    that you name, which is made if you have none of this name."""
    form = ShelveForm(ImmutableMultiDict(sent), meta={"csrf": False})
    if not form.validate():
        raise InvalidFieldsError(form.errors)
    if not form.shelf.data:  # only spaces
        raise InvalidFieldsError({"shelf": ["Enter a name for the shelf."]})
    book = find_book(connection, identifier)
    shelve_by_name(connection, token.reader, book.id, form.shelf.data)
    return _own(connection, book.id, token)


@blueprint.delete("/editions/<identifier>/shelf")
@blueprint.response(204)
@writing
def unshelve(connection: Connection, token: LiveToken, identifier: str) -> None:
    """Take the edition's work off all your shelves, with its dates and notes."""
    if not unshelve_book(connection, token.reader.id, find_book(connection, identifier).id):
        raise NotFound(NOT_SHELVED)


def _own(connection: Connection, book_id: int, token: LiveToken) -> ShelvedBook:
    """Return the reader's entry of the book's work. Raises NotFound."""
    found = select_shelved_book(connection, token.reader.id, book_id)
    if found is None:
        raise NotFound(NOT_SHELVED)
    return found
