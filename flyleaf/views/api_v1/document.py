"""The API's description of itself: as an OpenAPI document, made of the views and schemas, and as pages."""

from typing import Any

import flask_smorest
from flask import Blueprint, Flask, Response, current_app, jsonify, render_template, request
from flask_smorest.utils import prepare_response
from werkzeug.exceptions import NotFound

from flyleaf.version import VERSION
from flyleaf.views.api_v1.blueprints import SCHEME
from flyleaf.views.api_v1.outline import outline
from flyleaf.views.api_v1.schemas import Problem
from flyleaf.web.numbers import IdConverter
from flyleaf.web.problems import PREFIX, PROBLEM
from flyleaf.web.rate_limits import api_limited

blueprint = Blueprint("api_v1", __name__, url_prefix=PREFIX)
PAGES = ("api_v1.docs", "api_v1.docs_of")

CONFIG = "API_V1"  # by which flask-smorest knows this API

DESCRIPTION = """\
Whatever is public can be read without a token. For everything else, send `Authorization: Bearer …` with a token from
your account page. To change anything, the token must be one that may write.

Every answer tells its limit in the fields `RateLimit` and `RateLimit-Policy`. Answers to GET have an `ETag`: send it as
`If-None-Match`, and an unchanged answer is a 304 without a body. Lists have a `next_cursor`: send it as `cursor` for
the next page. Errors are problem details (RFC 9457).
"""


class Api(flask_smorest.Api):
    """Makes the document. Errors are answered by web/errors.py, and pages drawn by our own template."""

    DEFAULT_ERROR_RESPONSE_NAME = "Problem"

    def __init__(self, app: Flask) -> None:
        about = {"title": "Flyleaf", "version": VERSION, "info": {"description": DESCRIPTION}}
        super().__init__(app, spec_kwargs={**about, "openapi_version": "3.1.0"}, config_prefix=CONFIG)
        self.register_converter(IdConverter, lambda _: {"type": "integer", "minimum": 0, "maximum": 10**18 - 1})
        self.spec.components.security_scheme(SCHEME, {"type": "http", "scheme": "bearer"})

    def _register_error_handlers(self) -> None:
        pass

    def _register_responses(self) -> None:
        for name in (self.DEFAULT_ERROR_RESPONSE_NAME, "UNPROCESSABLE_ENTITY"):
            response = {"description": "A problem: what is wrong, and what to do next.", "schema": Problem}
            prepare_response(response, self.spec, PROBLEM)
            self.spec.components.response(name, response)


@blueprint.get("/openapi.json")
@api_limited
def openapi() -> Response:
    return jsonify(document())


@blueprint.get("/docs")
@api_limited
def docs() -> str:
    """Show what the API is, and list its operations."""
    return render_template("api_docs.html", outline=outline(document()))


@blueprint.get("/docs/<key>")
@api_limited
def docs_of(key: str) -> str:
    """Show a group of operations."""
    shown = outline(document())
    group = next((one for one in shown.groups if one.key == key), None)
    if group is None:
        raise NotFound
    return render_template("api_docs_group.html", outline=shown, group=group)


def document() -> dict[str, Any]:
    """Return the OpenAPI document. Its addresses are below the site's path."""
    api: Api = current_app.extensions["flask-smorest"]["apis"][f"{CONFIG}_"]["ext_obj"]
    made: dict[str, Any] = api.spec.to_dict()
    return made | {"servers": [{"url": request.script_root or "/"}]}
