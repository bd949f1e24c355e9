"""Writing, editing and deleting one's own review. Every statement includes the reader, so others' are out of reach."""

from flask import Blueprint, request, url_for
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import Conflict, NotFound
from werkzeug.wrappers import Response

from flyleaf.queries.books import Book
from flyleaf.queries.readers import Reader
from flyleaf.queries.reviews import (
    Review,
    delete_review,
    insert_review,
    select_review,
    select_superseded_reviews,
    update_review,
)
from flyleaf.views.books import find_book, find_seen_book, render_book
from flyleaf.views.review_form import ReviewForm, rating_of, review_choices
from flyleaf.web.access import login_required
from flyleaf.web.covers import covers_of
from flyleaf.web.drafts import restored
from flyleaf.web.forms import Form
from flyleaf.web.notices import redirect_with_notice
from flyleaf.web.rendering import Answer, Rendering, render_later

blueprint = Blueprint("reviews", __name__, url_prefix="/books/<address>/review")


@blueprint.post("")
@login_required
def publish(connection: Connection, reader: Reader, address: str) -> Answer:
    seen = find_seen_book(connection, address, reader)
    book = seen.book
    form = ReviewForm(request.form)
    if not form.validate():
        return render_book(connection, reader, seen, form), form.status
    is_private = form.is_private.data
    if not insert_review(
        connection,
        book.id,
        reader.id,
        form.whole_rating,
        form.words,
        exact_rating=form.exact_rating,
        is_private=is_private,
        language=form.chosen_language or None,
    ):
        if seen.own_review is None and seen.refused_because is not None:
            raise Conflict(
                gettext(
                    "A moderator hid your earlier review of this book. You can’t write another one until a moderator "
                    "allows it."
                )
            )
        return _editing(connection, book, seen.own_review, form, is_second=True), 409
    if is_private:
        return _back_to(book, "review-kept-private")
    return _back_to(book, "review-published" if form.words else "rating-published")


@blueprint.route("/edit", methods=["GET", "POST"])
@login_required
def edit(connection: Connection, reader: Reader, address: str) -> Answer:
    book = find_book(connection, address)
    review = select_review(connection, book.id, reader.id)
    if review is None:
        raise NotFound(gettext("You haven’t reviewed this book, or you deleted your review."))
    if request.method != "POST":
        written = {"text": review.text, "written_in": review.written_in or "", "is_private": review.is_private}
        form = ReviewForm(restored(), rating=rating_of(review), **written)
        return _editing(connection, book, review, form)
    form = ReviewForm(request.form)
    if not form.validate():
        return _editing(connection, book, review, form), form.status
    rating, exact_rating = form.stars(review)
    update_review(
        connection,
        book.id,
        reader.id,
        rating,
        form.words,
        exact_rating=exact_rating,
        is_private=form.is_private.data,
        language=form.chosen_language,
    )
    return _back_to(book, "review-changed")


@blueprint.route("/delete", methods=["GET", "POST"])
@login_required
def delete(connection: Connection, reader: Reader, address: str) -> Answer:
    book = find_book(connection, address)
    superseded = request.args.get("review")  # the id of one, as there may be several
    if superseded is None:
        review = select_review(connection, book.id, reader.id)
    else:
        older = select_superseded_reviews(connection, book.id, reader.id)
        review = next((one for one in older if str(one.id) == superseded), None)
    if review is None:
        raise NotFound(gettext("You haven’t reviewed this book, or you deleted your review."))
    form = Form(request.form)
    if request.method != "POST" or not form.validate():
        action = url_for("reviews.delete", address=book.address, review=superseded)
        shown = {"book": book, "covers": covers_of(connection, [book]), "review": review, "action": action}
        return render_later("review_delete.html", **shown, form=form), form.status
    delete_review(connection, review.id, reader.id)
    return _back_to(book, "review-deleted")


def _editing(
    connection: Connection, book: Book, own: Review | None, form: ReviewForm, *, is_second: bool = False
) -> Rendering:
    covers = covers_of(connection, [book])
    return render_later(
        "review_edit.html",
        book=book,
        covers=covers,
        own=own,
        form=form,
        is_second=is_second,
        offered=review_choices(),
    )


def _back_to(book: Book, notice: str) -> Response:
    return redirect_with_notice(url_for("books.book", address=book.address, _anchor="my-review"), notice)
