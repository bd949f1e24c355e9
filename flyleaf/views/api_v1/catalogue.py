"""Lists of works: those of an author, of a series, and with a subject."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from flyleaf.limits import PAGE_SIZE
from flyleaf.queries.api_tokens import LiveToken
from flyleaf.queries.authors import select_works
from flyleaf.queries.new_books import select_new_books
from flyleaf.queries.series import select_works_of_series
from flyleaf.queries.subjects import (
    LARGEST_ON_A_PAGE,
    count_largest_subjects,
    select_largest_subjects,
    select_works_about,
)
from flyleaf.search import require
from flyleaf.views.api_v1 import catalogue_schemas, schemas
from flyleaf.views.api_v1.blueprints import Blueprint, public
from flyleaf.views.api_v1.cursors import cursor_after
from flyleaf.views.authors import find_author
from flyleaf.views.series import find_series
from flyleaf.views.subjects import find_subject
from flyleaf.web.paging import numbered

blueprint = Blueprint("Catalogue", __name__, "Authors, series and subjects, with their works.")


@blueprint.get("/authors/<path:name>")
@blueprint.response(200, catalogue_schemas.Author)
@public
@blueprint.arguments(schemas.NumberedPageArguments, location="query")
def author(connection: Connection, token: LiveToken | None, asked: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the works of an author, in any spelling of the name, the most popular first."""
    found = find_author(connection, name)
    page = int(asked["cursor"])
    works = select_works(connection, name, page)
    return {"name": found.name, "spellings": found.spellings} | _listed(works, page, found.work_count)


@blueprint.get("/series/<path:name>")
@blueprint.response(200, catalogue_schemas.Series)
@public
@blueprint.arguments(catalogue_schemas.SeriesArguments, location="query")
def series(connection: Connection, token: LiveToken | None, asked: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the works of a series in order. Of a name that several authors have, you have to say which author’s."""
    found, author, by_author = find_series(connection, name, asked.get("author"))
    page = int(asked["cursor"])
    works = [] if by_author else select_works_of_series(connection, name, author, page)
    about = {"name": found.name, "spellings": found.spellings, "author": author, "by_author": by_author}
    return about | _listed(works, page, 0 if by_author else found.work_count) | {"work_count": found.work_count}


@blueprint.get("/books/new")
@blueprint.response(200, catalogue_schemas.NewBooks)
@public
def new_books(connection: Connection, token: LiveToken | None) -> dict[str, Any]:
    """Return the books that were added to the catalogue last, the newest first."""
    return {"items": select_new_books(connection, PAGE_SIZE)}


@blueprint.get("/subjects")
@blueprint.response(200, catalogue_schemas.Subjects)
@public
@blueprint.arguments(schemas.NumberedPageArguments, location="query")
def subjects(connection: Connection, token: LiveToken | None, asked: dict[str, Any]) -> dict[str, Any]:
    """Return the subjects that most works have."""
    require(connection)
    number = int(asked["cursor"])
    largest = select_largest_subjects(connection, number)
    page = numbered(largest, number, count_largest_subjects(connection), LARGEST_ON_A_PAGE)
    return {"items": page.items, "next_cursor": cursor_after(page)}


@blueprint.get("/subjects/<path:name>")
@blueprint.response(200, catalogue_schemas.Subject)
@public
@blueprint.arguments(schemas.NumberedPageArguments, location="query")
def subject(connection: Connection, token: LiveToken | None, asked: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the works with a subject, in any spelling, the most popular first."""
    found = find_subject(connection, name)
    page = int(asked["cursor"])
    works = select_works_about(connection, found, page)
    return {"name": found.name} | _listed(works, page, found.listed) | {"work_count": found.work_count}


def _listed(works: Sequence[Any], number: int, count: int) -> dict[str, Any]:
    page = numbered(works, number, count, PAGE_SIZE)
    return {"work_count": count, "items": [asdict(work) for work in page.items], "next_cursor": cursor_after(page)}
