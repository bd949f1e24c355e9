"""What holds for every request: its id and log line, and the headers of its answer."""

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
RESET = "/reset/"


def register(app: Flask) -> None:
    app.before_request(_begin)
    app.before_request(_refuse_bytes)
    app.after_request(_finish)


def wants_json() -> bool:
    """Whether a program asks: errors are JSON there, and nothing redirects to a log-in form."""
    return request.path.startswith("/api/") or request.path == "/search/suggestions"


def _begin() -> None:
    g.started = time.perf_counter()
    g.request_id = secrets.token_hex(8)


def _refuse_bytes() -> None:
    """No browser sends bytes that are no UTF-8; Werkzeug would take their escapes, %ED%A0%80, for what was typed."""
    sent = [request.query_string]
    if request.mimetype == "application/x-www-form-urlencoded":
        sent.append(request.get_data())
    try:
        for text in sent:
            unquote_to_bytes(text).decode()
    except UnicodeDecodeError as error:
        raise BadRequest(gettext("The address or form contains invalid characters.")) from error


def _logged_path() -> str:
    """What stands behind /reset/ opens an account: who reads the log is not to."""
    return f"{RESET}…" if request.path.startswith(RESET) else request.path


def _finish(response: Response) -> Response:
    # Also where a proxy takes HTTPS off and does not say so: browsers take no promise that came without it.
    for name, value in security_headers(https=request.is_secure or flyleaf().config.https).items():
        response.headers.setdefault(name, value)
    if "request_id" not in g:  # refused before anything else ran: an untrusted host, say
        _begin()
    response.headers["X-Request-ID"] = g.request_id
    # The path alone: what a reader searches for is nobody's business, and a query may carry a token.
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
