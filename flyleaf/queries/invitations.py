"""Invitations: links with which people may register. The database stores a hash of the token."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from flyleaf.limits import INVITATIONS_ON_A_PAGE
from flyleaf.paging import Key, Page
from flyleaf.queries.keyset import Listed, select_page

_INVITATION = """
    SELECT i.id, i.made_at, i.expires_at, i.uses, i.uses_max, i.note, r.name AS maker,
           i.expires_at > now() AND i.uses < i.uses_max AS is_valid
      FROM invitations AS i
      LEFT JOIN readers AS r ON r.id = i.made_by
"""
_ALL = Listed(
    older=text(f"{_INVITATION} WHERE (i.made_at, i.id) < (:at, :id) ORDER BY i.made_at DESC, i.id DESC LIMIT :limit"),
    newer=text(f"{_INVITATION} WHERE (i.made_at, i.id) > (:at, :id) ORDER BY i.made_at, i.id LIMIT :limit"),
)


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation as moderators see it. `maker` is None if the operator made it, or its maker has left."""

    id: int
    made_at: datetime
    expires_at: datetime
    uses: int
    uses_max: int
    note: str
    maker: str | None
    is_valid: bool


def insert_invitation(
    connection: Connection, token: str, maker_id: int | None, uses_max: int, days: int, note: str
) -> int:
    """Store a link that works `uses_max` times within `days`, and return its id."""
    return int(
        connection.execute(
            text("""
                INSERT INTO invitations (token_hash, made_by, uses_max, expires_at, note)
                VALUES (:token_hash, :maker_id, :uses_max, now() + make_interval(days => :days), :note)
                RETURNING id
            """),
            {"token_hash": _token_hash(token), "maker_id": maker_id, "uses_max": uses_max, "days": days, "note": note},
        ).scalar_one()
    )


def select_invitations(connection: Connection, place: Key) -> Page[Invitation]:
    """Return the page of invitations at the place, the latest first."""
    return select_page(
        connection, _ALL, {}, place, INVITATIONS_ON_A_PAGE, Invitation, lambda one: (one.made_at, one.id)
    )


def is_invitation_valid(connection: Connection, token: str) -> bool:
    """Return whether somebody can register with this token now."""
    found = connection.execute(
        text("SELECT FROM invitations WHERE token_hash = :token_hash AND expires_at > now() AND uses < uses_max"),
        {"token_hash": _token_hash(token)},
    ).one_or_none()
    return found is not None


def use_invitation(connection: Connection, token: str) -> int | None:
    """Use the invitation once and return its id, or None if it has expired or was used up.

    The row lock makes simultaneous uses wait for each other, so that no more than allowed succeed.
    """
    used = connection.execute(
        text("""
            UPDATE invitations
               SET uses = uses + 1
             WHERE token_hash = :token_hash AND expires_at > now() AND uses < uses_max
            RETURNING id
        """),
        {"token_hash": _token_hash(token)},
    ).scalar()
    return None if used is None else int(used)


def end_invitation(connection: Connection, invitation_id: int) -> bool:
    """Let the invitation expire now. Return False if it is not valid any more."""
    row = connection.execute(
        text("""
            UPDATE invitations
               SET expires_at = now()
             WHERE id = :invitation_id AND expires_at > now() AND uses < uses_max
            RETURNING id
        """),
        {"invitation_id": invitation_id},
    ).one_or_none()
    return row is not None


def _token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
