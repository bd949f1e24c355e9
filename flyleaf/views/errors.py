"""From an exception to what the reader, or the program, is told."""

import logging

from flask import Flask, Response, g, jsonify, make_response, render_template
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, InternalServerError

from flyleaf.database import DatabaseUnusableError, is_unavailable
from flyleaf.sessions import SessionsUnavailableError
from flyleaf.views.requests import wants_json

logger = logging.getLogger("flyleaf.errors")
RETRY_AFTER = 5  # seconds

# Status: what happened, and what to do about it.
EXPLANATIONS = {
    400: ("That request made no sense", "The address or the form was incomplete. Go back, reload the page, try again."),
    404: ("There is no such page", "The address may be mistyped, or the book is not in this catalogue."),
    405: ("That can’t be done here", "This address does not take that kind of request."),
    409: ("That clashes with what is there", "Somebody, perhaps you in another tab, was here before."),
    413: ("That is too much at once", "What you sent is larger than this site takes. Shorten it, and send it again."),
    414: ("That address is too long", "Shorten what you search for."),
    422: ("That is not quite right", "Check what you entered, and send it again."),
    429: ("Too many tries", "Wait a little, then try again."),
    500: ("Something broke on our side", "It is not your fault, and it has been noted. Try again in a while."),
    503: ("The site is out of breath", "It can’t reach its database just now. Nothing is lost: try again in a moment."),
}


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
    # A description of Werkzeug's own says less than ours; one of ours was put on the exception, not on its class.
    if cause.description and cause.description != type(cause).description:
        advice = cause.description
    if wants_json():
        response = jsonify(error=advice, status=status)
    else:
        response = make_response(render_template("error.html", title=title, advice=advice, status=status))
    response.status_code = status
    for name, value in cause.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def _fault(error: BaseException) -> HTTPException:
    request_id = g.get("request_id")
    unusable = isinstance(error, SessionsUnavailableError | DatabaseUnusableError)
    if unusable or (isinstance(error, SQLAlchemyError) and is_unavailable(error)):
        logger.error("unavailable", extra={"request_id": request_id, "cause": str(error).split("\n")[0]})
        unavailable = HTTPException()
        unavailable.code = 503
        return unavailable
    logger.error("fault", exc_info=error, extra={"request_id": request_id})
    return InternalServerError()
