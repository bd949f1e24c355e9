"""The reader's account: sessions, password, activity and deletion."""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound
from wtforms import BooleanField, PasswordField, RadioField, SelectChoice  # type: ignore[attr-defined]  # stubs of an older version
from wtforms.validators import InputRequired

from flyleaf.passwords import hash_password
from flyleaf.queries.api_tokens import delete_api_tokens, select_api_tokens
from flyleaf.queries.departures import continue_departure, insert_departure
from flyleaf.queries.events import EventKind, insert_event, select_events
from flyleaf.queries.identities import select_identity
from flyleaf.queries.password_resets import delete_password_reset
from flyleaf.queries.readers import Credentials, Reader, credentials_of, update_password_hash
from flyleaf.queries.second_factors import select_second_factors
from flyleaf.queries.sessions import delete_other_sessions, delete_readers_session, is_session_fresh, select_sessions
from flyleaf.views.password_form import NewPasswordForm, PasswordForm
from flyleaf.web.access import (
    end_session,
    forget_sessions,
    login_required,
    reader_required,
    renew_session,
    session_hash,
)
from flyleaf.web.authentication import confirm_password
from flyleaf.web.current import flyleaf, transaction
from flyleaf.web.drafts import restored
from flyleaf.web.forms import Form
from flyleaf.web.notices import redirect_with_notice
from flyleaf.web.paging import asked_place
from flyleaf.web.rendering import Answer, render_later

blueprint = Blueprint("account", __name__, url_prefix="/account")

EVENTS = {
    EventKind.REGISTERED: lazy_gettext("You registered."),
    EventKind.LOGGED_IN: lazy_gettext("New login."),
    EventKind.LOGIN_FAILED: lazy_gettext("Failed login: wrong password."),
    EventKind.LOGGED_OUT: lazy_gettext("You logged out."),
    EventKind.PASSWORD_CHANGED: lazy_gettext("The password was changed."),
    EventKind.PASSWORD_REFUSED: lazy_gettext("A wrong password was entered to confirm a change."),
    EventKind.SESSION_ENDED: lazy_gettext("You logged out another device."),
    EventKind.OTHER_SESSIONS_ENDED: lazy_gettext("You logged out all other devices."),
    EventKind.DATA_DOWNLOADED: lazy_gettext("Your data was downloaded."),
    EventKind.LOGIN_REFUSED: lazy_gettext("Login refused: the password was right, but the account was locked."),
    EventKind.ACCOUNT_LOCKED: lazy_gettext("An administrator locked the account."),
    EventKind.ACCOUNT_UNLOCKED: lazy_gettext("An administrator unlocked the account."),
    EventKind.PASSWORD_RESET_OFFERED: lazy_gettext("An administrator created a password reset link."),
    EventKind.PASSWORD_RESET: lazy_gettext("The password was reset with a link."),
    EventKind.MODERATOR_MADE: lazy_gettext("You became a moderator."),
    EventKind.MODERATOR_REMOVED: lazy_gettext("You are no longer a moderator."),
    EventKind.REVIEW_REPORTED: lazy_gettext("You reported a review."),
    EventKind.REVIEW_HIDDEN: lazy_gettext("A moderator hid one of your reviews."),
    EventKind.REVIEW_UNHIDDEN: lazy_gettext("A moderator restored one of your reviews."),
    EventKind.REVIEW_ALLOWED: lazy_gettext("A moderator allowed you to review a book again."),
    EventKind.MODERATED: lazy_gettext("You acted as a moderator."),
    EventKind.PROPOSAL_MADE: lazy_gettext("You suggested a change of the catalogue."),
    EventKind.PROPOSAL_ACCEPTED: lazy_gettext("A moderator accepted one of your suggestions."),
    EventKind.PROPOSAL_REFUSED: lazy_gettext("A moderator refused one of your suggestions."),
    EventKind.CORRECTION_UNDONE: lazy_gettext("A moderator undid a correction that you suggested."),
    EventKind.SECOND_FACTOR_ADDED: lazy_gettext("A second factor was added."),
    EventKind.SECOND_FACTOR_REMOVED: lazy_gettext("A second factor was removed."),
    EventKind.SECOND_FACTOR_REFUSED: lazy_gettext("Failed login: right password, but a wrong second factor."),
    EventKind.RECOVERY_CODES_MADE: lazy_gettext("You made new recovery codes."),
    EventKind.RECOVERY_CODE_USED: lazy_gettext("A recovery code was used to log in."),
    EventKind.SECOND_FACTORS_RESET: lazy_gettext("An administrator removed your second factors."),
    EventKind.REGISTRATION_APPROVED: lazy_gettext("A moderator approved your registration."),
    EventKind.IDENTITY_CONNECTED: lazy_gettext("An account at another site was connected for logging in."),
    EventKind.IDENTITY_DISCONNECTED: lazy_gettext("The account at another site was disconnected."),
    EventKind.LOGIN_LINK_OFFERED: lazy_gettext("An administrator created a login link."),
    EventKind.INVITATION_MADE: lazy_gettext("You made an invitation link."),
    EventKind.INVITATION_ENDED: lazy_gettext("You ended an invitation."),
    EventKind.API_TOKEN_MADE: lazy_gettext("You made an API token."),
    EventKind.API_TOKEN_REVOKED: lazy_gettext("You revoked an API token."),
    EventKind.ACCOUNT_DELETED: lazy_gettext("The account was deleted."),
}


