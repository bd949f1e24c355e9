"""What API v1 answers of authors, series and subjects."""

from marshmallow import Schema, fields
from marshmallow.validate import Length, Regexp

from flyleaf.limits import AUTHOR_MAX
from flyleaf.views.api_v1.schemas import PRINTABLE, NumberedPageArguments, Rated, said


class WorkInList(Rated):
    """A work, shown as its most popular edition."""

    identifier = fields.String(required=True, attribute="address", **said("Of the edition that stands for the work."))
    title = fields.String(required=True)
    author = fields.String(required=True)
    language = fields.String(required=True, allow_none=True)
    year = fields.Integer(required=True, allow_none=True, **said("Of the oldest edition."))
    editions = fields.Integer(required=True)


class Author(Schema):
    name = fields.String(required=True)
    spellings = fields.List(fields.String(), required=True, **said("Of the name, the most common first."))
    work_count = fields.Integer(required=True)
    items = fields.List(fields.Nested(WorkInList), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class SeriesArguments(NumberedPageArguments):
    author = fields.String(
        validate=[Length(1, AUTHOR_MAX), Regexp(PRINTABLE)], **said("If several authors have a series of this name.")
    )


class WorkInSeries(WorkInList):
    number = fields.String(required=True, allow_none=True, **said("In the series; null: unknown."))


class SeriesOfAuthor(Schema):
    author = fields.String(required=True)
    work_count = fields.Integer(required=True)


class Series(Schema):
    name = fields.String(required=True)
    spellings = fields.List(fields.String(), required=True, **said("Of the name, the most common first."))
    author = fields.String(required=True, allow_none=True, **said("If others have a series of this name, too."))
    by_author = fields.List(
        fields.Nested(SeriesOfAuthor),
        required=True,
        **said("The authors who have a series of this name, if you have to choose. There are no items then."),
    )
    work_count = fields.Integer(required=True)
    items = fields.List(fields.Nested(WorkInSeries), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class NewBook(Schema):
    identifier = fields.String(required=True, attribute="address")
    title = fields.String(required=True)
    author = fields.String(required=True)
    language = fields.String(required=True, allow_none=True)
    description = fields.String(required=True, allow_none=True, **said("The beginning of a long one."))
    added_at = fields.AwareDateTime(required=True)


class NewBooks(Schema):
    items = fields.List(fields.Nested(NewBook), required=True)


class SubjectInList(Schema):
    name = fields.String(required=True)
    work_count = fields.Integer(required=True)


class Subjects(Schema):
    items = fields.List(fields.Nested(SubjectInList), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class Subject(SubjectInList):
    items = fields.List(
        fields.Nested(WorkInList), required=True, **said("Of a large subject, only the most popular works.")
    )
    next_cursor = fields.String(required=True, allow_none=True)
