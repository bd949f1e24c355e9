"""The moderators' queue of suggestions for the catalogue."""

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from sqlalchemy import Connection
from werkzeug.exceptions import Conflict
from wtforms import StringField
from wtforms.validators import DataRequired

from flyleaf.queries.corrections import insert_correction, lock_book
from flyleaf.queries.events import EventKind, insert_event
from flyleaf.queries.proposals import (
    Proposal,
    decide_proposal,
    select_open_proposals,
    select_proposal,
    take_proposal,
)
from flyleaf.queries.proposed_books import add_proposed_book
from flyleaf.queries.readers import Reader
from flyleaf.queries.work_corrections import Kind, correct_work
from flyleaf.search import require
from flyleaf.views.correction_form import NAMES, digest
from flyleaf.views.corrections import wait_for_import
from flyleaf.views.moderated_review import REASON_RULES
from flyleaf.views.moderation import acting_moderator_required, may_act, moderator_required
from flyleaf.web.covers import covers_of
from flyleaf.web.drafts import restored
from flyleaf.web.forms import Form, line, require_token
from flyleaf.web.notices import redirect_with_notice
from flyleaf.web.paging import asked_place
from flyleaf.web.rendering import Answer, render_later

blueprint = Blueprint("moderated_proposals", __name__, url_prefix="/moderation/proposals")


class RefusalForm(Form):
    reason = StringField(
        lazy_gettext("Reason"),
        filters=[line],
        validators=[
            DataRequired(lazy_gettext("Give a reason. The reader who suggested it will see it.")),
            *REASON_RULES,
        ],
    )

    @classmethod
    def of(cls, proposal: Proposal) -> "RefusalForm":
        """Return the form for a proposal. Nobody has to be told why if the site suggested it."""
        form = cls(request.form or restored())
        if proposal.is_by_site:
            form.reason.validators = [rule for rule in form.reason.validators if not isinstance(rule, DataRequired)]
        return form


@blueprint.get("")
@moderator_required
def proposals(connection: Connection, moderator: Reader) -> Answer:
    found = select_open_proposals(connection, asked_place())
    return render_later(
        "moderation_proposals.html",
        proposals=found,
        covers=covers_of(connection, found.items),
        names=NAMES,
        form=Form(),
        may_act=may_act(moderator),
        digest=digest,
    )


@blueprint.post("/<id:proposal_id>/accept")
@acting_moderator_required
def accept(connection: Connection, moderator: Reader, proposal_id: int) -> ResponseReturnValue:
    require_token()
    proposal = _take(connection, proposal_id)
    if proposal.kind == "book":
        _add_book(connection, proposal)
    elif proposal.field:
        _correct_field(connection, moderator, proposal, proposal.field)
    else:
        _correct_work(connection, moderator, proposal)
    decide_proposal(connection, proposal.id, moderator.id, is_accepted=True)
    _note(connection, moderator, proposal, EventKind.PROPOSAL_ACCEPTED, "accepted")
    return redirect_with_notice(url_for("moderated_proposals.proposals"), "proposal-accepted")


def _add_book(connection: Connection, proposal: Proposal) -> None:
    """Add the book. One that has come into the catalogue meanwhile is as good."""
    wait_for_import(connection)
    add_proposed_book(connection, proposal.id)


def _correct_field(connection: Connection, moderator: Reader, proposal: Proposal, field: str) -> None:
    wait_for_import(connection)
    lock_book(connection, proposal.book_id)
    proposal = _take(connection, proposal.id)  # with what the book says now
    if request.form.get("seen") != digest(proposal.now):
        raise Conflict(gettext("The book has been changed since you opened this page. Go back and look at it again."))
    insert_correction(
        connection,
        proposal.book_id,
        field,
        proposal.after,
        proposal.reason,
        proposed_by=proposal.proposed_by,
        accepted_by=moderator.id,
    )


def _correct_work(connection: Connection, moderator: Reader, proposal: Proposal) -> None:
    require(connection)
    correct_work(
        connection,
        Kind(proposal.kind),
        proposal.book_id,
        proposal.other_book_id,
        proposal.reason,
        proposed_by=proposal.proposed_by,
        accepted_by=moderator.id,
        is_by_site=proposal.is_by_site,
    )


@blueprint.route("/<id:proposal_id>/refuse", methods=["GET", "POST"])
@acting_moderator_required
def refuse(connection: Connection, moderator: Reader, proposal_id: int) -> Answer:
    proposal = _take(connection, proposal_id) if request.method == "POST" else select_proposal(connection, proposal_id)
    if proposal is None:
        raise _decided()
    form = RefusalForm.of(proposal)
    if request.method != "POST" or not form.validate():
        return render_later("proposal_refuse.html", proposal=proposal, names=NAMES, form=form), form.status
    decide_proposal(connection, proposal.id, moderator.id, is_accepted=False, answer=form.reason.data or None)
    _note(connection, moderator, proposal, EventKind.PROPOSAL_REFUSED, "refused")
    return redirect_with_notice(url_for("moderated_proposals.proposals"), "proposal-refused")


def _take(connection: Connection, proposal_id: int) -> Proposal:
    """Lock the open proposal and return it. Raises Conflict."""
    proposal = take_proposal(connection, proposal_id)
    if proposal is None:
        raise _decided()
    return proposal


def _decided() -> Conflict:
    return Conflict(gettext("Another moderator has already decided about this suggestion, or its reader withdrew it."))


def _note(connection: Connection, moderator: Reader, proposal: Proposal, kind: EventKind, action: str) -> None:
    """Tell the reader who proposed it, and add the action to the moderator's own events."""
    insert_event(connection, EventKind.MODERATED, moderator.id, {"action": action, "proposal": proposal.id})
    if proposal.proposed_by is not None:
        insert_event(connection, kind, proposal.proposed_by, {"proposal": proposal.id})
