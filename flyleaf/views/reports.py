"""Reporting a review to the moderators."""

from flask import Blueprint, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound, TooManyRequests
from wtforms import StringField

from flyleaf.limits import REPORTS
from flyleaf.queries.attempts import insert_attempt
from flyleaf.queries.events import EventKind, insert_event
from flyleaf.queries.moderation import ModeratedReview, insert_report
from flyleaf.queries.readers import Reader
from flyleaf.views.moderated_review import REASON_RULES, find_review
from flyleaf.web.access import login_required
from flyleaf.web.attempts import report_limits
from flyleaf.web.covers import covers_of
from flyleaf.web.drafts import restored
from flyleaf.web.forms import Form, line
from flyleaf.web.notices import redirect_with_notice
from flyleaf.web.rendering import Answer, render_later

blueprint = Blueprint("reports", __name__)


class ReportForm(Form):
    reason = StringField(lazy_gettext("What’s wrong with this review?"), filters=[line], validators=REASON_RULES)


@blueprint.route("/reviews/<id:review_id>/report", methods=["GET", "POST"])
@login_required
def report(connection: Connection, reader: Reader, review_id: int) -> Answer:
    review = find_review(connection, review_id)
    is_unseen = review.hidden_at is not None or review.is_private or review.is_held or review.is_superseded
    if is_unseen or review.reader_id == reader.id:
        raise NotFound(gettext("Review not found. It may have been deleted."))
    form = ReportForm(request.form or restored())
    if request.method != "POST" or not form.validate():
        covers = covers_of(connection, [review])
        return render_later("review_report.html", review=review, covers=covers, form=form), form.status
    notice = "review-reported" if _report(connection, reader, review, form.reason.data or None) else "reported-already"
    address = url_for("books.book", address=review.address, _anchor="my-review")
    return redirect_with_notice(address, notice)


def _report(connection: Connection, reader: Reader, review: ModeratedReview, reason: str | None) -> bool:
    """Return whether this is the reader's first report of it. Raises TooManyRequests, which rolls the report back."""
    if not insert_report(connection, review.id, reader.id, reason):
        return False
    wait = insert_attempt(connection, report_limits(reader)).wait
    if wait:
        advice = gettext(
            "You can report up to %(most)s reviews a day. Try again later.",
            most=REPORTS.most,
        )
        raise TooManyRequests(advice, retry_after=wait)
    insert_event(connection, EventKind.REVIEW_REPORTED, reader.id, {"review": review.id})
    return True
