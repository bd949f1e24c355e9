"""Reviews of works, and writing one's own. The forms and statements are those of the pages."""

from typing import Any

from sqlalchemy import Connection
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import Conflict, NotFound

from flyleaf.queries.api_tokens import LiveToken
from flyleaf.queries.listed_reviews import select_reviews
from flyleaf.queries.reviews import Review, delete_review, insert_review, select_review, update_review
from flyleaf.views.api_v1 import schemas
from flyleaf.views.api_v1.blueprints import Blueprint, own, writing
from flyleaf.views.api_v1.books import find_lead
from flyleaf.views.api_v1.cursors import cursor_after, place_at
from flyleaf.views.books import find_book
from flyleaf.views.review_form import ReviewForm
from flyleaf.web.problems import InvalidFieldsError

blueprint = Blueprint("Reviews", __name__, "Reviews, and writing your own.")

NO_REVIEW = "You haven’t reviewed this book, or you deleted your review."


@blueprint.get("/works/<work_id>/reviews")
@blueprint.response(200, schemas.Reviews)
@own
@blueprint.arguments(schemas.PageArguments, location="query")
def reviews(connection: Connection, token: LiveToken, asked: dict[str, Any], work_id: str) -> dict[str, Any]:
    """Return the reviews of all editions of a work by other readers, newest first."""
    lead = find_lead(connection, work_id)
    page = select_reviews(connection, lead.id, place_at(asked), without_reader_id=token.reader.id)
    return {"items": page.items, "next_cursor": cursor_after(page)}


@blueprint.get("/editions/<identifier>/review")
@blueprint.response(200, schemas.Review)
@own
def own_review(connection: Connection, token: LiveToken, identifier: str) -> Review:
    """Return your review of the edition's work."""
    return _own(connection, find_book(connection, identifier).id, token)


@blueprint.put("/editions/<identifier>/review")
@blueprint.response(200, schemas.Review)
@writing
@blueprint.arguments(schemas.NewReview)
def publish_review(connection: Connection, token: LiveToken, sent: dict[str, Any], identifier: str) -> Review:
    """Publish your review of the edition's work, or change the one that you have written."""
    form = ReviewForm(ImmutableMultiDict({"rating": str(sent["rating"]), "text": sent["text"]}), meta={"csrf": False})
    if not form.validate():
        raise InvalidFieldsError(form.errors)
    book = find_book(connection, identifier)
    written = (book.id, token.reader.id, int(form.rating.data), form.text.data or "")
    private = sent.get("is_private")
    if not update_review(connection, *written, is_private=private) and not insert_review(
        connection, *written, is_private=bool(private)
    ):
        raise Conflict("A moderator hid your earlier review of this book. Another one has to be allowed first.")
    return _own(connection, book.id, token)


@blueprint.delete("/editions/<identifier>/review")
@blueprint.response(204)
@writing
def delete_own_review(connection: Connection, token: LiveToken, identifier: str) -> None:
    """Delete your review of the edition's work."""
    found = _own(connection, find_book(connection, identifier).id, token)
    delete_review(connection, found.id, token.reader.id)


def _own(connection: Connection, book_id: int, token: LiveToken) -> Review:
    """Return the reader's review of the book's work. Raises NotFound."""
    found = select_review(connection, book_id, token.reader.id)
    if found is None:
        raise NotFound(NO_REVIEW)
    return found
