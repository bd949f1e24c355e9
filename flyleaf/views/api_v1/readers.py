"""Other readers: what they have published, and the shelves that they show."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from flyleaf.queries.api_tokens import LiveToken
from flyleaf.queries.named_shelves import select_shelves
from flyleaf.queries.reviewed_books import select_reviewed_books
from flyleaf.views.api_v1 import reader_schemas, review_schemas, schemas, shelf_schemas
from flyleaf.views.api_v1.blueprints import Blueprint, own
from flyleaf.views.api_v1.cursors import cursor_after, place_at
from flyleaf.views.api_v1.shelves import books_page, listed
from flyleaf.views.profiles import find_profile
from flyleaf.views.shelves import find_public_shelf

blueprint = Blueprint("Readers", __name__, "What other readers show.")


@blueprint.get("/readers/<name>")
@blueprint.response(200, reader_schemas.Profile)
@own
def profile(connection: Connection, token: LiveToken, name: str) -> dict[str, Any]:
    """Return a reader’s profile, with the shelves that the reader shows to others."""
    found = find_profile(connection, name)
    shelves = select_shelves(connection, found.reader_id)
    return asdict(found) | {"shelves": [shelf for shelf in shelves if shelf.is_public]}


@blueprint.get("/readers/<name>/reviews")
@blueprint.response(200, review_schemas.ReviewedBooks)
@own
@blueprint.arguments(schemas.PageArguments, location="query")
def reviews_of_reader(connection: Connection, token: LiveToken, asked: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the reviews that a reader has published, newest first."""
    found = find_profile(connection, name)
    page = select_reviewed_books(connection, found.reader_id, place_at(asked), with_hidden=False)
    return {"items": page.items, "next_cursor": cursor_after(page)}


@blueprint.get("/readers/<name>/shelves/<shelf>/books")
@blueprint.response(200, shelf_schemas.BooksOnShelf)
@own
@blueprint.arguments(shelf_schemas.PublicShelfArguments, location="query")
def books_of_reader(
    connection: Connection, token: LiveToken, asked: dict[str, Any], name: str, shelf: str
) -> dict[str, Any]:
    """Return the books on a shelf that a reader shows to others."""
    owner, found = find_public_shelf(connection, name, shelf)
    return listed(books_page(connection, owner.reader_id, asked, found, is_own=False))
