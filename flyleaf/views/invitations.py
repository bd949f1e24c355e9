"""Invitations, which moderators make for people who want to register."""

import secrets

from flask import Blueprint, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import Connection
from werkzeug.exceptions import Conflict
from wtforms import StringField
from wtforms.validators import Length

from flyleaf.limits import INVITATION_LONGEST, INVITATION_NOTE_MAX, INVITATION_USES_MAX
from flyleaf.queries.events import EventKind, insert_event
from flyleaf.queries.invitations import end_invitation, insert_invitation, select_invitations
from flyleaf.queries.readers import Reader
from flyleaf.views.moderation import acting_moderator_required
from flyleaf.web.forms import Form, line, no_control_characters, require_token
from flyleaf.web.notices import redirect_with_notice
from flyleaf.web.numbers import WholeNumberField
from flyleaf.web.paging import asked_place
from flyleaf.web.rendering import Answer, render_later

blueprint = Blueprint("invitations", __name__, url_prefix="/moderation/invitations")


class InvitationForm(Form):
    uses = WholeNumberField(
        lazy_gettext("Number of people who can use it"), least=1, most=INVITATION_USES_MAX, default=1
    )
    days = WholeNumberField(lazy_gettext("Valid for how many days"), least=1, most=INVITATION_LONGEST, default=7)
    note = StringField(
        lazy_gettext("Note"),
        description=lazy_gettext("Optional, for moderators: whom the invitation is for."),
        filters=[line],
        validators=[
            Length(
                max=INVITATION_NOTE_MAX,
                message=lazy_gettext("Notes can have at most %(most)s characters.", most=INVITATION_NOTE_MAX),
            ),
            no_control_characters,
        ],
    )


@blueprint.route("", methods=["GET", "POST"])
@acting_moderator_required
def invitations(connection: Connection, moderator: Reader) -> Answer:
    """Show the invitations and the form for a new one, whose link is shown once."""
    form = InvitationForm(request.form)
    link = None
    if request.method == "POST" and form.validate():
        link = _invite(connection, moderator, form)
        form = InvitationForm()
    found = select_invitations(connection, asked_place())
    return render_later("invitations.html", invitations=found, form=form, link=link), form.status


@blueprint.post("/<id:invitation_id>/end")
@acting_moderator_required
def end(connection: Connection, moderator: Reader, invitation_id: int) -> Answer:
    require_token()
    if not end_invitation(connection, invitation_id):
        raise Conflict(gettext("This invitation has already expired or was used up."))
    insert_event(connection, EventKind.INVITATION_ENDED, moderator.id, {"invitation": invitation_id})
    return redirect_with_notice(url_for("invitations.invitations"), "invitation-ended")


def invitation_link(token: str) -> str:
    """Return the address at which the invited person registers."""
    return url_for("readers.register", invitation=token, _external=True)


def _invite(connection: Connection, moderator: Reader, form: InvitationForm) -> str:
    """Make an invitation and return its link."""
    token = secrets.token_urlsafe(32)
    uses, days = form.uses.data or 1, form.days.data or 1
    made = insert_invitation(connection, token, moderator.id, uses, days, form.note.data or "")
    insert_event(connection, EventKind.INVITATION_MADE, moderator.id, {"invitation": made, "uses": uses, "days": days})
    return invitation_link(token)
