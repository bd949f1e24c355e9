"""Numbers about the running site, for Prometheus. They are for those who know METRICS_TOKEN."""

import hmac
from collections.abc import Iterator

from flask import Blueprint, Response, abort, request
from sqlalchemy.exc import SQLAlchemyError

from flyleaf.database import DatabaseUnusableError
from flyleaf.queries.imports import is_importing, select_last_import
from flyleaf.version import VERSION
from flyleaf.web.current import flyleaf, transaction

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def metrics() -> Response:
    site = flyleaf()
    if site.metrics is None or site.config.metrics_token is None:
        abort(404)
    from flyleaf.metrics import CONTENT_TYPE, HOW_TO_ASK, Measure

    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(token.encode(), site.config.metrics_token.encode()):
        return Response(HOW_TO_ASK, 401, {"WWW-Authenticate": "Bearer"}, mimetype="text/plain")

    def state() -> Iterator[Measure]:
        """Ask for what the database knows."""
        yield Measure("flyleaf_build_info", "The version that runs.", {VERSION: 1}, "version")
        replicas = site.database.replicas.states()
        if replicas:
            used = {one.name: float(one.is_well) for one in replicas}
            yield Measure("flyleaf_replica_up", "Whether pages are read from the replica.", used, "replica")
            behind = {one.name: one.bytes_behind for one in replicas if one.bytes_behind is not None}
            yield Measure("flyleaf_replica_lag_bytes", "How much the replica has yet to replay.", behind, "replica")
        try:
            with transaction() as connection:
                running, last = is_importing(connection), select_last_import(connection)
        except (DatabaseUnusableError, SQLAlchemyError):
            yield Measure("flyleaf_database_up", "Whether the database answers.", {"": 0})
            return
        yield Measure("flyleaf_database_up", "Whether the database answers.", {"": 1})
        yield Measure("flyleaf_import_running", "Whether an import is running.", {"": running})
        if last is not None:
            ended = {"": last.at.timestamp()}
            yield Measure("flyleaf_last_import_timestamp_seconds", "When the last import ended.", ended)
            yield Measure("flyleaf_last_import_books", "Books of the last import.", last.books, "outcome")

    return Response(site.metrics.exposition(state()), content_type=CONTENT_TYPE)
