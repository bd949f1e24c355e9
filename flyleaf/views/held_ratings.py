"""Ratings of new accounts that wait for a moderator: works that got more of them in a day than usual."""

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import Conflict

from flyleaf.queries.events import Detail, EventKind, insert_event
from flyleaf.queries.held_ratings import count_held_ratings, refuse_held_ratings, select_held_works
from flyleaf.queries.readers import Reader
from flyleaf.views.books import find_book
from flyleaf.views.moderation import acting_moderator_required, may_act, moderator_required
from flyleaf.web.covers import covers_of
from flyleaf.web.forms import Form, require_token
from flyleaf.web.notices import redirect_with_notice
from flyleaf.web.rendering import Answer, render_later

blueprint = Blueprint("held_ratings", __name__, url_prefix="/moderation/ratings")


@blueprint.get("")
@moderator_required
def held(connection: Connection, moderator: Reader) -> Answer:
    works = select_held_works(connection)
    shown = {"works": works, "covers": covers_of(connection, works)}
    return render_later("moderation_ratings.html", **shown, form=Form(), may_act=may_act(moderator))


@blueprint.post("/<address>/count")
@acting_moderator_required
def count(connection: Connection, moderator: Reader, address: str) -> ResponseReturnValue:
    require_token()
    book = find_book(connection, address)
    _note(connection, moderator, "counted", book.id, count_held_ratings(connection, book.id))
    return redirect_with_notice(url_for("held_ratings.held"), "ratings-counted")


@blueprint.post("/<address>/refuse")
@acting_moderator_required
def refuse(connection: Connection, moderator: Reader, address: str) -> ResponseReturnValue:
    require_token()
    book = find_book(connection, address)
    _note(connection, moderator, "refused", book.id, refuse_held_ratings(connection, book.id))
    return redirect_with_notice(url_for("held_ratings.held"), "ratings-refused")


def _note(connection: Connection, moderator: Reader, done: str, book_id: int, ratings: int) -> None:
    """Add it to the moderator's own events. Raises Conflict if there were no ratings."""
    if not ratings:
        raise Conflict(gettext("No ratings of this book are waiting any more."))
    detail: Detail = {"action": f"{done} held ratings", "book": book_id, "ratings": ratings}
    insert_event(connection, EventKind.MODERATED, moderator.id, detail)
