"""Atom feeds (RFC 4287): the newest public reviews of a book, an author, a series and a reader, and new books.

A feed reader can't log in, so a feed's address has a key of the reader who asks. A browser that is logged in is sent to
that address. The key is signed, not stored, and opens nothing but feeds; the account page revokes it.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps

from flask import Blueprint, Response, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from itsdangerous import BadData, URLSafeSerializer
from markupsafe import Markup
from sqlalchemy import Connection
from werkzeug.exceptions import Forbidden, NotFound

from flyleaf.database import MaybeNewError
from flyleaf.limits import NEW_BOOKS_IN_THE_FEED, RATING_MAX
from flyleaf.paging import NEWEST
from flyleaf.queries.authors import select_author
from flyleaf.queries.feeds import (
    FeedReview,
    select_feed_key,
    select_newest_of_author,
    select_newest_of_book,
    select_newest_of_series,
    update_feed_key,
)
from flyleaf.queries.new_books import NewBook, select_new_books
from flyleaf.queries.readers import Reader, select_profile
from flyleaf.queries.reviewed_books import select_reviewed_books
from flyleaf.queries.series import select_series
from flyleaf.search import require
from flyleaf.views.books import find_book
from flyleaf.web.access import login_required, login_to_read
from flyleaf.web.addresses import url_for
from flyleaf.web.forms import SHA256, require_token
from flyleaf.web.notices import redirect_with_notice
from flyleaf.web.rate_limits import api_limited
from flyleaf.web.reading import read
from flyleaf.web.rendering import Answer
from flyleaf.web.review_text import paragraphs, review_text

blueprint = Blueprint("feeds", __name__)

NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # when a feed without entries has changed
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """A review or a book in a feed. Its `path` stays the same, and its `page` is where it can be read."""

    path: str
    title: str
    author: str
    page: str
    html: Markup
    published_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: its title, the path of its page, its own without a key, and its entries, newest first."""

    title: str
    page: str
    path: str
    entries: Sequence[Entry]

    @property
    def updated_at(self) -> datetime:
        return max((entry.updated_at for entry in self.entries), default=NEVER)


def _for_key(view: Callable[..., Feed]) -> Callable[..., ResponseReturnValue]:
    """Answer with the feed that the view returns, for a key. Without a key, send readers to their own address."""

    @wraps(view)
    @api_limited
    def gate(**names: str) -> ResponseReturnValue:
        if "key" not in request.args:
            return _own_address(**names)

        def look(connection: Connection) -> Feed:
            require_key(connection)
            if any("\0" in text for text in (*names.values(), *request.args.values())):
                raise NotFound
            return view(connection, **names)

        try:
            return _answer(read(look))
        except MaybeNewError:
            raise Forbidden(
                gettext("This feed’s address is no longer valid. Open the feed again while you are logged in.")
            ) from None

    return gate


@login_to_read
def _own_address(connection: Connection, reader: Reader, /, **names: str) -> Answer:
    number = select_feed_key(connection, reader.id)
    if number is None:  # the account was locked or closed after the session was looked up
        raise MaybeNewError
    key = _signer().dumps([reader.id, number])
    return redirect(url_for(str(request.endpoint), **names, author=request.args.get("author"), key=key), 303)


def require_key(connection: Connection) -> None:
    """Raise MaybeNewError unless the address has the key of a reader."""
    try:
        reader_id, number = _signer().loads(request.args["key"])
    except (BadData, ValueError, TypeError):
        raise MaybeNewError from None
    known = select_feed_key(connection, reader_id)
    if known is None or known != number:
        raise MaybeNewError


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="feeds", signer_kwargs=SHA256)


def _answer(feed: Feed) -> Response:
    xml = _NOT_IN_XML.sub("\ufffd", render_template("feed.xml", feed=feed, site=request.host_url.rstrip("/")))
    response = Response(xml, mimetype="application/atom+xml")
    response.headers["Cache-Control"] = "private, no-cache"
    response.last_modified = feed.updated_at
    response.add_etag()
    response.make_conditional(request)
    return response


@blueprint.get("/books/new.atom")
@_for_key
def new_books(connection: Connection) -> Feed:
    entries = [_new_book(one) for one in select_new_books(connection, NEW_BOOKS_IN_THE_FEED)]
    return Feed(gettext("New books"), url_for("new_books.new_books"), url_for("feeds.new_books"), entries)


@blueprint.get("/books/<name>/reviews.atom")
@_for_key
def book(connection: Connection, name: str) -> Feed:
    require(connection)
    found = find_book(connection, name)
    page, path = url_for("books.book", address=found.address), url_for("feeds.book", name=found.address)
    return _of_reviews(found.title, page, path, select_newest_of_book(connection, found.id))


@blueprint.get("/authors/<path:name>/reviews.atom")
@_for_key
def author(connection: Connection, name: str) -> Feed:
    require(connection)
    found = select_author(connection, name)
    if found is None:
        raise NotFound(gettext("The catalogue has no books by this author."))
    page, path = url_for("authors.author", name=found.name), url_for("feeds.author", name=found.name)
    return _of_reviews(found.name, page, path, select_newest_of_author(connection, name))


@blueprint.get("/series/<path:name>/reviews.atom")
@_for_key
def series(connection: Connection, name: str) -> Feed:
    require(connection)
    by = request.args.get("author")
    found = select_series(connection, name, by)
    if found is None:
        raise NotFound(gettext("The catalogue has no books of this series."))
    page, path = (url_for(endpoint, name=found.name, author=by) for endpoint in ("series.series", "feeds.series"))
    about = f"{found.name} ({by})" if by else found.name
    return _of_reviews(about, page, path, select_newest_of_series(connection, name, by))


@blueprint.get("/readers/<name>/reviews.atom")
@_for_key
def reader(connection: Connection, name: str) -> Feed:
    found = select_profile(connection, name)
    if found is None:
        raise NotFound(gettext("No reader has this name. The account may have been deleted."))
    reviews = [
        FeedReview(one.id, one.address, one.title, found.name, one.rating, one.text, one.created_at, one.edited_at)
        for one in select_reviewed_books(connection, found.reader_id, NEWEST, with_hidden=False).items
    ]
    page, path = url_for("profiles.profile", name=found.name), url_for("feeds.reader", name=found.name)
    return _of_reviews(found.name, page, path, reviews)


def _of_reviews(about: str, page: str, path: str, reviews: Iterable[FeedReview]) -> Feed:
    return Feed(gettext("Reviews: %(about)s", about=about), page, path, [_review(one) for one in reviews])


def _review(review: FeedReview) -> Entry:
    return Entry(
        path=f"{request.script_root}/reviews/{review.id}",
        title=f"{review.title} {'★' * review.rating}{'☆' * (RATING_MAX - review.rating)}",
        author=review.reader_name or gettext("Deleted account"),
        page=url_for("books.book", address=review.address),
        html=review_text(review.text),
        published_at=review.created_at,
        updated_at=review.edited_at or review.created_at,
    )


def _new_book(book: NewBook) -> Entry:
    page = url_for("books.book", address=book.address)
    return Entry(
        path=page,
        title=f"{book.title} ({book.author})" if book.author else book.title,
        author=book.author or "Flyleaf",
        page=page,
        html=paragraphs(book.description or ""),
        published_at=book.added_at,
        updated_at=book.added_at,
    )


@blueprint.post("/account/feeds/revoke")
@login_required
def revoke(connection: Connection, reader: Reader) -> Answer:
    require_token()
    update_feed_key(connection, reader.id)
    return redirect_with_notice(url_for("account.account"), "feeds-revoked")
