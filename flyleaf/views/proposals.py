"""What a reader has suggested for the catalogue, and what came of it."""

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import Conflict, TooManyRequests

from flyleaf.limits import PROPOSALS
from flyleaf.queries.attempts import insert_attempt
from flyleaf.queries.proposals import delete_proposal, select_readers_proposals
from flyleaf.queries.readers import Reader
from flyleaf.views.correction_form import NAMES
from flyleaf.web.access import login_required, login_to_read
from flyleaf.web.attempts import proposal_limits
from flyleaf.web.covers import covers_of
from flyleaf.web.current import flyleaf
from flyleaf.web.forms import Form, require_token
from flyleaf.web.notices import redirect_with_notice
from flyleaf.web.paging import asked_place
from flyleaf.web.rendering import Answer, render_later

blueprint = Blueprint("proposals", __name__, url_prefix="/proposals")


@blueprint.get("")
@login_to_read
def proposals(connection: Connection, reader: Reader) -> Answer:
    found = select_readers_proposals(connection, reader.id, asked_place())
    return render_later(
        "proposals.html",
        proposals=found,
        covers=covers_of(connection, found.items),
        names=NAMES,
        form=Form(),
        may_suggest=flyleaf().config.proposals,
    )


def count_proposal(connection: Connection, reader: Reader) -> None:
    """Count a form with suggestions. Raises TooManyRequests, which rolls them back."""
    wait = insert_attempt(connection, proposal_limits(reader)).wait
    if wait:
        advice = gettext("You can make up to %(most)s suggestions a day. Try again later.", most=PROPOSALS.most)
        raise TooManyRequests(advice, retry_after=wait)


@blueprint.post("/<id:proposal_id>/withdraw")
@login_required
def withdraw(connection: Connection, reader: Reader, proposal_id: int) -> ResponseReturnValue:
    require_token()
    if not delete_proposal(connection, proposal_id, reader.id):
        raise Conflict(gettext("You have withdrawn this suggestion, or a moderator has already decided about it."))
    return redirect_with_notice(url_for("proposals.proposals"), "proposal-withdrawn")
