"""The series page: all works of a series, in order."""

from flask import Blueprint, request
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from flyleaf.limits import PAGE_SIZE
from flyleaf.queries.readers import Reader
from flyleaf.queries.series import select_series, select_works_of_series
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
    require(connection)
    found = select_series(connection, name) if "\0" not in name else None
    if found is None:
        raise NotFound(gettext("The catalogue has no books of this series."))
    page = page_number(request.args)
    works = select_works_of_series(connection, name, page)
    covers = covers_of(connection, works)
    pages = numbered(works, page, found.work_count, PAGE_SIZE)
    return render_later("series.html", series=found, works=pages, covers=covers)


@blueprint.app_template_global()
def series_address(name: str) -> str | None:
    """Return the address of a series' page, or None for a name without letters, which can't be found."""
    return url_for("series.series", name=name) if any(map(str.isalnum, name)) else None
