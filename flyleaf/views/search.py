"""The search page, and suggestions while typing."""

from dataclasses import replace
from datetime import date

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from wtforms import SelectChoice  # type: ignore[attr-defined]  # stubs of an older version

from flyleaf.limits import PAGE_MAX, PAGE_SIZE
from flyleaf.queries.books import select_languages
from flyleaf.queries.readers import Reader
from flyleaf.queries.shelf import select_shelf
from flyleaf.queries.shelved_books import select_statuses
from flyleaf.queries.subjects import has_subjects, select_subject_name
from flyleaf.search import SHORTEST_ISBN_PART, Suggestion, is_ready, search_books, suggest
from flyleaf.views.authors import author_address
from flyleaf.views.proposed_books import missing_book
from flyleaf.views.search_form import ORDERS, SearchForm
from flyleaf.web.access import login_to_read
from flyleaf.web.covers import covers_of, identity
from flyleaf.web.current import flyleaf
from flyleaf.web.rate_limits import searches_limited
from flyleaf.web.rendering import Answer, render_later

blueprint = Blueprint("search", __name__)

SHELF = 6  # books shown before the first search


@blueprint.get("/search")
@searches_limited
@login_to_read
def search(connection: Connection, reader: Reader) -> Answer:
    form = SearchForm(request.args)
    valid = form.validate()
    # The form for all filters is shown on request: most searches need none, or one that the facets offer.
    narrow = "narrow" in request.args or not valid
    languages = select_languages(connection) if narrow else []
    subject = select_subject_name(connection, form.subject.data) if valid and form.subject.data else None
    page = {
        "form": form,
        "narrow": narrow,
        "languages": languages,
        "subject_name": subject,
        "isbn_digits": SHORTEST_ISBN_PART,
    }
    if not valid:
        return render_later("search.html", **page), 422
    if not form.q.data or form.is_blank:
        shelf = select_shelf(connection, date.today(), SHELF)
        shown = {"examples": shelf, "is_empty": not shelf, "covers": covers_of(connection, shelf)}
        browse = is_ready(connection) and has_subjects(connection)
        return render_later("search.html", **page, **shown, browse_subjects=browse)
    found = search_books(connection, replace(form.query(), with_facets=True))
    last_page = min(max(-(-found.total // PAGE_SIZE), 1), PAGE_MAX)
    exact = [book for book in found.results if not book.match.loose]
    loose = [book for book in found.results if book.match.loose]
    books = (*found.results, *found.did_you_mean)
    covers = covers_of(connection, books)
    statuses = select_statuses(connection, reader.id, [identity(book.address) for book in books]) if books else {}
    shown = {
        "found": found,
        "statuses": statuses,
        "exact": exact,
        "loose": loose,
        "last_page": last_page,
        "page_size": PAGE_SIZE,
    }
    if not found.results and (flyleaf().config.proposals or reader.is_moderator):
        shown["missing"] = missing_book(form.q.data)
    return render_later("search.html", **page, **shown, covers=covers)


@blueprint.app_template_global()
def search_orders() -> list[SelectChoice]:
    """Return the orders that results can have, with their names."""
    return ORDERS


@blueprint.post("/search")
def search_by_post() -> ResponseReturnValue:
    """Redirect a posted search to an address that can be shared. It changes nothing, so it needs no token."""
    return redirect(url_for("search.search", q=request.form.get("q", "")), 303)


@blueprint.get("/search/suggestions")
@searches_limited
@login_to_read
def suggestions(connection: Connection, reader: Reader) -> ResponseReturnValue:
    form = SearchForm(request.args)
    if not form.validate():
        return {"error": form.first_error, "status": 422}, 422
    typed = form.q.data or ""
    return {"query": typed, "suggestions": [_suggestion(one) for one in suggest(connection, typed)]}


def _suggestion(suggestion: Suggestion) -> dict[str, str | None]:
    """Return a suggestion as JSON. A title links to its book, an author to their page."""
    if suggestion.address is not None:
        address = url_for("books.book", address=suggestion.address)
    else:
        address = author_address(suggestion.text) or url_for("search.search", q=suggestion.text)
    return {"kind": suggestion.kind, "text": suggestion.text, "author": suggestion.author, "address": address}