class FirstPasswordForm(NewPasswordForm):
    def __init__(self, reader: Reader, sent: MultiDict[str, str] | None = None) -> None:
        self._reader = reader
        super().__init__(sent)

    @property
    def name(self) -> str:
        return self._reader.name


class PasswordChangeForm(FirstPasswordForm):
    old_password = PasswordField(
        lazy_gettext("Current password"), validators=[InputRequired(lazy_gettext("Enter your password."))]
    )


class OtherSessionsForm(PasswordForm):
    revokes_tokens = BooleanField(lazy_gettext("Also revoke my API tokens"), false_values=(False, "", "0", "false"))


class DeletionForm(Form):
    reviews = RadioField(
        lazy_gettext("Your reviews"),
        choices=[
            SelectChoice("delete", lazy_gettext("Delete my reviews")),
            SelectChoice("keep", lazy_gettext("Keep them without my name")),
        ],
        validators=[InputRequired(lazy_gettext("Choose what happens to your reviews."))],
    )
    password = PasswordField(lazy_gettext("Password"), validators=[InputRequired(lazy_gettext("Enter your password."))])


@blueprint.get("")
@login_required
def account(connection: Connection, reader: Reader) -> Answer:
    sessions = select_sessions(connection, reader.id, session_hash())
    factors = select_second_factors(connection, reader.id) if reader.has_second_factor else None
    issuer = flyleaf().config.oidc_issuer
    identity = select_identity(connection, issuer, reader.id) if issuer else None
    return render_later("account.html", sessions=sessions, factors=factors, identity=identity, form=Form())


@blueprint.route("/sessions/<id:session_id>/end", methods=["GET", "POST"])
@reader_required
def end_other_session(reader: Reader, session_id: int) -> ResponseReturnValue:
    form = PasswordForm(request.form)
    if not _is_confirmed(reader, form):
        return render_template("account_session_end.html", form=form, ends_all=False), form.status
    with transaction() as connection:
        ended = delete_readers_session(connection, reader.id, session_id)
        if not ended:
            raise NotFound(gettext("That device is already logged out."))
        insert_event(connection, EventKind.SESSION_ENDED, reader.id)
    forget_sessions(ended)
    return redirect_with_notice(url_for("account.account"), "session-ended")


@blueprint.route("/sessions/end-others", methods=["GET", "POST"])
@reader_required
def end_other_sessions(reader: Reader) -> ResponseReturnValue:
    """Log out all other devices and, if the reader says so, programs that have a token, too."""
    form = OtherSessionsForm(request.form)
    if not _is_confirmed(reader, form):
        with transaction() as connection:
            has_tokens = bool(select_api_tokens(connection, reader.id))
        return render_template("account_session_end.html", form=form, ends_all=True, has_tokens=has_tokens), form.status
    with transaction() as connection:
        ended = delete_other_sessions(connection, reader.id, session_hash())
        revoked = delete_api_tokens(connection, reader.id) if form.revokes_tokens.data else 0
        counts = {"sessions": len(ended), "tokens": revoked}
        insert_event(connection, EventKind.OTHER_SESSIONS_ENDED, reader.id, counts)
    forget_sessions(ended)
    return redirect_with_notice(url_for("account.account"), "other-sessions-ended")


