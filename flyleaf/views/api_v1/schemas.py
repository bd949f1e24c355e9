"""What API v1 takes and answers. The OpenAPI document is made of these."""

from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Range, Regexp

from flyleaf.limits import (
    LANGUAGE_MAX,
    PAGE_SIZE,
    PAGE_SIZE_MAX,
    QUERY_MAX,
    SUBJECT_NAME_MAX,
    YEAR_MAX,
    YEAR_MIN,
)
from flyleaf.search import Order

# No control characters but line breaks and tabs, as web/forms.py has it. It takes a text's line breaks in any form.
PRINTABLE = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$"
PRINTABLE_TEXT = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"


def said(description: str, **more: Any) -> dict[str, Any]:
    """Return what the document says about a field."""
    return {"metadata": {"description": description, **more}}


class Problem(Schema):
    """What went wrong (RFC 9457)."""

    type = fields.String(required=True)
    title = fields.String(required=True, **said("The name of the status."))
    status = fields.Integer(required=True)
    detail = fields.String(required=True, **said("What happened, and what to do next."))
    errors = fields.List(fields.Nested("WrongField"), **said("Which fields are wrong."))


class WrongField(Schema):
    field = fields.String(required=True)
    detail = fields.String(required=True)


class SearchArguments(Schema):
    q = fields.String(
        load_default="",
        validate=[Length(max=QUERY_MAX), Regexp(PRINTABLE)],
        **said("Title, author, series, ISBN or another identifier. Typos are forgiven."),
    )
    limit = fields.Integer(load_default=PAGE_SIZE, validate=Range(1, PAGE_SIZE_MAX))
    cursor = fields.String(validate=Regexp(r"^([1-9][0-9]?|100)$"), **said("`next_cursor` of the page before."))
    year_from = fields.Integer(validate=Range(YEAR_MIN, YEAR_MAX))
    year_to = fields.Integer(validate=Range(YEAR_MIN, YEAR_MAX))
    language = fields.String(validate=[Length(max=LANGUAGE_MAX), Regexp(PRINTABLE)], **said("Such as `en`."))
    subject = fields.String(validate=[Length(max=SUBJECT_NAME_MAX), Regexp(PRINTABLE)])
    has_reviews = fields.Boolean(load_default=False, truthy={"true", "1"}, falsy={"false", "0"})
    order = fields.String(load_default=str(Order.RELEVANCE), validate=OneOf([str(order) for order in Order]))
    verbatim = fields.Boolean(
        load_default=False, truthy={"true", "1"}, falsy={"false", "0"}, **said("Try no other spelling.")
    )


class SuggestionArguments(Schema):
    q = fields.String(required=True, validate=[Length(max=QUERY_MAX), Regexp(PRINTABLE)])


class NumberedPageArguments(Schema):
    cursor = fields.String(
        load_default="1", validate=Regexp(r"^([1-9][0-9]?|100)$"), **said("`next_cursor` of the page before.")
    )


class PageArguments(Schema):
    cursor = fields.String(validate=Regexp(r"^[0-9]{1,18}-[0-9]{1,18}$"), **said("`next_cursor` of the page before."))


class Match(Schema):
    stage = fields.String(required=True)
    fields_ = fields.List(fields.String(), required=True, data_key="fields", attribute="fields")
    words = fields.List(fields.String(), required=True, **said("Words of the book that were found."))


class EditionInWork(Schema):
    identifier = fields.String(required=True, **said("Its ISBN, or such as `goodreads:2767052`: see editions."))
    isbn = fields.String(required=True, allow_none=True)
    title = fields.String(required=True)
    year = fields.Integer(required=True, allow_none=True)
    publisher = fields.String(required=True, allow_none=True)
    language = fields.String(required=True, allow_none=True)


class Rated(Schema):
    review_count = fields.Integer(required=True)
    average_score = fields.Float(required=True, allow_none=True, **said("From 1 to 5; null without reviews."))


class Result(Rated):
    work_id = fields.String(required=True)
    identifier = fields.String(required=True, **said("Of the edition that stands for the work."))
    isbn = fields.String(required=True, allow_none=True)
    title = fields.String(required=True)
    author = fields.String(required=True)
    year = fields.Integer(required=True, allow_none=True)
    language = fields.String(required=True, allow_none=True)
    series = fields.String(required=True, allow_none=True)
    editions = fields.Integer(required=True, **said("How many there are."))
    match = fields.Nested(Match, required=True, **said("Why this is a result."))


class SearchAnswer(Schema):
    query = fields.String(required=True)
    corrected_query = fields.String(required=True, allow_none=True, **said("What was searched instead."))
    total = fields.Integer(required=True, **said("How many works were found, or more where `total_is_exact` is false."))
    total_is_exact = fields.Boolean(required=True)
    items = fields.List(fields.Nested(Result), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class Suggestion(Schema):
    kind = fields.String(required=True, validate=OneOf(["title", "author"]))
    text = fields.String(required=True)
    author = fields.String(required=True, allow_none=True)
    identifier = fields.String(required=True, allow_none=True, **said("Of a title's edition."))


class Suggestions(Schema):
    query = fields.String(required=True)
    items = fields.List(fields.Nested(Suggestion), required=True)


class PlaceInSeries(Schema):
    name = fields.String(required=True)
    number = fields.String(required=True, allow_none=True)
    author = fields.String(required=True, allow_none=True, **said("If others have a series of this name, too."))


class ExternalRating(Schema):
    """What readers of another site think."""

    source = fields.String(required=True, **said("`catalogue`: it came with the catalogue’s file."))
    average = fields.Float(required=True, **said("From 0 to 5."))
    ratings_count = fields.Integer(required=True, allow_none=True)


class Edition(Rated):
    """One published form of a work. Ratings are those of the whole work."""

    identifier = fields.String(required=True)
    work_id = fields.String(required=True, allow_none=True, **said("Null for a moment after an import."))
    isbn = fields.String(required=True, allow_none=True)
    isbn13 = fields.String(required=True, allow_none=True)
    title = fields.String(required=True)
    author = fields.String(required=True)
    year = fields.Integer(required=True, allow_none=True)
    publisher = fields.String(required=True, allow_none=True)
    language = fields.String(required=True, allow_none=True)
    pages = fields.Integer(required=True, allow_none=True)
    description = fields.String(required=True, allow_none=True)
    identifiers = fields.List(fields.String(), required=True, **said("Besides the ISBN, such as `goodreads:2767052`."))
    external_ratings = fields.List(fields.Nested(ExternalRating), required=True)


class Work(Rated):
    id = fields.String(required=True)
    title = fields.String(required=True)
    author = fields.String(required=True)
    lead = fields.String(required=True, **said("The identifier of the edition that stands for the work."))
    series = fields.List(fields.Nested(PlaceInSeries), required=True)
    subjects = fields.List(fields.String(), required=True)
    other_titles = fields.List(fields.String(), required=True, **said("Such as that of the original."))
    editions = fields.List(
        fields.Nested(EditionInWork), required=True, **said("At most 101: the lead, then the newest.")
    )


class Flag(fields.Boolean):
    """True or false, and nothing that may pass for it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **named: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value
