"""What API v1 takes and answers of imports, and of their rows."""

from flask_smorest.fields import Upload
from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Range, Regexp

from flyleaf.limits import IDENTIFIER_MAX, UPLOAD_ROWS_MAX
from flyleaf.queries.book_matches import MatchKind
from flyleaf.queries.upload_rows import ROWS_ON_A_PAGE, Decision, Shown
from flyleaf.queries.uploads import UploadState
from flyleaf.views.api_v1.schemas import PRINTABLE, Flag, said

ROWS_MAX = 100  # in one answer
DECISIONS = [str(decision) for decision in Decision]


class NewImport(Schema):
    file = Upload(required=True, **said("An export of another site, or of this one; packed or not."))


class ImportInList(Schema):
    """A reading history that was uploaded, without the counts of its rows."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    format = fields.String(required=True)
    state = fields.String(required=True, validate=OneOf([*map(str, UploadState)]))
    row_count = fields.Integer(required=True)
    done = fields.Integer(required=True, **said("Rows that are through, while it is being worked on."))
    is_private = fields.Boolean(required=True, **said("Its reviews are written as private ones."))
    created_at = fields.AwareDateTime(required=True)


class Import(ImportInList):
    """A reading history that was uploaded."""

    rows = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        **said("How many there are of each list: see the parameter `kind` of its rows."),
    )


class Imports(Schema):
    items = fields.List(fields.Nested(ImportInList), required=True)


class CommitArguments(Schema):
    is_private = fields.Boolean(
        truthy={"true", "1"}, falsy={"false", "0"}, **said("Write the reviews as private ones, which only you see.")
    )


class RowArguments(Schema):
    kind = fields.String(
        load_default=str(Shown.ALL),
        validate=OneOf([str(shown) for shown in Shown]),
        **said("`undecided`: only similar to a book, and left out unless you decide. `sure`: a book was found."),
    )
    limit = fields.Integer(load_default=ROWS_ON_A_PAGE, validate=Range(1, ROWS_MAX))
    cursor = fields.Integer(
        load_default=0, validate=Range(0, UPLOAD_ROWS_MAX), **said("`next_cursor` of the page before.")
    )


class ReadingInFile(Schema):
    """A day, a month or a year, such as 2026-01-20, 2026-01 or 2026; both are null if no date is known."""

    started_on = fields.String(required=True, allow_none=True)
    finished_on = fields.String(required=True, allow_none=True)


class RowInFile(Schema):
    """What a file says of a book, and of you with it."""

    title = fields.String(required=True)
    author = fields.String(required=True)
    isbn = fields.String(required=True, allow_none=True)
    year = fields.Integer(required=True, allow_none=True)
    status = fields.String(required=True, allow_none=True)
    shelves = fields.List(fields.String(), required=True)
    rating = fields.Float(required=True, allow_none=True)
    review = fields.String(required=True)
    notes = fields.String(required=True)
    readings = fields.List(fields.Nested(ReadingInFile), required=True)


class MatchedBook(Schema):
    identifier = fields.String(required=True, attribute="address")
    title = fields.String(required=True)
    author = fields.String(required=True)
    year = fields.Integer(required=True, allow_none=True)


class RowOfImport(Schema):
    """A row of an import, and the book that it was matched with."""

    n = fields.Integer(required=True, **said("Its number, from 1."))
    line = fields.Integer(required=True, **said("Where it is in the file."))
    says = fields.Nested(RowInFile, required=True)
    problems = fields.List(fields.String(), required=True, **said("Cells that can’t be used, or only in part."))
    refused_because = fields.String(required=True, allow_none=True, **said("Why the row can’t be used; null: it can."))
    match = fields.String(
        required=True,
        allow_none=True,
        validate=OneOf([*map(str, MatchKind), None]),
        **said("How the book was found, the surest first. `chosen`: by you."),
    )
    book = fields.Nested(MatchedBook, required=True, allow_none=True)
    decision = fields.String(
        required=True,
        allow_none=True,
        validate=OneOf([*DECISIONS, None]),
        **said(
            "`write` it about the book, keep a `line` of your own, or `leave-out`; null: left out until you decide."
        ),
    )
    own_rating = fields.Integer(
        required=True, allow_none=True, **said("Of your review of the book, which stays unless the row `replaces` it.")
    )
    replaces = fields.Boolean(required=True)
    is_written = fields.Boolean(
        required=True, **said("False of a `written` import: it was left out, or an error kept it from being written.")
    )


class RowsOfImport(Schema):
    items = fields.List(fields.Nested(RowOfImport), required=True)
    next_cursor = fields.Integer(required=True, allow_none=True)


class RowChange(Schema):
    """What is left out stays as it was."""

    identifier = fields.String(
        validate=[Length(1, IDENTIFIER_MAX), Regexp(PRINTABLE)],
        **said("Of the edition that the row is about. It is then written, unless you decide otherwise."),
    )
    decision = fields.String(validate=OneOf(DECISIONS))
    replaces = Flag(**said("Whether the row replaces the review that you have written here."))
