"""The series page: all works of a series, in order; or the series of a name that several authors have."""

from typing import NoReturn

from flask import Blueprint, request
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from flyleaf.limits import PAGE_SIZE
from flyleaf.queries.readers import Reader
from flyleaf.queries.series import (
    Series,
    SeriesOfAuthor,
    select_series,
    select_series_by_author,
    select_works_of_series,
)
from flyleaf.search import require
from flyleaf.web.access import login_to_read
from flyleaf.web.addresses import url_for
from flyleaf.web.covers import covers_of
from flyleaf.web.paging import numbered, page_number
from flyleaf.web.rendering import Answer, render_later

blueprint = Blueprint("series", __name__)


@blueprint.get("/series/<path:name>")
@login_to_read
def series(connection: Connection, reader: Reader, name: str) -> Answer:
    found, author, by_author = find_series(connection, name, request.args.get("author"))
    if by_author:
        return render_later("series_by_author.html", series=found, by_author=by_author)
    page = page_number(request.args)
    works = select_works_of_series(connection, name, author, page)
    covers = covers_of(connection, works)
    pages = numbered(works, page, found.work_count, PAGE_SIZE)
    return render_later("series.html", series=found, author=author, works=pages, covers=covers)


def find_series(
    connection: Connection, name: str, author: str | None
) -> tuple[Series, str | None, list[SeriesOfAuthor]]:
    """Return the series of this name, and its author if several authors have one of this name; and these authors if
    none of them was asked for. Raises NotFound and SearchNotReadyError."""
    require(connection)
    if "\0" in name or "\0" in (author or ""):
        _not_found()
    by_author = select_series_by_author(connection, name, author)
    if by_author and author is None:
        return select_series(connection, name) or _not_found(), None, by_author
    # A series that several write, or whose name was shared once, has one page.
    author = (by_author[0].author if by_author[0].is_asked else _not_found()) if by_author else None
    return select_series(connection, name, author) or _not_found(), author, []


def _not_found() -> NoReturn:
    raise NotFound(gettext("The catalogue has no books of this series."))


@blueprint.app_template_global()
def series_address(name: str, author: str | None = None) -> str | None:
    """Return the address of a series' page, or None for a name without letters, which can't be found."""
    return url_for("series.series", name=name, author=author) if any(map(str.isalnum, name)) else None
