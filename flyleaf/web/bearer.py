"""Access to API v1: with a reader's token, or without one to what is public. A session opens nothing here, so there is
no form of another site to fear, and no CSRF token."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Concatenate, NoReturn, ParamSpec, TypeVar

from flask import request
from sqlalchemy import Connection
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from flyleaf.database import MaybeNewError
from flyleaf.queries.api_tokens import LiveToken, select_live_token, update_token_used
from flyleaf.queries.readers import Reader
from flyleaf.web.current import transaction
from flyleaf.web.rate_limits import count_api_request, count_readers_request, count_sent_token
from flyleaf.web.reading import read, write_if_possible

Values = ParamSpec("Values")
Answer = TypeVar("Answer")


def for_all(
    view: Callable[Concatenate[Connection, LiveToken | None, Values], Answer],
) -> Callable[Values, Answer]:
    """Pass a connection that may read to the view, and the token if one was sent. A wrong one is refused."""

    @wraps(view)
    def gate(*values: Values.args, **named: Values.kwargs) -> Answer:
        sent = _sent_token()
        if sent is None:
            count_api_request()
            return read(lambda connection: view(connection, None, *values, **named))
        return _read(sent, lambda connection, token: view(connection, token, *values, **named))

    return gate


def token_to_read(
    view: Callable[Concatenate[Connection, LiveToken, Values], Answer],
) -> Callable[Values, Answer]:
    """Do the same, but only for requests with a token."""

    @wraps(view)
    def gate(*values: Values.args, **named: Values.kwargs) -> Answer:
        sent = _sent_token() or _refuse()
        return _read(sent, lambda connection, token: view(connection, token, *values, **named))

    return gate


def token_of_reader(
    view: Callable[Concatenate[Reader, Values], Answer],
) -> Callable[Values, Answer]:
    """Pass the token's reader to a view that opens its own transactions because it does slow work between them."""

    @wraps(view)
    def gate(*values: Values.args, **named: Values.kwargs) -> Answer:
        sent = _sent_token() or _refuse()
        return view(_read(sent, lambda connection, token: token.reader), *values, **named)

    return gate


def token_to_write(
    view: Callable[Concatenate[Connection, LiveToken, Values], Answer],
) -> Callable[Values, Answer]:
    """Pass the request's transaction and token to the view. Raises Forbidden if the token may only read."""

    @wraps(view)
    def gate(*values: Values.args, **named: Values.kwargs) -> Answer:
        sent = _sent_token() or _refuse()
        with transaction() as connection:
            return view(connection, _writing_token(connection, sent), *values, **named)

    return gate


def token_of_writer(
    view: Callable[Concatenate[Reader, Values], Answer],
) -> Callable[Values, Answer]:
    """Pass the reader to a view that opens its own transactions. Raises Forbidden if the token may only read."""

    @wraps(view)
    def gate(*values: Values.args, **named: Values.kwargs) -> Answer:
        sent = _sent_token() or _refuse()
        with transaction() as connection:
            reader = _writing_token(connection, sent).reader
        return view(reader, *values, **named)

    return gate


def _writing_token(connection: Connection, sent: str) -> LiveToken:
    token = select_live_token(connection, sent) or _refuse("invalid_token")
    count_readers_request(token.reader)
    if not token.can_write:
        raise Forbidden("This token may only read. Make one that may write on the account page.")
    if token.is_due:
        update_token_used(connection, token.id)
    return token


def _read(sent: str, view: Callable[[Connection, LiveToken], Answer]) -> Answer:
    def look(connection: Connection) -> tuple[LiveToken, Answer]:
        token = select_live_token(connection, sent)
        if token is None:
            raise MaybeNewError
        count_readers_request(token.reader)
        return token, view(connection, token)

    try:
        token, answer = read(look)
    except MaybeNewError:
        _refuse("invalid_token")
    if token.is_due:
        write_if_possible(partial(update_token_used, token_id=token.id))
    return answer


def _sent_token() -> str | None:
    """Return the token of the Authorization header, or None without that header. Raises Unauthorized and
    TooManyRequests."""
    if "Authorization" not in request.headers:
        return None
    sent = request.authorization
    if sent is None or sent.type != "bearer" or not sent.token:
        _refuse("invalid_token")
    count_sent_token()
    return sent.token


def _refuse(error: str | None = None) -> NoReturn:
    """Count the request for its address and raise Unauthorized, in the words of RFC 6750. Raises TooManyRequests."""
    count_api_request()
    if error is None:
        advice = "Send a token: “Authorization: Bearer …”. Readers make one on their account page."
        raise Unauthorized(advice, www_authenticate=WWWAuthenticate("bearer", {"realm": "Flyleaf"}))
    advice = "This token is unknown, expired or revoked. Make a new one on the account page."
    raise Unauthorized(advice, www_authenticate=WWWAuthenticate("bearer", {"realm": "Flyleaf", "error": error}))
