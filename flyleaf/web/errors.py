"""Turn exceptions into error pages, or into JSON for programs."""

import logging
from urllib.parse import urlsplit

from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask_babel import LazyString, lazy_gettext
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

from flyleaf.database import DatabaseUnusableError, is_unavailable
from flyleaf.search import SearchNotReadyError
from flyleaf.sessions import SessionsUnavailableError
from flyleaf.turns import BusyError
from flyleaf.web.current import flyleaf
from flyleaf.web.drafts import typed_fields
from flyleaf.web.local_paths import local_path
from flyleaf.web.problems import is_v1, problem
from flyleaf.web.requests import wants_json

logger = logging.getLogger("flyleaf.errors")
RETRY_AFTER = 5  # seconds
OF_THE_BODY = ("content-type", "content-length")

# By status: what happened, and what to do next.
EXPLANATIONS = {
    400: (
        lazy_gettext("We couldn’t understand that request"),
        lazy_gettext("The address or form was incomplete. Go back, reload the page and try again."),
    ),
    404: (
        lazy_gettext("Page not found"),
        lazy_gettext("Check the address. The book you want may not be in this catalogue."),
    ),
    405: (
        lazy_gettext("This request isn’t allowed here"),
        lazy_gettext("This address doesn’t accept this kind of request."),
    ),
    409: (
        lazy_gettext("This was changed elsewhere"),
        lazy_gettext("This was already changed, perhaps in another tab."),
    ),
    413: (
        lazy_gettext("This is too large"),
        lazy_gettext("You sent more than this site accepts. Shorten it and send it again."),
    ),
    414: (
        lazy_gettext("This address is too long"),
        lazy_gettext("Shorten your search."),
    ),
    422: (
        lazy_gettext("Please check the form"),
        lazy_gettext("Check what you entered and send it again."),
    ),
    429: (
        lazy_gettext("Too many attempts"),
        lazy_gettext("Wait a moment, then try again."),
    ),
    500: (
        lazy_gettext("Something went wrong"),
        lazy_gettext("It’s not your fault, and the error has been logged. Try again later."),
    ),
    502: (
        lazy_gettext("Login didn’t work"),
        lazy_gettext("Try again in a moment."),
    ),
    503: (
        lazy_gettext("The site is temporarily unavailable"),
        lazy_gettext("We can’t reach the database right now. Nothing is lost. Try again in a moment."),
    ),
}
SEARCH_NOT_READY = (
    lazy_gettext("Search is being prepared"),
    lazy_gettext(
        "The site was updated and is rebuilding its search index. Other pages work. Try again in a few minutes."
    ),
)
SESSIONS = (
    lazy_gettext("Logins can’t be checked right now"),
    lazy_gettext("If you were logged in, you still are. Try again in a moment."),
)
READ_ONLY = (
    lazy_gettext("Nothing can be saved right now"),
    lazy_gettext("You can search and read, but not log in or save anything for a moment. Try again shortly."),
)
BUSY = (
    lazy_gettext("The site is busy"),
    lazy_gettext("Too many readers are doing this right now. Try again in a moment."),
)


def register(app: Flask) -> None:
    app.register_error_handler(Exception, answer)


def answer(error: Exception) -> Response:
    """Return the response to a request that ended in `error`."""
    cause = getattr(error, "original_exception", None) or error
    if not isinstance(cause, HTTPException):
        cause = _fault(cause)
    elif cause.response is not None:
        return make_response(cause.response)
    status = cause.code or 500
    title, advice = _outage(error) or EXPLANATIONS.get(status, (cause.name, cause.description or ""))
    # Werkzeug's own descriptions are on the class and say less than ours; a description of ours is on the exception.
    if cause.description and cause.description != type(cause).description:
        advice = cause.description
    headers = {name: value for name, value in cause.get_headers() if name.lower() not in OF_THE_BODY}
    if status == 503:
        headers["Retry-After"] = str(RETRY_AFTER)
    if is_v1():
        response = problem(cause, status, str(advice))
    elif wants_json():
        response = jsonify(error=str(advice), status=status)
    elif isinstance(cause, SecurityError):  # an untrusted host: links to our pages can't be built
        response = make_response(f"{title}. {advice}\n", {"Content-Type": "text/plain; charset=utf-8"})
    else:
        wait = headers.get("Retry-After", "")
        page = {
            "title": title,
            "advice": advice,
            "status": status,
            "retry_after": int(wait) if wait.isdigit() else None,
            "typed": _typed(),
            "back": _page_of_the_form(),
        }
        response = make_response(render_template("error.html", **page))
    response.status_code = status
    response.headers.update(headers)
    return response


def _outage(error: Exception) -> tuple[LazyString, LazyString] | None:
    """Return what is out of order and what to do, or None if the status says it."""
    if isinstance(error, SearchNotReadyError):
        return SEARCH_NOT_READY
    if isinstance(error, BusyError):
        return BUSY
    if isinstance(error, SessionsUnavailableError):
        return SESSIONS
    if is_outage(error) and flyleaf().database.replicas.stand_in:
        return READ_ONLY
    return None


def _page_of_the_form() -> str | None:
    """Return the address of the page whose form was refused, or None if it isn't known or is this address itself."""
    try:
        page = urlsplit(request.referrer or "")
    except ValueError:  # not an address
        return None
    if request.method != "POST" or page._replace(path="/", query="", fragment="").geturl() != request.host_url:
        return None
    return local_path(page._replace(scheme="", netloc="").geturl()) if page.path != request.path else None


def _typed() -> dict[str, str]:
    """Return the refused form's text, to be sent again, or nothing if it is too large."""
    try:
        return typed_fields()
    except HTTPException:
        return {}


def is_outage(error: BaseException) -> bool:
    """Return whether the site lacks something just now that comes back without a change to it: 503, and not 500."""
    if isinstance(error, SessionsUnavailableError | DatabaseUnusableError | SearchNotReadyError | BusyError):
        return True
    return isinstance(error, SQLAlchemyError) and is_unavailable(error)


def _fault(error: BaseException) -> HTTPException:
    request_id = g.get("request_id")
    if is_outage(error):
        logger.error("unavailable", extra={"request_id": request_id, "cause": str(error).split("\n")[0]})
        unavailable = HTTPException()
        unavailable.code = 503
        return unavailable
    logger.error("fault", exc_info=error, extra={"request_id": request_id})
    return InternalServerError()
