"""The book page."""

from collections.abc import Iterable
from functools import partial
from itertools import groupby
from typing import NoReturn

from flask import Blueprint, Response, after_this_request, redirect, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from flyleaf import isbn as isbns
from flyleaf.citation import Citation
from flyleaf.identifiers import RANK, Identifier, parse_address
from flyleaf.limits import CORRECTIONS_OF_A_BOOK
from flyleaf.paging import NEWEST
from flyleaf.queries.books import Book, SeenBook, select_book, select_identity, select_seen_book
from flyleaf.queries.corrections import Correction, select_corrections
from flyleaf.queries.covers import is_cover_due, request_cover
from flyleaf.queries.external_ratings import request_external_rating
from flyleaf.queries.helpful_votes import select_voted
from flyleaf.queries.listed_reviews import ReviewOrder, select_review_languages, select_reviews
from flyleaf.queries.named_shelves import select_shelves
from flyleaf.queries.readers import Reader
from flyleaf.queries.related_books import RelatedBooks, select_other_titles, select_related_books
from flyleaf.queries.reviews import select_superseded_reviews
from flyleaf.queries.series import PlaceInSeries, select_series_of_book
from flyleaf.queries.shelved_books import select_shelved_book
from flyleaf.queries.subjects import Subject, select_subjects_of_work
from flyleaf.queries.work_corrections import WorkCorrection, select_work_corrections
from flyleaf.search import is_ready
from flyleaf.views.correction_form import NAMES
from flyleaf.views.linked_data import linked_data
from flyleaf.views.listed_reviews import asked_listing
from flyleaf.views.moderation import may_act
from flyleaf.views.review_form import ReviewForm, review_choices
from flyleaf.web.access import login_to_read
from flyleaf.web.covers import covers_of
from flyleaf.web.current import flyleaf
from flyleaf.web.drafts import restored
from flyleaf.web.paging import NOTHING, asked_place
from flyleaf.web.reading import write_if_possible
from flyleaf.web.rendering import Answer, Rendering, render_later

blueprint = Blueprint("books", __name__)

# Without the address that a book has only here.
_NAMES = {
    "goodreads": "Goodreads",
    "openlibrary": "Open Library",
    "oclc": "OCLC",
    "lccn": "LCCN",
    "asin": "ASIN",
    "librarything": "LibraryThing",
    "storygraph": "The StoryGraph",
    "inventaire": "Inventaire",
    "national": lazy_gettext("National bibliography"),
    "control": lazy_gettext("Library record"),
    "librarythingwork": "LibraryThing",
}


@blueprint.get("/books/<address>")
@login_to_read
def book(connection: Connection, reader: Reader, address: str) -> Answer:
    seen = find_seen_book(connection, address, reader)
    if address != seen.book.address:
        page = url_for("books.book", address=seen.book.address)
        query = request.query_string.decode("ascii", "ignore")
        return redirect(f"{page}?{query}" if query else page, 301)
    typed = restored()
    form = None if typed is None else ReviewForm(typed)
    if form is not None and seen.own_review is not None:
        shown = {"book": seen.book, "covers": covers_of(connection, [seen.book]), "own": seen.own_review}
        return render_later("review_edit.html", **shown, form=form, is_second=True, offered=review_choices())
    return render_book(connection, reader, seen, form)


def find_book(connection: Connection, address: str) -> Book:
    """Return the book that this ISBN, in any form, or identifier stands for. Raises NotFound."""
    return select_book(connection, _identity(connection, address)) or _not_found(address)


def find_seen_book(connection: Connection, address: str, reader: Reader) -> SeenBook:
    """Return the same with what its page says to this reader. Raises NotFound."""
    return select_seen_book(connection, _identity(connection, address), reader) or _not_found(address)


