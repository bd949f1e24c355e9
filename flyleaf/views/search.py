"""The search page, and suggestions while typing."""

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from flyleaf.queries.books import has_books
from flyleaf.queries.readers import Reader
from flyleaf.queries.search import SearchQuery, search_books
from flyleaf.views.access import login_required
from flyleaf.views.search_form import SearchForm

blueprint = Blueprint("search", __name__)
SUGGESTIONS = 8


@blueprint.get("/search")
@login_required
def search(connection: Connection, reader: Reader) -> ResponseReturnValue:
    form = SearchForm(request.args)
    if not form.validate():
        return render_template("search.html", form=form, found=None), 422
    if not form.q.data:
        return render_template("search.html", form=form, found=None, is_empty=not has_books(connection))
    found = search_books(connection, SearchQuery(form.q.data, form.page.data or 1))
    return render_template("search.html", form=form, found=found)


@blueprint.post("/search")
def search_by_post() -> ResponseReturnValue:
    """A form that posts is sent to the address that can be kept and shared. It changes nothing, so needs no token."""
    return redirect(url_for("search.search", q=request.form.get("q", "")), 303)


@blueprint.get("/search/suggestions")
@login_required
def suggestions(connection: Connection, reader: Reader) -> ResponseReturnValue:
    form = SearchForm(request.args)
    if not form.validate():
        return jsonify(error=form.first_error, status=422), 422
    found = search_books(connection, SearchQuery(form.q.data or "", page_size=SUGGESTIONS))
    return jsonify(
        query=form.q.data or "",
        suggestions=[
            {"title": result.title, "author": result.author, "isbn": result.isbn}
            | {"address": url_for("books.book", isbn=result.isbn)}
            for result in found.results
        ],
    )
