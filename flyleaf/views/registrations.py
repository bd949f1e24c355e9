"""Pending registrations, which moderators approve or refuse."""

from flask import Blueprint, url_for
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import Conflict

from flyleaf.queries.events import EventKind, insert_event
from flyleaf.queries.pending_registrations import (
    approve_registration,
    refuse_registration,
    select_pending_registrations,
)
from flyleaf.queries.readers import Reader
from flyleaf.views.moderation import acting_moderator_required, may_act, moderator_required
from flyleaf.web.forms import Form, require_token
from flyleaf.web.notices import redirect_with_notice
from flyleaf.web.paging import asked_place
from flyleaf.web.rendering import Answer, render_later

blueprint = Blueprint("registrations", __name__, url_prefix="/moderation/registrations")


@blueprint.get("")
@moderator_required
def pending(connection: Connection, moderator: Reader) -> Answer:
    found = select_pending_registrations(connection, asked_place())
    return render_later("registrations.html", registrations=found, form=Form(), may_act=may_act(moderator))


@blueprint.post("/<id:reader_id>/approve")
@acting_moderator_required
def approve(connection: Connection, moderator: Reader, reader_id: int) -> Answer:
    require_token()
    if not approve_registration(connection, reader_id):
        raise _already_settled()
    insert_event(connection, EventKind.REGISTRATION_APPROVED, reader_id)
    insert_event(connection, EventKind.MODERATED, moderator.id, {"action": "approved", "reader": reader_id})
    return redirect_with_notice(url_for("registrations.pending"), "registration-approved")


@blueprint.post("/<id:reader_id>/refuse")
@acting_moderator_required
def refuse(connection: Connection, moderator: Reader, reader_id: int) -> Answer:
    require_token()
    if not refuse_registration(connection, reader_id):
        raise _already_settled()
    insert_event(connection, EventKind.ACCOUNT_DELETED, reader_id, {"by": "moderator"})
    insert_event(connection, EventKind.MODERATED, moderator.id, {"action": "refused", "reader": reader_id})
    return redirect_with_notice(url_for("registrations.pending"), "registration-refused")


def _already_settled() -> Conflict:
    return Conflict(gettext("Another moderator has already decided about this registration."))
