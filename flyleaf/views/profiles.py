"""A reader's profile, with their reviews."""

from flask import Blueprint
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from flyleaf.queries.named_shelves import select_shelves
from flyleaf.queries.readers import Profile, Reader, select_profile
from flyleaf.queries.reviewed_books import select_reviewed_books
from flyleaf.web.access import login_to_read
from flyleaf.web.covers import covers_of
from flyleaf.web.paging import asked_place
from flyleaf.web.rendering import Answer, render_later

blueprint = Blueprint("profiles", __name__)


@blueprint.get("/readers/<name>")
@login_to_read
def profile(connection: Connection, reader: Reader, name: str) -> Answer:
    found = find_profile(connection, name)
    is_own = found.reader_id == reader.id
    reviews = select_reviewed_books(connection, found.reader_id, asked_place(), with_hidden=is_own)
    shelves = select_shelves(connection, found.reader_id)
    return render_later(
        "profile.html",
        profile=found,
        shelves=[shelf for shelf in shelves if shelf.is_public],
        is_own=is_own,
        reviews=reviews,
        covers=covers_of(connection, reviews.items),
    )


def find_profile(connection: Connection, name: str) -> Profile:
    """Return the profile of the reader of this name. Raises NotFound."""
    found = select_profile(connection, name) if "\0" not in name else None
    if found is None:
        raise NotFound(gettext("No reader has this name. The account may have been deleted."))
    return found
