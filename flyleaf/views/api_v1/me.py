"""The reader whose token it is."""

from typing import Any

from flask import Response
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from flyleaf.queries.api_tokens import LiveToken
from flyleaf.queries.readers import Reader, select_own_details
from flyleaf.views.api_v1 import own_schemas
from flyleaf.views.api_v1.blueprints import Blueprint, own, own_slowly
from flyleaf.views.own_data import archived, downloaded

blueprint = Blueprint("Me", __name__, "The reader whose token it is.")


@blueprint.get("/me")
@blueprint.response(200, own_schemas.Me)
@own
def me(connection: Connection, token: LiveToken) -> dict[str, Any]:
    """Return the account, and the token that was sent."""
    details = select_own_details(connection, token.reader.id)
    if details is None:  # deleted a moment ago
        raise NotFound
    return {
        "name": details.name,
        "registered_at": details.registered_at,
        "language": details.language,
        "token": {
            "name": token.name,
            "scope": "write" if token.can_write else "read",
            "expires_at": token.expires_at,
        },
    }


@blueprint.get("/me/export")
@blueprint.response(200, own_schemas.Export)
@own_slowly
def export(reader: Reader) -> Response:
    """Return everything that the site keeps about you, as on the account page."""
    return downloaded(reader)


@blueprint.get("/me/export.zip")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/zip")
@own_slowly
def export_archive(reader: Reader) -> Response:
    """Return the same as an archive, with your reading history also as CSV, which other sites read."""
    return archived(reader)
