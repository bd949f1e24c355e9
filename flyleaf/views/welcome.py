"""The home page for visitors."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from flyleaf.queries.covers import Cover
from flyleaf.queries.shelf import ShelvedBook, select_showcase
from flyleaf.web.access import is_logged_in
from flyleaf.web.covers import covers_of
from flyleaf.web.errors import is_outage
from flyleaf.web.reading import read

blueprint = Blueprint("welcome", __name__)

SHOWN = 6  # books


@blueprint.get("/")
def welcome() -> ResponseReturnValue:
    if is_logged_in():
        return redirect(url_for("search.search"), 303)
    shelf, covers = _showcase()
    return render_template("welcome.html", shelf=shelf, covers=covers)


def _showcase() -> tuple[list[ShelvedBook], dict[str, Cover]]:
    """Return books to show, with their covers, or none while the database or search is unavailable, so that the page
    still works."""
    try:
        return read(_select_showcase)
    except Exception as error:
        if not is_outage(error):
            raise
        return [], {}


def _select_showcase(connection: Connection) -> tuple[list[ShelvedBook], dict[str, Cover]]:
    books = select_showcase(connection, SHOWN)
    return books, covers_of(connection, books)
