"""For whoever watches over the site: is it alive, and is it ready to serve?"""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from flyleaf.database import DatabaseUnusableError
from flyleaf.database.migrate import is_migrated
from flyleaf.web.current import transaction

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    return jsonify(status="alive", site="flyleaf")


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """200 where pages can be served; 503 with what is missing."""
    try:
        with transaction() as connection:
            migrated = is_migrated(connection)
    except DatabaseUnusableError:
        return jsonify(status="not ready", database="unusable"), 503, {"Retry-After": "5"}
    except SQLAlchemyError:
        return jsonify(status="not ready", database="unreachable"), 503, {"Retry-After": "5"}
    if not migrated:
        return jsonify(status="not ready", database="reachable", migrations="missing"), 503, {"Retry-After": "5"}
    return jsonify(status="ready", database="reachable", migrations="applied")
