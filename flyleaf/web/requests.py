"""What every request gets: an id, a log line and the response headers."""

import logging
import secrets
import time
from urllib.parse import unquote_to_bytes

from flask import Flask, Response, g, request
from flask_babel import gettext
from werkzeug.exceptions import BadRequest

from flyleaf.security_headers import security_headers
from flyleaf.web.current import flyleaf

logger = logging.getLogger("flyleaf.requests")
SECRET_PATHS = ("/reset/", "/login/link/")  # followed by a token


def register(app: Flask) -> None:
    app.before_request(_begin)
    app.before_request(_refuse_bytes)
    app.after_request(_finish)


def wants_json() -> bool:
    """Return whether the client is a program, which gets errors as JSON and no redirect to the login form."""
    return request.path.startswith("/api/") or request.path == "/search/suggestions"


def _begin() -> None:
    g.started = time.perf_counter()
    g.request_id = secrets.token_hex(8)


def _refuse_bytes() -> None:
    """Refuse invalid UTF-8. Browsers don't send it, and Werkzeug would take its escapes, %ED%A0%80, for typed text."""
    sent = [request.query_string]
    if request.mimetype == "application/x-www-form-urlencoded":
        sent.append(request.get_data())
    try:
        for text in sent:
            unquote_to_bytes(text).decode()
    except UnicodeDecodeError as error:
        raise BadRequest(gettext("The address or form contains invalid characters.")) from error


def _logged_path() -> str:
    """Return the path without the token of a link, which would give readers of the log the account."""
    return next((f"{path}…" for path in SECRET_PATHS if request.path.startswith(path)), request.path)


def _finish(response: Response) -> Response:
    # Also if a proxy removes HTTPS without saying so: browsers ignore HSTS over plain HTTP.
    config = flyleaf().config
    headers = security_headers(https=request.is_secure or config.https, static_url=config.static_url)
    for name, value in headers.items():
        response.headers.setdefault(name, value)
    if "request_id" not in g:  # refused before anything else ran, such as an untrusted host
        _begin()
    response.headers["X-Request-ID"] = g.request_id
    # Only the path: searches are private, and a query may contain a token.
    logger.info(
        "request",
        extra={
            "request_id": g.request_id,
            "method": request.method,
            "path": _logged_path(),
            "status": response.status_code,
            "milliseconds": round(1000 * (time.perf_counter() - g.started), 1),
        },
    )
    return response
