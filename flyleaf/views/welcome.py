"""The home page for visitors."""

from functools import partial

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from flyleaf.queries.shelf import ShelvedBook, select_showcase
from flyleaf.web.access import is_logged_in
from flyleaf.web.errors import is_outage
from flyleaf.web.reading import read

blueprint = Blueprint("welcome", __name__)

SHOWN = 6  # books


@blueprint.get("/")
def welcome() -> ResponseReturnValue:
    if is_logged_in():
        return redirect(url_for("search.search"), 303)
    return render_template("welcome.html", shelf=_showcase())


def _showcase() -> list[ShelvedBook]:
    """Return books to show, or none while the database or search is unavailable, so that the page still works."""
    try:
        return read(partial(select_showcase, size=SHOWN))
    except Exception as error:
        if not is_outage(error):
            raise
        return []
