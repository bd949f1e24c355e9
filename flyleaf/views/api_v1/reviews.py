"""Reviews of works, and writing one's own. The forms and statements are those of the pages."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import Conflict, NotFound

from flyleaf.queries.api_tokens import LiveToken
from flyleaf.queries.books import Book
from flyleaf.queries.helpful_votes import delete_helpful_vote, select_voted
from flyleaf.queries.listed_reviews import Listing, ReviewOrder, select_reviews
from flyleaf.queries.reviewed_books import select_reviewed_books
from flyleaf.queries.reviews import Review, delete_review, insert_review, select_review, update_review
from flyleaf.views.api_v1 import review_schemas, schemas
from flyleaf.views.api_v1.blueprints import Blueprint, own, writing
from flyleaf.views.api_v1.books import find_lead
from flyleaf.views.api_v1.cursors import cursor_after, place_at
from flyleaf.views.books import find_book
from flyleaf.views.helpful_votes import find_others_review, vote_helpful
from flyleaf.views.review_form import ReviewForm, rating_of, ratings
from flyleaf.web.problems import InvalidFieldsError

blueprint = Blueprint("Reviews", __name__, "Reviews, and writing your own.")

NO_REVIEW = "You haven’t reviewed this book, or you deleted your review."


@blueprint.get("/works/<work_id>/reviews")
@blueprint.response(200, review_schemas.Reviews)
@own
@blueprint.arguments(review_schemas.ReviewArguments, location="query")
def reviews(connection: Connection, token: LiveToken, asked: dict[str, Any], work_id: str) -> dict[str, Any]:
    """Return the reviews of all editions of a work by other readers."""
    lead = find_lead(connection, work_id)
    listing = Listing(ReviewOrder(asked["order"]), asked.get("rating"), asked.get("language"))
    place = place_at(asked, with_value=listing.order != ReviewOrder.NEWEST)
    page = select_reviews(connection, lead.id, place, without_reader_id=token.reader.id, listing=listing)
    voted = select_voted(connection, token.reader.id, [review.id for review in page.items])
    items = [_described(review, lead, is_voted=review.id in voted) for review in page.items]
    return {"items": items, "next_cursor": cursor_after(page)}


@blueprint.put("/reviews/<id:review_id>/helpful")
@blueprint.response(204)
@writing
def find_review_helpful(connection: Connection, token: LiveToken, review_id: int) -> None:
    """Say that you found another reader’s review helpful. Saying it again changes nothing."""
    find_others_review(connection, token.reader, review_id)
    vote_helpful(connection, token.reader, review_id)


@blueprint.delete("/reviews/<id:review_id>/helpful")
@blueprint.response(204)
@writing
def withdraw_helpful_vote(connection: Connection, token: LiveToken, review_id: int) -> None:
    """Take that back. Doing so again changes nothing."""
    find_others_review(connection, token.reader, review_id)
    delete_helpful_vote(connection, review_id, token.reader.id)


@blueprint.get("/me/reviews")
@blueprint.response(200, review_schemas.ReviewedBooks)
@own
@blueprint.arguments(schemas.PageArguments, location="query")
def own_reviews(connection: Connection, token: LiveToken, asked: dict[str, Any]) -> dict[str, Any]:
    """Return your reviews, newest first."""
    page = select_reviewed_books(connection, token.reader.id, place_at(asked), with_hidden=True)
    return {"items": page.items, "next_cursor": cursor_after(page)}


@blueprint.delete("/me/reviews/<id:review_id>")
@blueprint.response(204)
@writing
def delete_review_by_id(connection: Connection, token: LiveToken, review_id: int) -> None:
    """Delete a review of yours, also one that is superseded."""
    if not delete_review(connection, review_id, token.reader.id):
        raise NotFound(NO_REVIEW)


@blueprint.get("/editions/<identifier>/review")
@blueprint.response(200, review_schemas.Review)
@own
def own_review(connection: Connection, token: LiveToken, identifier: str) -> dict[str, Any]:
    """Return your review of the edition’s work."""
    book = find_book(connection, identifier)
    return _described(_own(connection, book, token), book)


@blueprint.put("/editions/<identifier>/review")
@blueprint.response(200, review_schemas.Review)
@writing
@blueprint.arguments(review_schemas.NewReview)
def publish_review(connection: Connection, token: LiveToken, sent: dict[str, Any], identifier: str) -> dict[str, Any]:
    """Publish your review of the edition’s work, or change the one that you have written."""
    book = find_book(connection, identifier)
    known = select_review(connection, book.id, token.reader.id)
    form = _form(sent, known)
    rating, exact_rating = form.stars(known)
    written = (book.id, token.reader.id, rating, form.words)
    private = sent.get("is_private")
    # A text that is gone has no language.
    language = form.chosen_language if "language" in sent or not form.words else None

    def change() -> bool:
        return update_review(connection, *written, exact_rating=exact_rating, is_private=private, language=language)

    is_published = change() or insert_review(
        connection, *written, exact_rating=exact_rating, is_private=bool(private), language=language or None
    )
    if not is_published and not change():  # not even a review that another request has just published
        raise Conflict("A moderator hid your earlier review of this book. Another one has to be allowed first.")
    return _described(_own(connection, book, token), book)


@blueprint.delete("/editions/<identifier>/review")
@blueprint.response(204)
@writing
def delete_own_review(connection: Connection, token: LiveToken, identifier: str) -> None:
    """Delete your review of the edition’s work."""
    found = _own(connection, find_book(connection, identifier), token)
    delete_review(connection, found.id, token.reader.id)


def _form(sent: dict[str, Any], known: Review | None) -> ReviewForm:
    """Return the form that a page would have sent. Raises InvalidFieldsError."""
    rating = f"{sent['rating']:g}"
    if known is not None and sent["rating"] == known.exact_rating:
        rating = rating_of(known)  # the same as before, which may be in quarters
    elif rating not in ratings():
        raise InvalidFieldsError({"rating": [f"Send one of {', '.join(ratings())}."]})
    values = {"rating": rating, "text": sent["text"], "written_in": sent.get("language") or ""}
    form = ReviewForm(ImmutableMultiDict(values), meta={"csrf": False})
    if not form.validate():
        raise InvalidFieldsError(form.errors)
    return form


def _own(connection: Connection, book: Book, token: LiveToken) -> Review:
    """Return the reader's review of the book's work. Raises NotFound."""
    found = select_review(connection, book.id, token.reader.id)
    if found is None:
        raise NotFound(NO_REVIEW)
    return found


def _described(review: Review, shown_on: Book, *, is_voted: bool = False) -> dict[str, Any]:
    return asdict(review) | {
        "reader": review.reader_name,
        "edition": review.edition.address if review.edition else shown_on.address,
        "found_helpful": is_voted,
    }
