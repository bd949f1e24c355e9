"""The front door."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from flyleaf.views.access import is_logged_in

blueprint = Blueprint("welcome", __name__)


@blueprint.get("/")
def welcome() -> ResponseReturnValue:
    if is_logged_in():
        return redirect(url_for("search.search"), 303)
    return render_template("welcome.html")
