"""Flask-Session's interface with this site's cookie name and path."""

import hashlib
from contextlib import suppress
from typing import Any

from flask import Flask, Request
from flask_session.base import ServerSideSession
from flask_session.cachelib import CacheLibSessionInterface
from werkzeug.wrappers import Response

from flyleaf.sessions import UNAVAILABLE, SessionsUnavailableError, session_key
from flyleaf.web.cookies import cookie_name, cookie_path, keep_cookie, old_cookie_name

NAME = "session"
PAGES_ABOUT_API = "/api/v1/docs/"


def id_hash(session_id: str) -> bytes:
    """Return the hash by which the database knows a session."""
    return hashlib.sha256(session_id.encode()).digest()


class _Session(ServerSideSession):  # type: ignore[misc]  # Flask-Session is untyped
    """A session. `is_adopted` says whether it came with the cookie's old name."""

    is_adopted = False


class SessionCookie(CacheLibSessionInterface):  # type: ignore[misc]
    """Keeps readers logged in whose cookie is still called `session`, and renames it at their next request.

    Another application may use that name. The cookie is ours only if its value is a reader's session of this site.
    """

    session_class = _Session

    def get_cookie_name(self, app: Flask) -> str:
        return cookie_name(NAME)

    def get_cookie_path(self, app: Flask) -> str:
        return cookie_path()

    def open_session(self, app: Flask, request: Request) -> _Session:
        """Return this request's session, or an empty one with a new id. Programs that use the API have none; the pages
        about it do."""
        if request.path.startswith("/api/") and not f"{request.path}/".startswith(PAGES_ABOUT_API):
            return self._new()
        session_id = request.cookies.get(cookie_name(NAME))
        if session_id:
            stored = self._stored(session_id)
            return self._new() if stored is None else _Session(stored, sid=session_id)
        old_id = request.cookies.get(old_cookie_name(NAME))
        stored = self._stored(old_id) if old_id else None
        if stored is None or not {"reader_id", UNAVAILABLE} & stored.keys():
            return self._new()
        session = _Session(stored, sid=old_id)
        session.is_adopted = UNAVAILABLE not in stored
        return session

    def save_session(self, app: Flask, session: _Session, response: Response) -> None:
        """Store the session if it changed, and send its cookie."""
        super().save_session(app, session, response)
        if session.is_adopted:
            if session:
                keep_cookie(response, NAME, session.sid)
            response.delete_cookie(old_cookie_name(NAME))

    def _get_store_id(self, session_id: str) -> str:
        """Return the key that follows from what the database knows, so that the file goes with the row."""
        return session_key(id_hash(session_id))

    def _new(self) -> _Session:
        return _Session(sid=self._generate_sid(self.sid_length), permanent=self.permanent)

    def _stored(self, session_id: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self._retrieve_session_data(self._get_store_id(session_id))
        return self._renamed(session_id) if found is None else found

    def _renamed(self, session_id: str) -> dict[str, Any] | None:
        """Return a session that an earlier version stored under another key, and store it under today's."""
        old_key = f"session:{session_id}"
        found: dict[str, Any] | None = self._retrieve_session_data(old_key)
        if found is not None and UNAVAILABLE not in found:
            with suppress(SessionsUnavailableError):  # at a later request, then
                self.cache.set(self._get_store_id(session_id), found)
                self.cache.delete(old_key)
        return found
