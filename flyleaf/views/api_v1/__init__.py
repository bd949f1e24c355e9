"""API v1, for programs: JSON, tokens instead of sessions, and a document that describes all of it."""

from flask import Flask, Response, request

from flyleaf.views.api_v1 import books, catalogue, copies, document, imports, me, readers, reviews, shelves
from flyleaf.web.problems import is_v1

READABLE_ELSEWHERE = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, RateLimit, RateLimit-Policy, Retry-After, X-Request-ID",
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "Authorization, If-None-Match",
    "Access-Control-Max-Age": "86400",
}


def register(app: Flask) -> None:
    """Register the API's addresses, and its headers, which errors have, too."""
    app.after_request(_finish)
    app.register_blueprint(document.blueprint)
    api = document.Api(app)
    for room in (books, catalogue, reviews, shelves, copies, imports, readers, me):
        api.register_blueprint(room.blueprint)


def _finish(response: Response) -> Response:
    if not is_v1() or request.endpoint in document.PAGES:  # which are like others
        return response
    if request.method in ("GET", "HEAD", "OPTIONS"):
        response.headers.update(READABLE_ELSEWHERE)
        if request.method == "OPTIONS":
            response.headers.update(PREFLIGHT)
    if request.method in ("GET", "HEAD") and response.status_code == 200 and not response.direct_passthrough:
        response.headers["Cache-Control"] = "private, no-cache"
        response.vary.add("Authorization")
        response.add_etag()
        response.make_conditional(request)
    return response
