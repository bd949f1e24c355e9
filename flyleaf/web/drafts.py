"""What was typed into a form that the site did not take: after logging in again it is in the form again.

It is kept on the server, beside the sessions, for as long as a form may stand open; a cookie holds its key. Nothing of
it is published by itself: it is shown in its form, to the reader whose form it was, who may then send it. A form that
another site sent is not kept. Passwords never are.
"""

import secrets
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from cachelib.base import BaseCache
from flask import Flask, Response, current_app, g, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as WerkzeugResponse

from flyleaf.limits import DRAFT_MAX
from flyleaf.web.attempts import count_attempt, draft_limits
from flyleaf.web.cookies import drop_cookie, keep_cookie, kept_cookie
from flyleaf.web.forms import TOKEN_LIFETIME, written_by

COOKIE = "draft"
_NOT_TYPED = ("csrf_token", "next", "language", "theme")
_SECRET = ("password", "confirmation")


def register(app: Flask) -> None:
    app.jinja_env.globals.update(draft_notice=draft_notice, is_restored=is_restored)
    app.after_request(_forget_what_was_sent)


def typed_fields() -> dict[str, str]:
    """Return what the form of this request holds, without what nobody typed and without passwords."""
    if request.method != "POST" or _is_from_elsewhere():
        return {}
    fields = {
        name: text
        for name, text in request.form.items()
        if name not in _NOT_TYPED and not any(word in name for word in _SECRET)
    }
    return fields if any(map(str.strip, fields.values())) else {}


def _is_from_elsewhere() -> bool:
    """Whether another site's page sent this form, as far as the browser says."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")  # over plain HTTP browsers say no more than this
    return origin is not None and urlsplit(origin).netloc != request.host


def keep_draft(response: WerkzeugResponse, page: str, *, was_logged_out: bool) -> None:
    """Keep what the form of this request holds for the form on `page`, and for the reader whose form it was.

    Raises TooManyRequests; the page that says so shows what was typed.
    """
    fields = typed_fields()
    if not fields or sum(map(len, fields.values())) > DRAFT_MAX:
        return
    count_attempt(draft_limits())
    author = written_by(request.form.get("csrf_token", ""))
    draft = {"page": _path(page), "fields": fields, "reader_id": author, "was_logged_out": was_logged_out}
    key = secrets.token_urlsafe(32)
    _store().set(_stored_key(key), draft, timeout=TOKEN_LIFETIME)
    keep_cookie(response, COOKIE, key, TOKEN_LIFETIME)
    g.draft_kept = True


def restored() -> MultiDict[str, str] | None:
    """Return what was typed into the form of this page before; None if nothing was, or by another reader."""
    draft = _kept()
    if request.method != "GET" or draft is None or draft["page"] != _path(request.script_root + request.path):
        return None
    reader = g.get("reader")
    if draft["reader_id"] is not None and (reader is None or draft["reader_id"] != reader.id):
        return None
    g.restored = draft
    return MultiDict(draft["fields"])


def is_restored() -> bool:
    """Whether the form of this page shows what was typed before."""
    return "restored" in g


def draft_notice() -> str | None:
    """Return the sentence above a form that what was typed before is in it."""
    draft = g.get("restored")
    if draft is None or not draft["was_logged_out"]:
        return None
    if draft["reader_id"] is None:
        return str(gettext("This was written in this browser before you logged in. If it’s yours, check and send it."))
    return str(gettext("You were logged out before this was saved. Your text is back: check it and send it again."))


def waits_for(page: str | None) -> bool:
    """Whether something that was typed is kept for the form on this page."""
    draft = _kept()
    return draft is not None and page is not None and draft["page"] == _path(page)


def forget_draft(response: WerkzeugResponse, reader_id: int | None) -> None:
    """Delete what is kept of this reader. What another one typed in this browser stays, unseen, for that one."""
    draft = _kept()
    if draft is not None and draft["reader_id"] in (None, reader_id):
        _store().delete(_stored_key(kept_cookie(COOKIE) or ""))
        drop_cookie(response, COOKIE)


def _forget_what_was_sent(response: Response) -> Response:
    if request.method != "POST" or response.status_code != 303 or "draft_kept" in g or not kept_cookie(COOKIE):
        return response
    isbn = (request.view_args or {}).get("isbn")
    pages = [request.script_root + request.path, *([url_for("books.book", isbn=isbn)] if isbn else [])]
    if any(map(waits_for, pages)):
        forget_draft(response, g.reader.id if g.get("reader") else None)
    return response


def _kept() -> dict[str, Any] | None:
    key = kept_cookie(COOKIE)
    return cast(dict[str, Any] | None, _store().get(_stored_key(key))) if key else None


def _store() -> BaseCache:
    return cast(BaseCache, current_app.config["SESSION_CACHELIB"])


def _stored_key(key: str) -> str:
    return f"draft:{key}"


def _path(address: str) -> str:
    return unquote(urlsplit(address).path)
