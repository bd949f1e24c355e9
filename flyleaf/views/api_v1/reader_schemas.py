"""What API v1 answers of other readers."""

from marshmallow import Schema, fields

from flyleaf.views.api_v1.schemas import said
from flyleaf.views.api_v1.shelf_schemas import Shelf


class Profile(Schema):
    name = fields.String(required=True)
    joined_at = fields.AwareDateTime(required=True)
    review_count = fields.Integer(required=True)
    average_rating = fields.Float(required=True, allow_none=True, **said("That this reader gives."))
    shelves = fields.List(fields.Nested(Shelf), required=True, **said("Those that the reader shows to others."))
