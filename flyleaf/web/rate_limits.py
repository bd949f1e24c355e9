"""Limits on how many searches and API requests may come from one reader or one address in a minute.

Requests to API v1 with a token count for its reader, wherever they come from and whichever of the reader's tokens they
have; so programs of several readers behind one address don't disturb each other. Others count for their address.

Readers don't reach these limits, and programs can see them coming in the RateLimit headers of every answer
(draft-ietf-httpapi-ratelimit-headers-10). Counting costs no statement: each worker counts in its own memory, so that a
site may answer up to WORKERS times as many requests; if sessions are in Redis, all workers count there together.
Attempts at passwords are counted exactly, in the database: see attempts.py.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec

from flask import after_this_request, g, session
from flask.typing import ResponseReturnValue
from flask_babel import ngettext
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response

from flyleaf.queries.readers import Reader
from flyleaf.web.access import is_logged_in
from flyleaf.web.attempts import client_address
from flyleaf.web.current import flyleaf

Values = ParamSpec("Values")

WINDOW = 60  # seconds
# One address may be that of a whole school, so it may search, or send tokens, as often as this many readers.
READERS_AT_AN_ADDRESS = 20


@dataclass(frozen=True, slots=True)
class Quota:
    """How many requests `whose` may send in a window. `name` tells programs which limit this is."""

    name: str
    whose: str
    most: int


def searches_limited(view: Callable[Values, ResponseReturnValue]) -> Callable[Values, ResponseReturnValue]:
    """Limit the searches of one reader, and of one address. Raises TooManyRequests."""
    return _limited(_search_quotas, view)


def api_limited(view: Callable[Values, ResponseReturnValue]) -> Callable[Values, ResponseReturnValue]:
    """Limit the API requests from one address. Raises TooManyRequests."""
    return _limited(_api_quotas, view)


def count_api_request() -> None:
    """Count this request to the API for its address: it has no token, or a wrong one. Raises TooManyRequests."""
    count_request(_api_quotas())


def count_sent_token() -> None:
    """Count this request before its token is looked up. Raises TooManyRequests."""
    most = flyleaf().config.api_requests_per_minute * READERS_AT_AN_ADDRESS
    count_request([Quota("api-address", client_address(), most)])


def count_readers_request(reader: Reader) -> None:
    """Count this request to the API for the reader whose token it has. Raises TooManyRequests."""
    count_request([Quota("api", f"reader {reader.id}", flyleaf().config.api_requests_per_minute)])


def _limited(
    quotas: Callable[[], list[Quota]], view: Callable[Values, ResponseReturnValue]
) -> Callable[Values, ResponseReturnValue]:
    @wraps(view)
    def gate(*values: Values.args, **named: Values.kwargs) -> ResponseReturnValue:
        count_request(quotas())
        return view(*values, **named)

    return gate


def count_request(quotas: list[Quota]) -> None:
    """Count this request under all quotas, under each once, and announce them. Raises TooManyRequests if one of them is
    used up."""
    now = int(time.time())
    window, seconds_left = now // WINDOW, WINDOW - now % WINDOW
    counter = flyleaf().request_counter
    left: dict[Quota, int] = g.setdefault("quotas_left", {})
    if not left:

        @after_this_request
        def announce(response: Response) -> Response:
            announced = sorted(left, key=lambda quota: quota.most)
            policies = (f'"{quota.name}";q={quota.most};w={WINDOW}' for quota in announced)
            response.headers["RateLimit-Policy"] = ", ".join(policies)
            states = (f'"{quota.name}";r={max(left[quota], 0)};t={seconds_left}' for quota in announced)
            response.headers["RateLimit"] = ", ".join(states)
            return response

    for quota in quotas:
        if quota not in left:
            left[quota] = quota.most - counter.count(f"{quota.name} {quota.whose}", window)
    if any(left[quota] < 0 for quota in quotas):
        advice = ngettext(
            "You sent too many requests. Wait a second, then try again.",
            "You sent too many requests. Wait %(num)s seconds, then try again.",
            seconds_left,
        )
        raise TooManyRequests(advice, retry_after=seconds_left)


def _search_quotas() -> list[Quota]:
    most = flyleaf().config.searches_per_minute
    quotas = [Quota("address", client_address(), most * READERS_AT_AN_ADDRESS)]
    if is_logged_in():
        quotas.insert(0, Quota("reader", str(session["reader_id"]), most))
    return quotas


def _api_quotas() -> list[Quota]:
    return [Quota("api", client_address(), flyleaf().config.api_requests_per_minute)]
