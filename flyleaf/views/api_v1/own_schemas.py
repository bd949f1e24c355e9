"""What API v1 answers of the reader whose token it is."""

from marshmallow import INCLUDE, Schema, fields
from marshmallow.validate import OneOf

from flyleaf.views.api_v1.schemas import said


class Token(Schema):
    name = fields.String(required=True)
    scope = fields.String(required=True, validate=OneOf(["read", "write"]))
    expires_at = fields.AwareDateTime(required=True)


class Me(Schema):
    name = fields.String(required=True)
    registered_at = fields.AwareDateTime(required=True)
    language = fields.String(required=True, allow_none=True, **said("Of the pages; null: not chosen."))
    token = fields.Nested(Token, required=True, **said("The one that this request was sent with."))


class Export(Schema):
    """Everything that the site keeps about you."""

    class Meta:
        unknown = INCLUDE

    account = fields.Dict(required=True)
    reviews = fields.List(fields.Dict(), required=True)
