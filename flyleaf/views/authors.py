"""The author page: all books of an author."""

from flask import Blueprint, request
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from flyleaf.limits import PAGE_SIZE
from flyleaf.queries.authors import Author, select_author, select_works
from flyleaf.queries.readers import Reader
from flyleaf.search import require
from flyleaf.web.access import login_to_read
from flyleaf.web.addresses import url_for
from flyleaf.web.covers import covers_of
from flyleaf.web.paging import numbered, page_number
from flyleaf.web.rendering import Answer, render_later

blueprint = Blueprint("authors", __name__)


@blueprint.get("/authors/<path:name>")
@login_to_read
def author(connection: Connection, reader: Reader, name: str) -> Answer:
    found = find_author(connection, name)
    page = page_number(request.args)
    works = select_works(connection, name, page)
    covers = covers_of(connection, works)
    pages = numbered(works, page, found.work_count, PAGE_SIZE)
    return render_later("author.html", author=found, works=pages, covers=covers)


def find_author(connection: Connection, name: str) -> Author:
    """Return the author of this name. Raises NotFound and SearchNotReadyError."""
    require(connection)
    found = select_author(connection, name) if "\0" not in name else None
    if found is None:
        raise NotFound(gettext("The catalogue has no books by this author."))
    return found


@blueprint.app_template_global()
def author_address(name: str) -> str | None:
    """Return the address of an author's page, or None for a name without letters, which can't be found."""
    return url_for("authors.author", name=name) if any(map(str.isalnum, name)) else None