def render_book(connection: Connection, reader: Reader, seen: SeenBook, form: ReviewForm | None = None) -> Rendering:
    """Return the page of this book as this reader sees it, with the form for a review as it was filled in."""
    found = seen.book
    names = _isbns(found)
    isbn = names[0][1] if names else None
    # A book's page answers also while the search, which knows what belongs together, is being prepared.
    related = RelatedBooks()
    other_titles: tuple[str, ...] = ()
    subjects: tuple[Subject, ...] = ()
    series: tuple[PlaceInSeries, ...] = ()
    if is_ready(connection):
        related = select_related_books(connection, found.id)
        other_titles = select_other_titles(connection, found.id)
        subjects = select_subjects_of_work(connection, found.id)
        series = select_series_of_book(connection, found.id)
    listing = asked_listing(request.args)
    place = asked_place(with_value=listing.order != ReviewOrder.NEWEST)
    # Most books of a catalogue have no reviews, and their counts say so already.
    has_reviews = found.ratings.review_count > 0
    reviews, languages, voted = NOTHING, [], set[int]()
    if has_reviews:
        reviews = select_reviews(connection, found.id, place, without_reader_id=reader.id, listing=listing)
        languages = select_review_languages(connection, found.id)
    if reviews.items:
        voted = select_voted(connection, reader.id, [one.id for one in reviews.items])
    history, of_works = _history(connection, seen)
    may_correct = reader.is_moderator and may_act(reader)
    cited = Citation(found.title, found.author, found.publisher, found.year, isbn)
    entry = select_shelved_book(connection, reader.id, found.id)
    own_shelves = select_shelves(connection, reader.id) if entry else []
    superseded = select_superseded_reviews(connection, found.id, reader.id) if seen.has_superseded else []
    _ask_for_external_rating(seen)
    _ask_for_cover(connection, found)
    return render_later(
        "book.html",
        book=found,
        isbns=names,
        identifiers=_named(seen.identifiers),
        citation=cited,
        linked_data=linked_data(found, isbn),
        external_ratings=seen.external_ratings,
        open_library_url=flyleaf().config.open_library_url,
        other_titles=other_titles,
        editions=related.editions,
        more_by_author=related.more_by_author,
        subjects=subjects,
        series=series,
        covers=covers_of(connection, (found, *related.more_by_author)),
        entry=entry,
        own_shelves=[shelf.name for shelf in own_shelves if shelf.status is None],
        own=seen.own_review,
        superseded=superseded,
        refused_because=seen.refused_because,
        reviews=reviews,
        listing=listing,
        review_languages=languages,
        voted=voted,
        held_ratings=seen.held_ratings,
        form=form,
        offered=review_choices(),
        history=history,
        history_of_works=of_works,
        field_names=NAMES,
        may_correct=may_correct,
        may_suggest=flyleaf().config.proposals,
        may_undo=may_correct,
    )


def _history(connection: Connection, seen: SeenBook) -> tuple[list[Correction], list[WorkCorrection]]:
    """Return the latest corrections of the book and of its work."""
    if not seen.is_corrected:
        return [], []
    of_works = select_work_corrections(connection, seen.book.id) if is_ready(connection) else []
    corrections = select_corrections(connection, seen.book.id, NEWEST, CORRECTIONS_OF_A_BOOK)
    return corrections.items, of_works[:CORRECTIONS_OF_A_BOOK]


def _ask_for_external_rating(seen: SeenBook) -> None:
    """Have Open Library asked for its rating, for whoever looks at the book next."""
    fetcher = flyleaf().rating_fetcher
    if fetcher is not None and seen.is_request_due:

        @after_this_request  # the page itself only reads
        def ask(response: Response) -> Response:
            if write_if_possible(partial(request_external_rating, book_id=seen.book.id)):
                fetcher.wake()
            return response


def _ask_for_cover(connection: Connection, book: Book) -> None:
    """Have Open Library asked for the book's cover, too."""
    fetcher = flyleaf().cover_fetcher
    if fetcher is not None and is_cover_due(connection, book.id):

        @after_this_request
        def ask(response: Response) -> Response:
            if write_if_possible(partial(request_cover, book_id=book.id)):
                fetcher.wake()
            return response


def _identity(connection: Connection, address: str) -> str:
    """Return the identity of the book that this ISBN, in any form, or identifier stands for. Raises NotFound."""
    if identifier := parse_address(address):
        return select_identity(connection, identifier) or _not_found(address)
    try:
        return isbns.parse(address).identity
    except isbns.IsbnError as error:
        raise NotFound(
            gettext(
                "“%(text)s” is not an ISBN. An ISBN has 10 or 13 digits, and a 10-digit one can end in X.",
                text=_shown(address),
            )
        ) from error


def _not_found(address: str) -> NoReturn:
    if ":" in address:
        raise NotFound(gettext("No book in this catalogue has the identifier %(text)s.", text=_shown(address)))
    raise NotFound(gettext("No book in this catalogue has the ISBN %(isbn)s.", isbn=_shown(address)))


def _shown(address: str) -> str:
    return "".join(filter(str.isprintable, address[:40]))


def _named(identifiers: Iterable[Identifier]) -> tuple[tuple[str, tuple[Identifier, ...]], ...]:
    """Return what people read as the name of each scheme, with its identifiers."""
    ordered = sorted(identifiers, key=lambda one: RANK[one.scheme])
    return tuple(
        (str(_NAMES[scheme]), tuple(group))
        for scheme, group in groupby(ordered, key=lambda one: one.scheme)
        if scheme in _NAMES
    )


def _isbns(found: Book) -> tuple[tuple[str, str], ...]:
    """The names and hyphenated forms of a book's ISBNs; of one with a wrong check digit only the number as it is."""
    if found.isbn is None:
        return ()
    isbn = isbns.Isbn(found.isbn, found.isbn13)
    forms = (("ISBN-13", isbn.isbn13), ("ISBN-10", isbn.isbn10))
    return tuple((name, isbns.hyphenated(number)) for name, number in forms if number) or (("ISBN", found.isbn),)
