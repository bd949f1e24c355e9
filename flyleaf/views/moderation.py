"""Moderation: what readers have reported, and what is hidden. For moderators; for others there is no such page."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from sqlalchemy import Connection
from werkzeug.exceptions import BadRequest, Conflict, NotFound
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import DataRequired

from flyleaf.limits import REPORTED_ON_A_PAGE
from flyleaf.queries.events import Detail, EventKind, insert_event
from flyleaf.queries.moderation import (
    ModeratedReview,
    hide_review,
    select_hidden_reviews,
    select_reported_reviews,
    settle_reports,
    unhide_review,
)
from flyleaf.queries.readers import Reader
from flyleaf.views.access import login_required
from flyleaf.views.forms import Form, line
from flyleaf.views.notices import give_notice
from flyleaf.views.paging import page_number
from flyleaf.views.reports import REASON_RULES, find_review

blueprint = Blueprint("moderation", __name__, url_prefix="/moderation")
Values = ParamSpec("Values")


class HidingForm(Form):
    reason = StringField(
        lazy_gettext("Why?"),
        filters=[line],
        validators=[DataRequired(lazy_gettext("Say why: who wrote the review reads it.")), *REASON_RULES],
    )


def moderator_required(
    view: Callable[Concatenate[Connection, Reader, Values], ResponseReturnValue],
) -> Callable[Values, ResponseReturnValue]:
    """Only for moderators, asked of the database each time. Others get what they get where there is nothing."""

    @wraps(view)
    def gate(
        connection: Connection, reader: Reader, /, *values: Values.args, **named: Values.kwargs
    ) -> ResponseReturnValue:
        if not reader.is_moderator:
            raise NotFound
        return view(connection, reader, *values, **named)

    return login_required(gate)


@blueprint.get("")
@moderator_required
def reported(connection: Connection, moderator: Reader) -> ResponseReturnValue:
    page = page_number(request.args)
    found = select_reported_reviews(connection, page)
    return render_template(
        "moderation.html",
        reported=found[:REPORTED_ON_A_PAGE],
        form=Form(),
        page=page,
        has_next=len(found) > REPORTED_ON_A_PAGE,
    )


@blueprint.get("/hidden")
@moderator_required
def hidden(connection: Connection, moderator: Reader) -> ResponseReturnValue:
    page = page_number(request.args)
    found = select_hidden_reviews(connection, page)
    return render_template(
        "moderation_hidden.html",
        reviews=found[:REPORTED_ON_A_PAGE],
        form=Form(),
        page=page,
        has_next=len(found) > REPORTED_ON_A_PAGE,
    )


@blueprint.route("/reviews/<int:review_id>/hide", methods=["GET", "POST"])
@moderator_required
def hide(connection: Connection, moderator: Reader, review_id: int) -> ResponseReturnValue:
    review = find_review(connection, review_id)
    form = HidingForm(request.form)
    if request.method != "POST" or not form.validate():
        return render_template("review_hide.html", review=review, form=form), form.status
    reason = form.reason.data or ""
    if not hide_review(connection, review.id, reason):
        raise Conflict(gettext("Another moderator has hidden this review already, or it is deleted."))
    if review.reader_id is not None:
        insert_event(connection, EventKind.REVIEW_HIDDEN, review.reader_id, {"review": review.id, "reason": reason})
    _note(connection, moderator, review, "hidden", reason)
    return _back("moderation.reported", "review-hidden")


@blueprint.post("/reviews/<int:review_id>/unhide")
@moderator_required
def unhide(connection: Connection, moderator: Reader, review_id: int) -> ResponseReturnValue:
    _require_token()
    review = find_review(connection, review_id)
    if not unhide_review(connection, review.id):
        raise Conflict(gettext("This review is to be seen already."))
    if review.reader_id is not None:
        insert_event(connection, EventKind.REVIEW_UNHIDDEN, review.reader_id, {"review": review.id})
    _note(connection, moderator, review, "unhidden")
    return _back("moderation.hidden", "review-unhidden")


@blueprint.post("/reviews/<int:review_id>/dismiss")
@moderator_required
def dismiss(connection: Connection, moderator: Reader, review_id: int) -> ResponseReturnValue:
    _require_token()
    review = find_review(connection, review_id)
    if not settle_reports(connection, review.id):
        raise Conflict(gettext("Another moderator has settled these reports already."))
    _note(connection, moderator, review, "dismissed")
    return _back("moderation.reported", "reports-dismissed")


def _note(
    connection: Connection, moderator: Reader, review: ModeratedReview, action: str, reason: str | None = None
) -> None:
    """What a moderator does stands in the moderator's own events; whose review it was must not be told there."""
    detail: Detail = {"action": action, "review": review.id, "reason": reason}
    insert_event(connection, EventKind.MODERATED, moderator.id, detail)


def _require_token() -> None:
    if not Form(request.form).validate():
        raise BadRequest(gettext("This page was open for too long. Go back, reload it, and try once more."))


def _back(endpoint: str, notice: str) -> Response:
    return give_notice(make_response(redirect(url_for(endpoint), 303)), notice)
