"""Finding a review to report or hide, and the rules for reasons."""

from flask_babel import gettext, lazy_gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound
from wtforms.validators import Length

from flyleaf.limits import REASON_MAX
from flyleaf.queries.moderation import ModeratedReview, select_moderated_review
from flyleaf.web.forms import no_control_characters

REASON_RULES = [
    Length(max=REASON_MAX, message=lazy_gettext("Reasons can have up to %(most)s characters.", most=REASON_MAX)),
    no_control_characters,
]


def find_review(connection: Connection, review_id: int) -> ModeratedReview:
    """Return the review. Raises NotFound."""
    review = select_moderated_review(connection, review_id)
    if review is None:
        raise NotFound(gettext("Review not found. It may have been deleted."))
    return review
