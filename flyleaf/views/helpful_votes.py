"""Finding another reader's review helpful, once, and taking that back."""

from flask import Blueprint, request, url_for
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound, TooManyRequests
from werkzeug.wrappers import Response

from flyleaf.limits import HELPFUL_VOTES
from flyleaf.queries.attempts import insert_attempt
from flyleaf.queries.helpful_votes import delete_helpful_vote, insert_helpful_vote
from flyleaf.queries.moderation import ModeratedReview
from flyleaf.queries.readers import Reader
from flyleaf.views.moderated_review import find_review
from flyleaf.web.access import login_required
from flyleaf.web.attempts import helpful_vote_limits
from flyleaf.web.forms import require_token
from flyleaf.web.notices import redirect_with_notice

blueprint = Blueprint("helpful_votes", __name__, url_prefix="/reviews/<id:review_id>/helpful")


@blueprint.post("")
@login_required
def vote(connection: Connection, reader: Reader, review_id: int) -> Response:
    """Vote for a review, or withdraw the vote if the form's `helpful` is 0. Doing so again changes nothing."""
    require_token()
    review = find_others_review(connection, reader, review_id)
    if request.form.get("helpful") == "0":
        delete_helpful_vote(connection, review_id, reader.id)
        notice = "vote-withdrawn"
    else:
        vote_helpful(connection, reader, review_id)
        notice = "voted-helpful"
    return redirect_with_notice(url_for("books.book", address=review.address, _anchor="my-review"), notice)


def find_others_review(connection: Connection, reader: Reader, review_id: int) -> ModeratedReview:
    """Return a review that the reader sees, and did not write. Raises NotFound."""
    review = find_review(connection, review_id)
    is_unseen = review.hidden_at is not None or review.is_private or review.is_held or review.is_superseded
    if is_unseen or review.reader_id == reader.id:
        raise NotFound(gettext("Review not found. It may have been deleted."))
    return review


def vote_helpful(connection: Connection, reader: Reader, review_id: int) -> None:
    """Vote for a review, if the reader hasn't yet. Raises TooManyRequests, which rolls the vote back."""
    if not insert_helpful_vote(connection, review_id, reader.id):
        return
    wait = insert_attempt(connection, helpful_vote_limits(reader)).wait
    if wait:
        advice = gettext("You can find up to %(most)s reviews a day helpful. Try again later.", most=HELPFUL_VOTES.most)
        raise TooManyRequests(advice, retry_after=wait)
