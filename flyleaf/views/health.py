"""Health checks for operators: is the site alive, and is it ready to serve?"""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from flyleaf.database import DatabaseUnusableError
from flyleaf.database.migrate import head, revision
from flyleaf.search import is_built
from flyleaf.web.current import flyleaf, transaction
from flyleaf.web.reading import read

blueprint = Blueprint("health", __name__)

LATER = {"Retry-After": "5"}


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    return jsonify(status="alive", site="flyleaf")


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """Return 200 if all pages can be served, or 503 with what is missing.

    A schema that a newer version has migrated also serves this version while it runs. While the primary is down, pages
    that replicas can serve are enough.
    """
    try:
        database, (found, built) = _look()
    except DatabaseUnusableError:
        return jsonify(status="not ready", database="unusable"), 503, LATER
    except SQLAlchemyError:
        return jsonify(status="not ready", database="unreachable"), 503, LATER
    state = {
        "database": database,
        "migrations": "applied" if found == head() else "newer" if found > head() else "missing",
        "search": "built" if built else "being prepared",
    }
    if found < head() or not built:
        return jsonify(status="not ready", **state), 503, LATER
    return jsonify(status="ready", **state)


def _look() -> tuple[str, tuple[str, bool]]:
    """Return how the database answers, its revision, and whether the search is built. Raises DatabaseUnusableError and
    SQLAlchemyError."""
    try:
        with transaction() as connection:
            return "reachable", _state(connection)
    except (SQLAlchemyError, DatabaseUnusableError):
        if not flyleaf().database.replicas.well():
            raise
        return "read-only", read(_state)


def _state(connection: Connection) -> tuple[str, bool]:
    return revision(connection) or "", is_built(connection)
