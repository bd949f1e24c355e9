"""What API v1 takes and answers of a reader's own: shelves, the account, imports and the export."""

from flask_smorest.fields import Upload
from marshmallow import INCLUDE, Schema, fields
from marshmallow.validate import Length, OneOf, Regexp

from flyleaf.limits import SHELF_NAME_MAX
from flyleaf.queries.named_shelves import Status
from flyleaf.queries.uploads import UploadState
from flyleaf.views.api_v1.schemas import PRINTABLE, said


class Shelf(Schema):
    name = fields.String(required=True)
    status = fields.String(
        required=True,
        allow_none=True,
        validate=OneOf([*map(str, Status), None]),
        **said("Null: a shelf that you have named."),
    )
    is_public = fields.Boolean(required=True)
    book_count = fields.Integer(required=True)


class Shelves(Schema):
    items = fields.List(fields.Nested(Shelf), required=True)


class Reading(Schema):
    started_on = fields.Date(required=True, allow_none=True)
    finished_on = fields.Date(required=True, allow_none=True)


class ShelvedBook(Schema):
    """A book on your shelves."""

    identifier = fields.String(
        required=True, allow_none=True, attribute="address", **said("Null: the catalogue doesn’t have this book.")
    )
    title = fields.String(required=True)
    author = fields.String(required=True)
    year = fields.Integer(required=True, allow_none=True)
    isbn = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, allow_none=True, validate=OneOf([*map(str, Status), None]))
    shelves = fields.List(fields.String(), required=True, **said("Those that you have named."))
    notes = fields.String(required=True, allow_none=True, **said("Only you see them."))
    added_at = fields.AwareDateTime(required=True)
    rating = fields.Integer(required=True, allow_none=True, **said("Of your review."))
    readings = fields.List(fields.Nested(Reading), required=True)


class ShelvedBooks(Schema):
    items = fields.List(fields.Nested(ShelvedBook), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class NewShelf(Schema):
    shelf = fields.String(
        required=True,
        validate=[Length(1, SHELF_NAME_MAX), Regexp(PRINTABLE)],
        **said("`to-read`, `reading`, `read`, `did-not-finish`, or a name of your own."),
    )


class Token(Schema):
    name = fields.String(required=True)
    scope = fields.String(required=True, validate=OneOf(["read", "write"]))
    expires_at = fields.AwareDateTime(required=True)


class Me(Schema):
    name = fields.String(required=True)
    registered_at = fields.AwareDateTime(required=True)
    language = fields.String(required=True, allow_none=True, **said("Of the pages; null: not chosen."))
    token = fields.Nested(Token, required=True, **said("The one that this request was sent with."))


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
    created_at = fields.AwareDateTime(required=True)


class Import(ImportInList):
    """A reading history that was uploaded."""

    rows = fields.Dict(
        keys=fields.String(), values=fields.Integer(), required=True, **said("How many, by what is known of them.")
    )


class Imports(Schema):
    items = fields.List(fields.Nested(ImportInList), required=True)


class Export(Schema):
    """Everything that the site keeps about you."""

    class Meta:
        unknown = INCLUDE

    account = fields.Dict(required=True)
    reviews = fields.List(fields.Dict(), required=True)
