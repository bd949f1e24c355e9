"""The page of new books."""

from datetime import UTC
from itertools import groupby

from flask import Blueprint
from sqlalchemy import Connection

from flyleaf.limits import PAGE_SIZE
from flyleaf.queries.new_books import select_new_books
from flyleaf.queries.readers import Reader
from flyleaf.web.access import login_to_read
from flyleaf.web.covers import covers_of
from flyleaf.web.rendering import Answer, render_later

blueprint = Blueprint("new_books", __name__)


@blueprint.get("/books/new")
@login_to_read
def new_books(connection: Connection, reader: Reader) -> Answer:
    books = select_new_books(connection, PAGE_SIZE)
    by_day = groupby(books, key=lambda book: book.added_at.astimezone(UTC).date())
    days = [(day, list(added)) for day, added in by_day]
    return render_later("new_books.html", days=days, covers=covers_of(connection, books))
