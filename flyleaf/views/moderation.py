"""Moderation: reported and hidden reviews. Only moderators can see these pages; for others they don't exist."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from sqlalchemy import Connection
from werkzeug.exceptions import Conflict, NotFound
from wtforms import StringField
from wtforms.validators import DataRequired

from flyleaf.queries.events import Detail, EventKind, insert_event
from flyleaf.queries.moderation import (
    ModeratedReview,
    delete_withdrawn_review,
    hide_review,
    select_hidden_reviews,
    select_reported_reviews,
    settle_reports,
    unhide_review,
)
from flyleaf.queries.readers import Reader
from flyleaf.views.moderated_review import REASON_RULES, find_review
from flyleaf.web.access import login_required
from flyleaf.web.covers import covers_of
from flyleaf.web.current import flyleaf
from flyleaf.web.drafts import restored
from flyleaf.web.forms import Form, line, require_token
from flyleaf.web.notices import redirect_with_notice
from flyleaf.web.paging import asked_place
from flyleaf.web.rendering import Answer, render_later

blueprint = Blueprint("moderation", __name__, url_prefix="/moderation")
Values = ParamSpec("Values")


class HidingForm(Form):
    reason = StringField(
        lazy_gettext("Reason"),
        filters=[line],
        validators=[DataRequired(lazy_gettext("Give a reason. The reviewer will see it.")), *REASON_RULES],
    )


def moderator_required(
    view: Callable[Concatenate[Connection, Reader, Values], Answer],
) -> Callable[Values, ResponseReturnValue]:
    """Let only moderators in, according to the database at each request. Others get 404."""

    @wraps(view)
    def gate(connection: Connection, reader: Reader, /, *values: Values.args, **named: Values.kwargs) -> Answer:
        if not reader.is_moderator:
            raise NotFound
        return view(connection, reader, *values, **named)

    return login_required(gate)


def acting_moderator_required(
    view: Callable[Concatenate[Connection, Reader, Values], Answer],
) -> Callable[Values, ResponseReturnValue]:
    """Do the same for what moderators do, which can need a second factor. Those without one are asked to add one."""

    @wraps(view)
    def gate(connection: Connection, moderator: Reader, /, *values: Values.args, **named: Values.kwargs) -> Answer:
        if not may_act(moderator):
            return render_later("moderation_second_factor.html"), 403
        return view(connection, moderator, *values, **named)

    return moderator_required(gate)


def may_act(moderator: Reader) -> bool:
    return moderator.has_second_factor or not flyleaf().config.moderators_need_second_factor


@blueprint.get("")
@moderator_required
def reported(connection: Connection, moderator: Reader) -> Answer:
    reviews = select_reported_reviews(connection, asked_place())
    shown = {"reviews": reviews, "covers": covers_of(connection, [one.review for one in reviews.items])}
    return render_later("moderation.html", **shown, form=Form(), may_act=may_act(moderator))


@blueprint.get("/hidden")
@moderator_required
def hidden(connection: Connection, moderator: Reader) -> Answer:
    reviews = select_hidden_reviews(connection, asked_place())
    shown = {"reviews": reviews, "covers": covers_of(connection, reviews.items)}
    return render_later("moderation_hidden.html", **shown, form=Form(), may_act=may_act(moderator))


@blueprint.route("/reviews/<id:review_id>/hide", methods=["GET", "POST"])
@acting_moderator_required
def hide(connection: Connection, moderator: Reader, review_id: int) -> Answer:
    review = find_review(connection, review_id)
    form = HidingForm(request.form or restored())
    if request.method != "POST" or not form.validate():
        covers = covers_of(connection, [review])
        return render_later("review_hide.html", review=review, covers=covers, form=form), form.status
    reason = form.reason.data or ""
    if not hide_review(connection, review.id, reason):
        raise Conflict(gettext("This review has already been hidden or deleted."))
    if review.reader_id is not None:
        insert_event(connection, EventKind.REVIEW_HIDDEN, review.reader_id, {"review": review.id, "reason": reason})
    _note(connection, moderator, review, "hidden", reason)
    return redirect_with_notice(url_for("moderation.reported"), "review-hidden")


@blueprint.post("/reviews/<id:review_id>/unhide")
@acting_moderator_required
def unhide(connection: Connection, moderator: Reader, review_id: int) -> ResponseReturnValue:
    require_token()
    review = find_review(connection, review_id)
    if not unhide_review(connection, review.id):
        raise Conflict(gettext("This review is already visible, or its reader has deleted it."))
    if review.reader_id is not None:
        insert_event(connection, EventKind.REVIEW_UNHIDDEN, review.reader_id, {"review": review.id})
    _note(connection, moderator, review, "unhidden")
    return redirect_with_notice(url_for("moderation.hidden"), "review-unhidden")


@blueprint.post("/reviews/<id:review_id>/allow")
@acting_moderator_required
def allow(connection: Connection, moderator: Reader, review_id: int) -> ResponseReturnValue:
    """Allow the reader of a review that was hidden and then deleted to write another one."""
    require_token()
    review = find_review(connection, review_id)
    if not delete_withdrawn_review(connection, review.id):
        raise Conflict(gettext("The reader has not deleted this review. You can restore it."))
    if review.reader_id is not None:
        insert_event(connection, EventKind.REVIEW_ALLOWED, review.reader_id, {"review": review.id})
    _note(connection, moderator, review, "allowed another")
    return redirect_with_notice(url_for("moderation.hidden"), "review-allowed")


@blueprint.post("/reviews/<id:review_id>/dismiss")
@acting_moderator_required
def dismiss(connection: Connection, moderator: Reader, review_id: int) -> ResponseReturnValue:
    require_token()
    review = find_review(connection, review_id)
    if not settle_reports(connection, review.id):
        raise Conflict(gettext("Another moderator has already handled these reports."))
    _note(connection, moderator, review, "dismissed")
    return redirect_with_notice(url_for("moderation.reported"), "reports-dismissed")


def _note(
    connection: Connection, moderator: Reader, review: ModeratedReview, action: str, reason: str | None = None
) -> None:
    """Add an action to the moderator's own events, without naming the reviewer."""
    detail: Detail = {"action": action, "review": review.id, "reason": reason}
    insert_event(connection, EventKind.MODERATED, moderator.id, detail)
