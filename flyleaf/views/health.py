"""Health checks for operators: is the site alive, and is it ready to serve?"""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from flyleaf.database import DatabaseUnusableError
from flyleaf.database.migrate import head, revision
from flyleaf.search import is_built
from flyleaf.web.current import transaction

blueprint = Blueprint("health", __name__)

LATER = {"Retry-After": "5"}


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    return jsonify(status="alive", site="flyleaf")


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """Return 200 if all pages can be served, or 503 with what is missing.

    A schema that a newer version has migrated also serves this version while it runs.
    """
    try:
        with transaction() as connection:
            found = revision(connection) or ""
            built = is_built(connection)
    except DatabaseUnusableError:
        return jsonify(status="not ready", database="unusable"), 503, LATER
    except SQLAlchemyError:
        return jsonify(status="not ready", database="unreachable"), 503, LATER
    state = {
        "database": "reachable",
        "migrations": "applied" if found == head() else "newer" if found > head() else "missing",
        "search": "built" if built else "being prepared",
    }
    if found < head() or not built:
        return jsonify(status="not ready", **state), 503, LATER
    return jsonify(status="ready", **state)
