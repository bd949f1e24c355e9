"""What was typed into a form that the site did not take: after logging in again it is in the form again.

It is kept on the server, beside the sessions, for as long as a form may stand open: the last few forms of a browser,
under one key, which a cookie holds. Nothing of it is published by itself: it is shown in its form, to the reader whose
form it was, who may then send it. A form that another site sent is not kept. Passwords never are.
"""

import secrets
from collections.abc import Collection
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from cachelib.base import BaseCache
from flask import Flask, Response, current_app, g, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as WerkzeugResponse

from flyleaf.limits import DRAFT_MAX, DRAFTS_OF_A_BROWSER
from flyleaf.web.attempts import count_attempt, draft_limits
from flyleaf.web.cookies import drop_cookie, keep_cookie, kept_cookie
from flyleaf.web.forms import TOKEN_LIFETIME, written_by

COOKIE = "draft"
_NOT_TYPED = ("csrf_token", "next", "language", "theme")
_SECRET = ("password", "confirmation")


def register(app: Flask) -> None:
    app.jinja_env.globals.update(draft_notice=draft_notice, restored_id=restored_id)
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
    draft = {
        "id": secrets.token_urlsafe(8),
        "page": _path(page),
        "fields": fields,
        "reader_id": written_by(request.form.get("csrf_token", "")),
        "was_logged_out": was_logged_out,
    }
    others = [one for one in _kept() if _form_of(one) != _form_of(draft)]
    _keep(response, [draft, *others][:DRAFTS_OF_A_BROWSER])
    g.draft_kept = True


def restored() -> MultiDict[str, str] | None:
    """Return what was typed into the form of this page before; None if nothing was, or by another reader."""
    if request.method != "GET":
        return None
    reader = g.get("reader")
    readers = (None, reader.id) if reader else (None,)
    page = _path(request.script_root + request.path)
    for draft in _kept():
        if draft["page"] == page and draft["reader_id"] in readers:
            g.restored = draft
            return MultiDict(draft["fields"])
    return None


def restored_id() -> str | None:
    """Return the name of the draft that the form of this page shows, None if it shows none."""
    return cast(str, g.restored["id"]) if "restored" in g else None


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
    return page is not None and any(draft["page"] == _path(page) for draft in _kept())


def forget_drafts(response: WerkzeugResponse, reader_id: int | None, pages: Collection[str] | None = None) -> None:
    """Delete what is kept of this reader, of these pages alone if there are any named. What another one typed in this
    browser stays, unseen, for that one."""
    kept = _kept()
    paths = None if pages is None else [_path(page) for page in pages]
    left = [
        draft
        for draft in kept
        if draft["reader_id"] not in (None, reader_id) or (paths is not None and draft["page"] not in paths)
    ]
    if left != kept:
        _keep(response, left)


def _forget_what_was_sent(response: Response) -> Response:
    if request.method == "POST" and response.status_code == 303 and "draft_kept" not in g and kept_cookie(COOKIE):
        isbn = (request.view_args or {}).get("isbn")
        pages = [request.script_root + request.path, *([url_for("books.book", isbn=isbn)] if isbn else [])]
        forget_drafts(response, g.reader.id if g.get("reader") else None, pages)
    return response


def _kept() -> list[dict[str, Any]]:
    """Return the drafts of this browser, the latest first."""
    key = kept_cookie(COOKIE)
    stored = _store().get(_stored_key(key)) if key else None
    return cast(list[dict[str, Any]], stored["drafts"]) if stored else []


def _keep(response: WerkzeugResponse, drafts: list[dict[str, Any]]) -> None:
    """Under a new key, which nobody can have put into the browser."""
    old = kept_cookie(COOKIE)
    if drafts:
        key = secrets.token_urlsafe(32)
        _store().set(_stored_key(key), {"drafts": drafts}, timeout=TOKEN_LIFETIME)
        keep_cookie(response, COOKIE, key, TOKEN_LIFETIME)
    else:
        drop_cookie(response, COOKIE)
    if old:
        _store().delete(_stored_key(old))


def _form_of(draft: dict[str, Any]) -> tuple[str, int | None]:
    return draft["page"], draft["reader_id"]


def _store() -> BaseCache:
    return cast(BaseCache, current_app.config["SESSION_CACHELIB"])


def _stored_key(key: str) -> str:
    return f"draft:{key}"


def _path(address: str) -> str:
    return unquote(urlsplit(address).path)
