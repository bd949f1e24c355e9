"""The book page."""

from flask import Blueprint, Response, after_this_request, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from flyleaf import isbn as isbns
from flyleaf.citation import Citation
from flyleaf.queries.authors import Work, select_works
from flyleaf.queries.books import Book, select_book
from flyleaf.queries.external_ratings import ExternalRating, request_external_rating, select_external_ratings
from flyleaf.queries.readers import Reader
from flyleaf.queries.reviews import select_review, select_reviews
from flyleaf.search import is_ready, select_editions
from flyleaf.views.linked_data import linked_data
from flyleaf.views.review_form import ReviewForm
from flyleaf.web.access import login_required
from flyleaf.web.current import flyleaf
from flyleaf.web.drafts import is_restored, restored
from flyleaf.web.paging import asked_place

blueprint = Blueprint("books", __name__)

MORE = 6  # books by the same author below a book


@blueprint.get("/books/<isbn>")
@login_required
def book(connection: Connection, reader: Reader, isbn: str) -> ResponseReturnValue:
    found = find_book(connection, isbn)
    if isbn != found.isbn:
        address = url_for("books.book", isbn=found.isbn)
        query = request.query_string.decode("ascii", "ignore")
        return redirect(f"{address}?{query}" if query else address, 301)
    form = ReviewForm(restored())
    if is_restored() and select_review(connection, found.id, reader.id) is not None:
        return render_template("review_edit.html", book=found, form=form, is_second=True)
    return render_book(connection, reader, found, form)


def find_book(connection: Connection, isbn: str) -> Book:
    """The book that this ISBN, in any form, stands for. Raises NotFound."""
    shown = "".join(filter(str.isprintable, isbn[:40]))
    try:
        identity = isbns.parse(isbn).identity
    except isbns.IsbnError as error:
        raise NotFound(
            gettext("“%(text)s” is no ISBN: one has 10 or 13 digits, and the last of 10 may be an X.", text=shown)
        ) from error
    found = select_book(connection, identity)
    if found is None:
        raise NotFound(gettext("No book of this catalogue has the ISBN %(isbn)s.", isbn=shown))
    return found


def render_book(connection: Connection, reader: Reader, found: Book, form: ReviewForm) -> str:
    """The page of this book as this reader sees it, with the form for a review as it stands."""
    names = _isbns(found)
    # A book's page answers also while the search, which knows what belongs together, is being prepared.
    together = is_ready(connection)
    editions = select_editions(connection, found.isbn13 or found.isbn) if together else []
    cited = Citation(found.title, found.author, found.publisher, found.year, names[0][1])
    return render_template(
        "book.html",
        book=found,
        isbns=names,
        citation=cited,
        linked_data=linked_data(found, names[0][1]),
        external_ratings=_external_ratings(connection, found),
        open_library_url=flyleaf().config.open_library_url,
        editions=[one for one in editions if one.isbn != found.isbn],
        more_by_author=_more_by_author(connection, found, {one.isbn for one in editions}) if together else [],
        own=select_review(connection, found.id, reader.id),
        reviews=select_reviews(connection, found.id, asked_place(), without_reader_id=reader.id),
        form=form,
    )


def _external_ratings(connection: Connection, found: Book) -> list[ExternalRating]:
    """What is known of them now. A look at a book asks for news of it, for whoever looks next."""
    fetcher = flyleaf().rating_fetcher
    if fetcher is not None and request_external_rating(connection, found.id):

        @after_this_request  # the transaction that queued the book is committed by then
        def wake(response: Response) -> Response:
            fetcher.wake()
            return response

    return select_external_ratings(connection, found.id)


def _more_by_author(connection: Connection, found: Book, editions: set[str]) -> list[Work]:
    """The author's most popular works, apart from this one."""
    works = select_works(connection, found.author, page_size=MORE + 1)
    return [work for work in works if work.isbn not in editions][:MORE]


def _isbns(found: Book) -> list[tuple[str, str]]:
    """The names and hyphenated forms of a book's ISBNs; of one with a wrong check digit only the number as it is."""
    isbn = isbns.Isbn(found.isbn, found.isbn13)
    forms = (("ISBN-13", isbn.isbn13), ("ISBN-10", isbn.isbn10))
    return [(name, isbns.hyphenated(number)) for name, number in forms if number] or [("ISBN", found.isbn)]
