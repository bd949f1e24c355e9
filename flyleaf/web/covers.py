"""Covers in pages: pictures from elsewhere for books that have one, drawn ones for all others."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol

from flask import Flask
from markupsafe import Markup
from sqlalchemy import Connection

from flyleaf import isbn as isbns
from flyleaf.covers import drawing
from flyleaf.covers.files import file_name, small_width
from flyleaf.identifiers import isbn_in
from flyleaf.queries.covers import Cover, select_covers
from flyleaf.web.addresses import url_for
from flyleaf.web.current import flyleaf

_PICTURE = (
    '<img class="cover" src="{small}" srcset="{small} {small_width}w, {large} {width}w" sizes="{sizes}"'
    ' width="{width}" height="{height}" alt="{alt}" decoding="async"{lazy}>'
)


class Coverable(Protocol):
    """Anything with a cover: a book, an edition, a search result. One without an address is not in the catalogue."""

    @property
    def address(self) -> str | None: ...
    @property
    def title(self) -> str: ...
    @property
    def author(self) -> str: ...


def register(app: Flask) -> None:
    app.jinja_env.filters["cover"] = cover


def covers_of(connection: Connection, books: Iterable[Coverable]) -> dict[str, Cover]:
    """Return the pictures of those books that have one, by address. Without OPEN_LIBRARY_CONTACT nobody is asked."""
    if not flyleaf().config.has_covers:
        return {}
    identities = {identity(book.address) for book in books if book.address}
    return select_covers(connection, identities) if identities else {}


def cover(
    book: Coverable, picture: Cover | None = None, sizes: str = "9rem", alt: str = "", *, is_first: bool = False
) -> Markup:
    """Return the book's picture, for a box as wide as `sizes` says, or else its drawn cover, the same for every form of
    its ISBN.

    It decorates the title beside it, unless there is an `alt`. One that is not the first thing on a page is loaded when
    it comes into view.
    """
    if picture is None:
        return _drawn(book.address, book.title, book.author)
    return Markup(_PICTURE).format(  # noqa: S704  # a constant
        small=url_for("covers.cover", name=file_name(picture.digest, "small")),
        large=url_for("covers.cover", name=file_name(picture.digest, "large")),
        small_width=small_width(picture.width, picture.height),
        sizes=sizes,
        width=picture.width,
        height=picture.height,
        alt=alt,
        lazy="" if is_first else Markup(' loading="lazy"'),
    )


@lru_cache(maxsize=1 << 12)
def _drawn(address: str | None, title: str, author: str) -> Markup:
    return Markup(drawing.cover(identity(address) if address else title, title, author))  # noqa: S704  # its texts are escaped


def identity(address: str) -> str:
    """Return what is the same for all forms of a book's address."""
    isbn = isbn_in(address)
    return isbns.parse(isbn).identity if isbn else address
