"""Finding works and their editions."""

from typing import Any

from flask import request
from sqlalchemy import Connection
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import NotFound

from flyleaf.queries.api_tokens import LiveToken
from flyleaf.queries.books import Book, select_book, select_identifiers
from flyleaf.queries.external_ratings import select_external_ratings
from flyleaf.queries.related_books import select_other_titles, select_related_books
from flyleaf.queries.series import select_series_of_book
from flyleaf.queries.subjects import select_subjects_of_work
from flyleaf.queries.works import select_leading_identity, select_work_id, work_id_of, work_name
from flyleaf.search import SearchResult, require, search_books, suggest
from flyleaf.views.api_v1 import schemas
from flyleaf.views.api_v1.blueprints import Blueprint, public
from flyleaf.views.books import find_book
from flyleaf.views.search_form import ApiSearchForm, SearchForm
from flyleaf.web.problems import InvalidFieldsError

blueprint = Blueprint("Books", __name__, "Search, works and editions.")


@blueprint.get("/search")
@blueprint.response(200, schemas.SearchAnswer)
@public
@blueprint.arguments(schemas.SearchArguments, location="query")
def search(connection: Connection, token: LiveToken | None, asked: dict[str, Any]) -> dict[str, Any]:
    """Search the catalogue, the likeliest works first."""
    form = ApiSearchForm(ImmutableMultiDict([*request.args.items(), ("page", asked.get("cursor", "1"))]))
    if not form.validate():
        raise InvalidFieldsError(form.errors)
    found = search_books(connection, form.query(asked["limit"]))
    return found._asdict() | {
        "items": [_result(result) for result in found.results],
        "next_cursor": str(found.page + 1) if found.has_next else None,
    }


@blueprint.get("/suggestions")
@blueprint.response(200, schemas.Suggestions)
@public
@blueprint.arguments(schemas.SuggestionArguments, location="query")
def suggestions(connection: Connection, token: LiveToken | None, asked: dict[str, Any]) -> dict[str, Any]:
    """Suggest titles and authors of which the text may be the beginning."""
    form = SearchForm(request.args)
    if not form.validate():
        raise InvalidFieldsError(form.errors)
    found = suggest(connection, form.q.data or "")
    return {
        "query": form.q.data or "",
        "items": [
            {"kind": one.kind, "text": one.text, "author": one.author, "identifier": one.address} for one in found
        ],
    }


@blueprint.get("/editions/<identifier>")
@blueprint.response(200, schemas.Edition)
@public
def edition(connection: Connection, token: LiveToken | None, identifier: str) -> dict[str, Any]:
    """Return an edition by its ISBN, in any form, or by another identifier such as `goodreads:2767052`."""
    book = find_book(connection, identifier)
    work_id = select_work_id(connection, book.id)
    return _described(book) | {
        "work_id": None if work_id is None else work_name(work_id),
        "isbn13": book.isbn13,
        "pages": book.pages,
        "description": book.description,
        "identifiers": [str(one) for one in select_identifiers(connection, book.id)],
        "external_ratings": select_external_ratings(connection, book.id),
    }


@blueprint.get("/works/<work_id>")
@blueprint.response(200, schemas.Work)
@public
def work(connection: Connection, token: LiveToken | None, work_id: str) -> dict[str, Any]:
    """Return a work with its editions, series, subjects and other titles."""
    lead = find_lead(connection, work_id)
    related = select_related_books(connection, lead.id)
    return _described(lead) | {
        "id": work_id,
        "lead": lead.address,
        "series": select_series_of_book(connection, lead.id),
        "subjects": [subject.name for subject in select_subjects_of_work(connection, lead.id)],
        "other_titles": select_other_titles(connection, lead.id),
        "editions": [_described(lead), *map(_other_edition, related.editions)],
    }


def find_lead(connection: Connection, name: str) -> Book:
    """Return the edition that stands for the work. Raises NotFound and SearchNotReadyError."""
    require(connection)
    work_id = work_id_of(name)
    identity = None if work_id is None else select_leading_identity(connection, work_id)
    book = None if identity is None else select_book(connection, identity)
    if book is None:
        raise NotFound("There is no work with this id. Ids are in search results and editions.")
    return book


def _described(book: Book) -> dict[str, Any]:
    return {
        "identifier": book.address,
        "isbn": book.isbn,
        "title": book.title,
        "author": book.author,
        "year": book.year,
        "publisher": book.publisher,
        "language": book.language,
        "review_count": book.ratings.review_count,
        "average_score": book.ratings.average_score,
    }


def _other_edition(edition: Any) -> dict[str, Any]:
    return {
        "identifier": edition.address,
        "isbn": edition.isbn,
        "title": edition.title,
        "year": edition.year,
        "publisher": edition.publisher,
        "language": edition.language,
    }


def _result(result: SearchResult) -> dict[str, Any]:
    return result._asdict() | {
        "work_id": work_name(result.work_id),
        "identifier": result.address,
        "isbn": result.isbn,
        "match": {"stage": result.match.stage, "fields": result.match.fields, "words": result.match.words},
    }
