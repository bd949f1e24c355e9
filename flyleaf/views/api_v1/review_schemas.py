"""What API v1 takes and answers of reviews."""

from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Range, Regexp

from flyleaf.limits import RATING_MAX, RATING_MIN, REVIEW_MAX
from flyleaf.queries.listed_reviews import ReviewOrder
from flyleaf.views.api_v1.schemas import PRINTABLE_TEXT, Flag, said
from flyleaf.views.review_form import LANGUAGES


class ReviewArguments(Schema):
    order = fields.String(load_default=str(ReviewOrder.NEWEST), validate=OneOf([str(order) for order in ReviewOrder]))
    rating = fields.Integer(validate=Range(RATING_MIN, RATING_MAX), **said("Only reviews with so many whole stars."))
    language = fields.String(validate=OneOf(LANGUAGES), **said("Only reviews that are written in it, such as `en`."))
    cursor = fields.String(
        validate=Regexp(r"^([0-9]{1,10}-)?[0-9]{1,18}-[0-9]{1,18}$"),
        **said("`next_cursor` of the page before, of the same order."),
    )


class Stars(Schema):
    rating = fields.Integer(required=True, **said("In whole stars, as averages count it."))
    exact_rating = fields.Float(required=True, allow_none=True, **said("As it was given; null: the same as `rating`."))
    text = fields.String(required=True, **said("Empty: only a rating."))
    language = fields.String(
        required=True, allow_none=True, attribute="written_in", **said("In which it is written; null: unknown.")
    )
    is_private = fields.Boolean(required=True)
    is_held = fields.Boolean(required=True, **said("It isn’t counted, or shown to others, for some days."))
    helpful_count = fields.Integer(required=True, **said("How many readers found it helpful."))
    created_at = fields.AwareDateTime(required=True)
    edited_at = fields.AwareDateTime(required=True, allow_none=True)
    hidden_reason = fields.String(
        required=True, allow_none=True, **said("Why a moderator hid it from others; null: it is visible.")
    )


class Review(Stars):
    id = fields.Integer(required=True)
    reader = fields.String(required=True, allow_none=True, **said("Null: deleted account."))
    edition = fields.String(required=True, **said("The identifier of the edition that it was written about."))
    found_helpful = fields.Boolean(required=True, **said("By you."))


class Reviews(Schema):
    items = fields.List(fields.Nested(Review), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ReviewedBook(Stars):
    """A review with the edition that it was written about."""

    id = fields.Integer(required=True)
    identifier = fields.String(required=True, attribute="address")
    title = fields.String(required=True)
    author = fields.String(required=True)
    is_superseded = fields.Boolean(required=True, **said("A newer one of the same work stands instead."))


class ReviewedBooks(Schema):
    items = fields.List(fields.Nested(ReviewedBook), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class Rating(fields.Float):
    """A number in JSON: "3" is a text, and NaN is none."""

    def _validated(self, value: Any) -> float:
        if isinstance(value, str | bool):
            raise self.make_error("invalid", input=value)
        number: float = super()._validated(value)  # neither NaN nor infinite
        return number


class NewReview(Schema):
    rating = Rating(
        required=True,
        validate=Range(0, RATING_MAX, min_inclusive=False),
        **said("From 1 to 5 whole stars or, on sites that have half stars, from 0.5 to 5."),
    )
    text = fields.String(load_default="", validate=[Length(max=REVIEW_MAX), Regexp(PRINTABLE_TEXT)])
    is_private = Flag(**said("Only you see it, and it isn’t counted. Left out: as it was, and public at first."))
    language = fields.String(
        allow_none=True,
        validate=OneOf([*LANGUAGES, None]),
        **said("In which the text is written; null: unknown. Left out: as it was."),
    )
