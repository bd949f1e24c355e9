"""The API for programs: no login, always JSON."""

from functools import partial

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from flyleaf.limits import PAGE_SIZE
from flyleaf.search import SearchResult, search_books
from flyleaf.views.books import find_book
from flyleaf.views.search_form import ApiSearchForm
from flyleaf.web.rate_limits import api_limited
from flyleaf.web.reading import read

blueprint = Blueprint("api", __name__, url_prefix="/api")


@blueprint.get("/<address>")
@api_limited
def book(address: str) -> ResponseReturnValue:
    found = read(partial(find_book, address=address))
    return jsonify(
        title=found.title,
        author=found.author,
        year=found.year,
        isbn=found.isbn,
        review_count=found.ratings.review_count,
        average_score=found.ratings.average_score,
    )


@blueprint.get("/search")
@api_limited
def search() -> ResponseReturnValue:
    form = ApiSearchForm(request.args)
    if not form.validate():
        return jsonify(error=form.first_error, status=422), 422
    query = form.query(form.limit.data or PAGE_SIZE)
    found = read(partial(search_books, query=query))
    return jsonify(
        query=found.query,
        corrected_query=found.corrected_query,
        results=[_result(result) for result in found.results],
        page=found.page,
        has_next=found.has_next,
    )


def _result(result: SearchResult) -> dict[str, object]:
    return {
        "isbn": result.isbn,
        "title": result.title,
        "author": result.author,
        "year": result.year,
        "review_count": result.review_count,
        "average_score": result.average_score,
        "match": {"stage": result.match.stage, "fields": result.match.fields, "words": result.match.words},
    }
