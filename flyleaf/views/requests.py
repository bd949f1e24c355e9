"""What holds for every request: its id and log line, and the headers of its answer."""

import logging
import secrets
import time
from urllib.parse import unquote_to_bytes

from flask import Flask, Response, g, request
from werkzeug.exceptions import BadRequest

logger = logging.getLogger("flyleaf.requests")

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HSTS = "max-age=31536000"


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
        raise BadRequest("There are bytes that are no letters in the address or the form.") from error


def _finish(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", HSTS)
    if "request_id" not in g:  # refused before anything else ran: an untrusted host, say
        _begin()
    response.headers["X-Request-ID"] = g.request_id
    # The path alone: what a reader searches for is nobody's business, and a query may carry a token.
    logger.info(
        "request",
        extra={
            "request_id": g.request_id,
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "milliseconds": round(1000 * (time.perf_counter() - g.started), 1),
        },
    )
    return response