def _is_confirmed(reader: Reader, form: PasswordForm) -> bool:
    """Return whether the form was sent with the right password."""
    if request.method != "POST" or not form.validate():
        return False
    if confirm_password(reader, form.password.data or "") is None:
        form.password.errors = [gettext("Wrong password.")]
        return False
    return True


@blueprint.route("/password", methods=["GET", "POST"])
@reader_required
def password(reader: Reader) -> ResponseReturnValue:
    with transaction() as connection:
        credentials = credentials_of(connection, reader.id)
        is_fresh = is_session_fresh(connection, session_hash())
    if credentials is not None and not credentials.has_password:
        return _choose_password(reader, credentials, is_fresh=is_fresh)
    if request.method != "POST":
        return render_template("account_password.html", form=PasswordChangeForm(reader))
    form = PasswordChangeForm(reader, request.form)
    if form.validate():
        credentials = confirm_password(reader, form.old_password.data or "")
        if credentials is not None and _change_password(credentials, form.password.data or ""):
            response = redirect_with_notice(url_for("account.account"), "password-changed")
            renew_session(reader, response)
            return response
        form.old_password.errors = [gettext("Wrong password.")]
    return render_template("account_password.html", form=form), form.status


def _choose_password(reader: Reader, credentials: Credentials, *, is_fresh: bool) -> ResponseReturnValue:
    """Let a reader who logs in at another site choose a password, soon after a login there."""
    form = FirstPasswordForm(reader, request.form)
    if not is_fresh:
        return render_template("account_password_later.html"), 403 if request.method == "POST" else 200
    if request.method == "POST" and form.validate() and _change_password(credentials, form.password.data or ""):
        response = redirect_with_notice(url_for("account.account"), "password-changed")
        renew_session(reader, response)
        return response
    return render_template("account_password.html", form=form), form.status


@blueprint.route("/delete", methods=["GET", "POST"])
@reader_required
def delete(reader: Reader) -> ResponseReturnValue:
    if request.method != "POST":
        return render_template("account_delete.html", form=DeletionForm(restored()))
    form = DeletionForm(request.form)
    if form.validate():
        # Whoever sends the form twice may be gone by the time at which the password is checked.
        if confirm_password(reader, form.password.data or "") is not None or _is_gone(reader):
            keeps_reviews = form.reviews.data == "keep"
            some_follow = _delete_account(reader, keeps_reviews=keeps_reviews)
            end_session()
            notice = "account-deleted-reviews-follow" if some_follow and not keeps_reviews else "account-deleted"
            return redirect_with_notice(url_for("welcome.welcome"), notice)
        form.password.errors = [gettext("Wrong password.")]
    return render_template("account_delete.html", form=form), form.status


@blueprint.get("/events")
@login_required
def events(connection: Connection, reader: Reader) -> Answer:
    found = select_events(connection, reader.id, asked_place())
    return render_later("account_events.html", events=found, names=EVENTS)


def _change_password(credentials: Credentials, new: str) -> bool:
    """Change the password, log out all other devices and revoke the API tokens. Return whether the old password was
    still valid."""
    password_hash = hash_password(new)
    with transaction() as connection:
        if not update_password_hash(connection, credentials, password_hash):
            return False
        forget_sessions(delete_other_sessions(connection, credentials.reader.id, session_hash()))
        delete_api_tokens(connection, credentials.reader.id)
        delete_password_reset(connection, credentials.reader.id)
        insert_event(connection, EventKind.PASSWORD_CHANGED, credentials.reader.id)
    return True


def _is_gone(reader: Reader) -> bool:
    with transaction() as connection:
        found = credentials_of(connection, reader.id)
    return found is None or not found.reader.name  # the name goes first


def _delete_account(reader: Reader, *, keeps_reviews: bool) -> bool:
    """Delete the account and return whether there are reviews for which one request is too short. They follow."""
    with transaction() as connection:
        departure = insert_departure(connection, reader.id, keeps_reviews=keeps_reviews)
        if departure is None:
            return False
        forget_sessions(departure.ended)
        reviews = "kept" if keeps_reviews else "deleted"
        insert_event(connection, EventKind.ACCOUNT_DELETED, reader.id, {"reviews": reviews})
        some_follow = continue_departure(connection, departure)
    if some_follow:
        flyleaf().maintenance.wake()
    return some_follow
