"""What API v1 takes and answers of shelves, and of when books were read."""

from typing import get_args

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Range, Regexp

from flyleaf.history import Precision
from flyleaf.limits import (
    NOTES_MAX,
    PAGE_SIZE_MAX,
    QUERY_MAX,
    RATING_MAX,
    RATING_MIN,
    SHELF_NAME_MAX,
    SHELVED_ON_A_PAGE,
)
from flyleaf.queries.named_shelves import Status
from flyleaf.queries.shelf_pages import Order
from flyleaf.views.api_v1.schemas import PRINTABLE, PRINTABLE_TEXT, Flag, said
from flyleaf.views.shelf_forms import PUBLIC_ORDERS

STATUSES = [str(status) for status in Status]
NAME = [Length(1, SHELF_NAME_MAX), Regexp(PRINTABLE)]


class Shelf(Schema):
    name = fields.String(required=True)
    status = fields.String(
        required=True,
        allow_none=True,
        validate=OneOf([*STATUSES, None]),
        **said("Null: a shelf that you have named."),
    )
    is_public = fields.Boolean(required=True, **said("Others see it on your profile."))
    book_count = fields.Integer(required=True)


class Shelves(Schema):
    items = fields.List(fields.Nested(Shelf), required=True)


class MadeShelf(Schema):
    name = fields.String(required=True, validate=NAME)
    is_public = Flag(load_default=False)


class ShelfChange(Schema):
    """What is left out stays as it was."""

    name = fields.String(validate=NAME, **said("A new name, of a shelf that you have named."))
    is_public = Flag()


class PublicShelfArguments(Schema):
    q = fields.String(
        load_default="", validate=[Length(max=QUERY_MAX), Regexp(PRINTABLE)], **said("Words of title or author.")
    )
    order = fields.String(load_default=str(Order.DATE), validate=OneOf([str(one.value) for one in PUBLIC_ORDERS]))
    limit = fields.Integer(load_default=SHELVED_ON_A_PAGE, validate=Range(1, PAGE_SIZE_MAX))
    cursor = fields.String(
        validate=Regexp(r"^[0-9]{1,18}-[ -~]{0,500}$"), **said("`next_cursor` of the page before, of the same order.")
    )


class ShelfArguments(PublicShelfArguments):
    order = fields.String(load_default=str(Order.DATE), validate=OneOf([str(order) for order in Order]))
    status = fields.String(validate=OneOf(STATUSES))
    rating = fields.Integer(validate=Range(RATING_MIN, RATING_MAX), **said("Your own, in whole stars."))


class NewReading(Schema):
    """When you began a book, when you finished it, or both."""

    started_on = fields.Date(load_default=None, allow_none=True)
    finished_on = fields.Date(load_default=None, allow_none=True)
    finished_year = fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        **said("Instead of `finished_on`, where you know only the year."),
    )


class Reading(Schema):
    """When you read a book; both days are null if only that you read it is known."""

    id = fields.Integer(required=True)
    started_on = fields.Date(required=True, allow_none=True)
    finished_on = fields.Date(required=True, allow_none=True)
    started_precision = fields.String(
        required=True, validate=OneOf(get_args(Precision)), **said("`month`, `year`: the day is its first one.")
    )
    finished_precision = fields.String(
        required=True, validate=OneOf(get_args(Precision)), **said("`month`, `year`: the day is its last one.")
    )


class Readings(Schema):
    items = fields.List(fields.Nested(Reading), required=True, **said("The first one first."))


class BookOnShelf(Schema):
    """A book on a shelf."""

    identifier = fields.String(
        required=True, allow_none=True, attribute="address", **said("Null: the catalogue doesn’t have this book.")
    )
    title = fields.String(required=True)
    author = fields.String(required=True)
    year = fields.Integer(required=True, allow_none=True)
    isbn = fields.String(required=True, allow_none=True)


class BooksOnShelf(Schema):
    items = fields.List(fields.Nested(BookOnShelf), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ShelvedBook(BookOnShelf):
    """A book on your shelves."""

    id = fields.Integer(required=True)
    status = fields.String(required=True, allow_none=True, validate=OneOf([*STATUSES, None]))
    shelves = fields.List(fields.String(), required=True, **said("Those that you have named."))
    notes = fields.String(required=True, allow_none=True, **said("Only you see them."))
    added_at = fields.AwareDateTime(required=True)
    rating = fields.Integer(required=True, allow_none=True, **said("Of your review, in whole stars."))
    exact_rating = fields.Float(required=True, allow_none=True, **said("As you gave it; null: the same as `rating`."))
    readings = fields.List(fields.Nested(Reading), required=True)


class ShelvedBooks(Schema):
    items = fields.List(fields.Nested(ShelvedBook), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class NewShelf(Schema):
    shelf = fields.String(
        required=True,
        validate=NAME,
        **said("`to-read`, `reading`, `read`, `did-not-finish`, or a name of your own."),
    )


class ShelvedBookChange(Schema):
    """What is left out stays as it was."""

    status = fields.String(validate=OneOf(STATUSES))
    notes = fields.String(
        allow_none=True, validate=[Length(max=NOTES_MAX), Regexp(PRINTABLE_TEXT)], **said("Null or empty: none.")
    )


class YearRead(Schema):
    year = fields.Integer(required=True)
    book_count = fields.Integer(required=True, **said("How many you finished in it."))


class YearsRead(Schema):
    items = fields.List(fields.Nested(YearRead), required=True)


class ReadingYear(YearRead):
    pages = fields.Integer(required=True, **said("Of the `with_pages` books whose pages are known."))
    with_pages = fields.Integer(required=True)
    months = fields.List(fields.Integer(), required=True, **said("Books of January to December."))
    ratings = fields.List(fields.Integer(), required=True, **said("Books that you gave 1 to 5 stars."))
