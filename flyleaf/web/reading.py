"""Reading from replicas, which are a little behind: readers still see what they have just written.

The response to a request that may have written keeps the primary's position in the write-ahead log in a signed cookie.
Until a replica has replayed it, this browser reads from the primary. It isn't kept in the session, which only a login
writes. The cookie lasts a minute longer than a replica may be behind. Programs that use the API keep nothing.
"""

import logging
from collections.abc import Callable
from typing import TypeVar

from flask import Flask, Response, current_app, g, request
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import Connection

from flyleaf.web.cookies import keep_cookie, kept_cookie
from flyleaf.web.current import flyleaf
from flyleaf.web.errors import is_outage
from flyleaf.web.forms import SHA256

COOKIE = "written"
EXTRA_SECONDS = 60

Read = TypeVar("Read")

logger = logging.getLogger(__name__)


def register(app: Flask) -> None:
    app.after_request(_keep_position)


def read(work: Callable[[Connection], Read]) -> Read:
    """Return what `work` reads, from a replica that has everything that this browser has written, or from the primary.

    It may run twice, if a server fails, so it may do nothing but read.
    """
    return flyleaf().database.read(work, since=_position())


def write_if_possible(work: Callable[[Connection], Read]) -> Read | None:
    """Return the outcome of a small write that a page which only reads doesn't fail for: None if the primary is not
    available."""
    database = flyleaf().database
    if not database.replicas.primary_answers:
        return None
    try:
        with database.transaction() as connection:
            return work(connection)
    except Exception as error:
        if not is_outage(error):
            raise
        return None


def note_write() -> None:
    """Say that this request has written, which is otherwise assumed of all but GET."""
    g.has_written = True


def _position() -> int:
    try:
        kept = _signer().loads(kept_cookie(COOKIE) or "")
    except BadData:
        return 0
    return kept if isinstance(kept, int) else 0  # another version may keep something else


def _keep_position(response: Response) -> Response:
    site = flyleaf()
    may_have_written = request.method not in ("GET", "HEAD", "OPTIONS") or "has_written" in g
    if site.database.replicas.all and may_have_written and response.status_code < 400:
        try:
            position = site.database.position()
        except Exception as error:
            if not is_outage(error):
                raise
            logger.warning("the position of a write is unknown", extra={"request_id": g.get("request_id")})
        else:
            keep_cookie(
                response, COOKIE, str(_signer().dumps(position)), site.config.replica_lag_seconds + EXTRA_SECONDS
            )
    return response


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="written", signer_kwargs=SHA256)
