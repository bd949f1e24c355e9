"""Logging in with a link from the operator, once, also where passwords are switched off."""

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from flyleaf.queries.login_links import select_login_link, use_login_link
from flyleaf.web.current import transaction
from flyleaf.web.forms import Form, require_token
from flyleaf.web.login import log_in

blueprint = Blueprint("login_links", __name__)


@blueprint.route("/login/link/<token>", methods=["GET", "POST"])
def link(token: str) -> ResponseReturnValue:
    """Show a button, so that a program that follows links doesn't use this one up, and log in when it is pressed."""
    if request.method != "POST":
        with transaction() as connection:
            name = select_login_link(connection, token)
        if name is None:
            raise _expired()
        return render_template("login_link.html", name=name, form=Form())
    require_token()
    with transaction() as connection:
        credentials = use_login_link(connection, token)
    response = log_in(credentials, url_for("account.account")) if credentials is not None else None
    if response is None:
        raise _expired()
    return response


@blueprint.after_request
def _hide_referrer(response: Response) -> Response:
    """Send no referrer, because the address is secret."""
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _expired() -> NotFound:
    return NotFound(gettext("This link has expired or was already used. Ask the site’s administrators for a new one."))
