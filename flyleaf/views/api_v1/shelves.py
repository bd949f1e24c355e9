"""The reader's own shelves, and what is on them. The forms and statements are those of the pages."""

from typing import Any

from flask import request
from sqlalchemy import Connection
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import Conflict, NotFound

from flyleaf.limits import READ_ON_MAX, READ_ON_MIN
from flyleaf.paging import Page
from flyleaf.queries.api_tokens import LiveToken
from flyleaf.queries.named_shelves import (
    Shelf,
    TooManyShelvesError,
    delete_shelf,
    insert_shelf,
    publish_shelf,
    rename_shelf,
    select_shelves,
)
from flyleaf.queries.reading_years import ReadingYear, select_reading_year, select_years_read
from flyleaf.queries.shelf_pages import select_shelf_page
from flyleaf.queries.shelved_books import ShelvedBook
from flyleaf.views.api_v1 import shelf_schemas
from flyleaf.views.api_v1.blueprints import Blueprint, own, writing
from flyleaf.views.api_v1.cursors import cursor_after, mark_at, wrong_cursor
from flyleaf.views.shelf_forms import PUBLIC_ORDERS, ShelfForm, ShelfNameForm
from flyleaf.views.shelved_books import too_many_shelves
from flyleaf.views.shelves import find_shelf, shelf_query
from flyleaf.web.problems import InvalidFieldsError

blueprint = Blueprint("Shelves", __name__, "What you want to read, are reading and have read.")

NAME_IS_TAKEN = "You already have a shelf of this name."


@blueprint.get("/me/shelves")
@blueprint.response(200, shelf_schemas.Shelves)
@own
def shelves(connection: Connection, token: LiveToken) -> dict[str, Any]:
    """Return your shelves: the four that everybody has, and those that you have named."""
    return {"items": select_shelves(connection, token.reader.id)}


@blueprint.post("/me/shelves")
@blueprint.response(201, shelf_schemas.Shelf)
@writing
@blueprint.arguments(shelf_schemas.MadeShelf)
def make_shelf(connection: Connection, token: LiveToken, sent: dict[str, Any]) -> Shelf:
    """Make a shelf of your own."""
    name = _checked_name(sent["name"])
    try:
        is_new = insert_shelf(connection, token.reader.id, name)
    except TooManyShelvesError as error:
        raise too_many_shelves() from error
    if not is_new:
        raise Conflict(NAME_IS_TAKEN)
    if sent["is_public"]:
        publish_shelf(connection, token.reader.id, name, is_public=True)
    return find_shelf(connection, token.reader.id, name)


@blueprint.get("/me/shelves/<name>")
@blueprint.response(200, shelf_schemas.Shelf)
@own
def shelf(connection: Connection, token: LiveToken, name: str) -> Shelf:
    """Return one of your shelves: `to-read`, `reading`, `read`, `did-not-finish`, or one that you have named."""
    return find_shelf(connection, token.reader.id, name)


@blueprint.patch("/me/shelves/<name>")
@blueprint.response(200, shelf_schemas.Shelf)
@writing
@blueprint.arguments(shelf_schemas.ShelfChange)
def change_shelf(connection: Connection, token: LiveToken, sent: dict[str, Any], name: str) -> Shelf:
    """Rename a shelf of your own, or show any shelf to others, or hide it."""
    found = find_shelf(connection, token.reader.id, name)
    new_name = found.name
    if "name" in sent:
        if found.status:
            raise InvalidFieldsError({"name": ["The four shelves that everybody has can’t be renamed."]})
        new_name = _checked_name(sent["name"])
        if not rename_shelf(connection, token.reader.id, found.name, new_name):
            raise Conflict(NAME_IS_TAKEN)
    if "is_public" in sent:
        publish_shelf(connection, token.reader.id, new_name, is_public=sent["is_public"])
    return find_shelf(connection, token.reader.id, new_name)


@blueprint.delete("/me/shelves/<name>")
@blueprint.response(204)
@writing
def remove_shelf(connection: Connection, token: LiveToken, name: str) -> None:
    """Delete a shelf of your own. Its books stay if they are on another shelf, or have notes or dates."""
    found = find_shelf(connection, token.reader.id, name, is_named=True)
    delete_shelf(connection, token.reader.id, found.name)


@blueprint.get("/me/shelves/<name>/books")
@blueprint.response(200, shelf_schemas.ShelvedBooks)
@own
@blueprint.arguments(shelf_schemas.ShelfArguments, location="query")
def books_on_shelf(connection: Connection, token: LiveToken, asked: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the books on one of your shelves."""
    found = find_shelf(connection, token.reader.id, name)
    return listed(books_page(connection, token.reader.id, asked, found))


@blueprint.get("/me/books")
@blueprint.response(200, shelf_schemas.ShelvedBooks)
@own
@blueprint.arguments(shelf_schemas.ShelfArguments, location="query")
def shelved_books(connection: Connection, token: LiveToken, asked: dict[str, Any]) -> dict[str, Any]:
    """Return the books on all your shelves, the latest first unless you ask for another order."""
    return listed(books_page(connection, token.reader.id, asked))


@blueprint.get("/me/years")
@blueprint.response(200, shelf_schemas.YearsRead)
@own
def years(connection: Connection, token: LiveToken) -> dict[str, Any]:
    """Return the years in which you finished books, the latest first."""
    return {"items": select_years_read(connection, token.reader.id)}


@blueprint.get("/me/years/<id:year>")
@blueprint.response(200, shelf_schemas.ReadingYear)
@own
def year(connection: Connection, token: LiveToken, year: int) -> ReadingYear:
    """Return what you read in a year."""
    if not READ_ON_MIN.year <= year <= READ_ON_MAX.year:
        raise NotFound(f"Choose a year from {READ_ON_MIN.year} to {READ_ON_MAX.year}.")
    return select_reading_year(connection, token.reader.id, year)


def books_page(
    connection: Connection, reader_id: int, asked: dict[str, Any], found: Shelf | None = None, *, is_own: bool = True
) -> Page[ShelvedBook]:
    """Return the page of a shelf, or of all books of a reader, that is asked for. Raises InvalidFieldsError."""
    form = ShelfForm(request.args)
    if not is_own:
        form.order.choices = PUBLIC_ORDERS
        del form.status, form.rating
    if not form.validate():
        raise InvalidFieldsError(form.errors)
    try:
        return select_shelf_page(connection, reader_id, shelf_query(form, found), mark_at(asked), asked["limit"])
    except ValueError as error:
        raise wrong_cursor() from error


def listed(page: Page[ShelvedBook]) -> dict[str, Any]:
    return {"items": page.items, "next_cursor": cursor_after(page)}


def _checked_name(name: str) -> str:
    """Return the name that a shelf of one's own may have. Raises InvalidFieldsError."""
    form = ShelfNameForm(ImmutableMultiDict({"name": name}), meta={"csrf": False})
    if not form.validate():
        raise InvalidFieldsError(form.errors)
    return form.name.data or ""
