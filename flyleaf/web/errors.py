"""From an exception to what the reader, or the program, is told."""

import logging

from flask import Flask, Response, g, jsonify, make_response, render_template
from flask_babel import lazy_gettext
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

from flyleaf.database import DatabaseUnusableError, is_unavailable
from flyleaf.search import SearchNotReadyError
from flyleaf.sessions import SessionsUnavailableError
from flyleaf.web.drafts import typed_fields
from flyleaf.web.requests import wants_json

logger = logging.getLogger("flyleaf.errors")
RETRY_AFTER = 5  # seconds
OF_THE_BODY = ("content-type", "content-length")

# Status: what happened, and what to do about it.
EXPLANATIONS = {
    400: (
        lazy_gettext("That request made no sense"),
        lazy_gettext("The address or the form was incomplete. Go back, reload the page, try again."),
    ),
    404: (
        lazy_gettext("There is no such page"),
        lazy_gettext("The address may be mistyped, or the book is not in this catalogue."),
    ),
    405: (
        lazy_gettext("That can’t be done here"),
        lazy_gettext("This address does not take that kind of request."),
    ),
    409: (
        lazy_gettext("That clashes with what is there"),
        lazy_gettext("Somebody, perhaps you in another tab, was here before."),
    ),
    413: (
        lazy_gettext("That is too much at once"),
        lazy_gettext("What you sent is larger than this site takes. Shorten it, and send it again."),
    ),
    414: (
        lazy_gettext("That address is too long"),
        lazy_gettext("Shorten what you search for."),
    ),
    422: (
        lazy_gettext("That is not quite right"),
        lazy_gettext("Check what you entered, and send it again."),
    ),
    429: (
        lazy_gettext("Too many tries"),
        lazy_gettext("Wait a little, then try again."),
    ),
    500: (
        lazy_gettext("Something broke on our side"),
        lazy_gettext("It is not your fault, and it has been noted. Try again in a while."),
    ),
    503: (
        lazy_gettext("The site is out of breath"),
        lazy_gettext("It can’t reach its database just now. Nothing is lost: try again in a moment."),
    ),
}
SEARCH_NOT_READY = (
    lazy_gettext("The search is being prepared"),
    lazy_gettext("The site has been updated and goes through its books once more. All other pages work meanwhile."),
)


def register(app: Flask) -> None:
    app.register_error_handler(Exception, answer)


def answer(error: Exception) -> Response:
    """The answer to a request that ended in `error`."""
    cause = getattr(error, "original_exception", None) or error
    if not isinstance(cause, HTTPException):
        cause = _fault(cause)
    elif cause.response is not None:
        return make_response(cause.response)
    status = cause.code or 500
    title, advice = EXPLANATIONS.get(status, (cause.name, cause.description or ""))
    if isinstance(error, SearchNotReadyError):
        title, advice = SEARCH_NOT_READY
    # A description of Werkzeug's own says less than ours; one of ours was put on the exception, not on its class.
    if cause.description and cause.description != type(cause).description:
        advice = cause.description
    headers = {name: value for name, value in cause.get_headers() if name.lower() not in OF_THE_BODY}
    if status == 503:
        headers["Retry-After"] = str(RETRY_AFTER)
    if wants_json():
        response = jsonify(error=str(advice), status=status)
    elif isinstance(cause, SecurityError):  # a host that is not trusted: no page of ours has an address there
        response = make_response(f"{title}. {advice}\n", {"Content-Type": "text/plain; charset=utf-8"})
    else:
        wait = headers.get("Retry-After", "")
        page = {
            "title": title,
            "advice": advice,
            "status": status,
            "retry_after": int(wait) if wait.isdigit() else None,
            "typed": _typed(),
        }
        response = make_response(render_template("error.html", **page))
    response.status_code = status
    response.headers.update(headers)
    return response


def _typed() -> dict[str, str]:
    """What the refused form holds, to be sent again; nothing where it is larger than the site takes."""
    try:
        return typed_fields()
    except HTTPException:
        return {}


def _fault(error: BaseException) -> HTTPException:
    request_id = g.get("request_id")
    unusable = isinstance(error, SessionsUnavailableError | DatabaseUnusableError | SearchNotReadyError)
    if unusable or (isinstance(error, SQLAlchemyError) and is_unavailable(error)):
        logger.error("unavailable", extra={"request_id": request_id, "cause": str(error).split("\n")[0]})
        unavailable = HTTPException()
        unavailable.code = 503
        return unavailable
    logger.error("fault", exc_info=error, extra={"request_id": request_id})
    return InternalServerError()
