"""Limits on how many searches and API requests may come from one reader or one address in a minute.

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

from flask import after_this_request, session
from flask.typing import ResponseReturnValue
from flask_babel import ngettext
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response

from flyleaf.web.access import is_logged_in
from flyleaf.web.attempts import client_address
from flyleaf.web.current import flyleaf

Values = ParamSpec("Values")

WINDOW = 60  # seconds
# One address may be that of a whole school, so it may search as often as this many readers.
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
    """Count this request to the API. Raises TooManyRequests."""
    count_request(_api_quotas())


def _limited(
    quotas: Callable[[], list[Quota]], view: Callable[Values, ResponseReturnValue]
) -> Callable[Values, ResponseReturnValue]:
    @wraps(view)
    def gate(*values: Values.args, **named: Values.kwargs) -> ResponseReturnValue:
        count_request(quotas())
        return view(*values, **named)

    return gate


def count_request(quotas: list[Quota]) -> None:
    """Count this request under all quotas and announce them. Raises TooManyRequests if one of them is used up."""
    now = int(time.time())
    window, seconds_left = now // WINDOW, WINDOW - now % WINDOW
    counter = flyleaf().request_counter
    left = {quota: quota.most - counter.count(f"{quota.name} {quota.whose}", window) for quota in quotas}

    @after_this_request
    def announce(response: Response) -> Response:
        policies = (f'"{quota.name}";q={quota.most};w={WINDOW}' for quota in quotas)
        response.headers["RateLimit-Policy"] = ", ".join(policies)
        states = (f'"{quota.name}";r={max(rest, 0)};t={seconds_left}' for quota, rest in left.items())
        response.headers["RateLimit"] = ", ".join(states)
        return response

    if min(left.values()) < 0:
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
