"""Who may register: everyone, people with an invitation, or people whom a moderator approves (REGISTRATION)."""

from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import Conflict

from flyleaf.queries.events import EventKind, insert_event
from flyleaf.queries.invitations import is_invitation_valid, use_invitation
from flyleaf.queries.pending_registrations import insert_pending_registration
from flyleaf.queries.readers import Reader
from flyleaf.web.current import flyleaf, transaction


def is_open_to(invitation: str | None) -> bool:
    """Return whether somebody with this invitation, or without one, may register."""
    if flyleaf().config.registration != "invitation":
        return True
    if not invitation:
        return False
    with transaction() as connection:
        return is_invitation_valid(connection, invitation)


def admit(connection: Connection, reader: Reader, invitation: str | None) -> bool:
    """Admit a new reader, and return whether a moderator has to approve the registration first.

    An invitation is as good as an approval. Raises Conflict if one is needed and this one was used up meanwhile.
    """
    used = use_invitation(connection, invitation) if invitation else None
    registration = flyleaf().config.registration
    if registration == "invitation" and used is None:
        raise Conflict(gettext("This invitation has expired or was used up. Ask for a new one."))
    is_pending = registration == "approval" and used is None
    if is_pending:
        insert_pending_registration(connection, reader.id)
    insert_event(connection, EventKind.REGISTERED, reader.id, {"invitation": used})
    return is_pending
