"""Drafts: text from a form that was refused because the session had ended. It is restored after logging in again.

What is typed is also kept in the browser, by static/flyleaf.js: in the tab, and sealed with a key of its reader.

The last few drafts of a browser are stored on the server, next to the sessions, for as long as a form is valid. A
cookie holds their key. A draft is never published automatically: it is shown in its form, only to the reader who wrote
it, who can then send it. Forms sent by other sites and passwords are not stored.
"""

import hmac
import secrets
from collections.abc import Collection
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from flask import Flask, Response, current_app, g, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as WerkzeugResponse

from flyleaf.limits import DRAFT_MAX, DRAFTS_OF_A_BROWSER
from flyleaf.web.attempts import count_attempt, draft_limits
from flyleaf.web.cookies import drop_cookie, keep_cookie, kept_cookie
from flyleaf.web.current import session_store
from flyleaf.web.forms import TOKEN_LIFETIME, written_by

COOKIE = "draft"
_NOT_TYPED = ("csrf_token", "next", "language", "theme", "shelf", "back")
_SECRET = ("password", "confirmation", "code", "secret", "credential")


def register(app: Flask) -> None:
    app.jinja_env.globals.update(draft_key=draft_key, draft_notice=draft_notice, restored_id=restored_id)
    app.after_request(_forget_what_was_sent)


def typed_fields() -> dict[str, str]:
    """Return the typed fields of this request's form, without hidden fields, passwords and codes."""
    if request.method != "POST" or _is_from_elsewhere():
        return {}
    fields = {
        name: text
        for name, text in request.form.items()
        if name not in _NOT_TYPED and not any(word in name for word in _SECRET)
    }
    return fields if any(map(str.strip, fields.values())) else {}


def _is_from_elsewhere() -> bool:
    """Return whether the browser says that another site sent this form."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")  # all that browsers send over plain HTTP
    return origin is not None and urlsplit(origin).netloc != request.host


def keep_draft(response: WerkzeugResponse, page: str, *, was_logged_out: bool) -> None:
    """Store this request's form for the form on `page` and the reader who wrote it.

    Raises TooManyRequests; that error page shows the text.
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
    """Return this page's draft, or None if there is none or another reader wrote it."""
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


def draft_key() -> str:
    """Return the key with which the browser seals what this reader types, for no other reader of the browser to see.

    It is always the same, and masked anew in every response: how well they compress could give it away (BREACH).
    """
    key = hmac.digest(str(current_app.secret_key).encode(), f"drafts of {g.reader.id}".encode(), "sha256")
    mask = secrets.token_bytes(len(key))
    return (mask + bytes(one ^ other for one, other in zip(key, mask, strict=True))).hex()


def restored_id() -> str | None:
    """Return the id of the draft that this page's form shows, or None."""
    return cast(str, g.restored["id"]) if "restored" in g else None


def draft_notice() -> str | None:
    """Return the notice above a form that shows a draft, or None."""
    draft = g.get("restored")
    if draft is None or not draft["was_logged_out"]:
        return None
    if draft["reader_id"] is None:
        return str(gettext("This was written in this browser before you logged in. If it’s yours, check and send it."))
    return str(gettext("You were logged out before this was saved. Your text is back: check it and send it again."))


def waits_for(page: str | None) -> bool:
    """Return whether there is a draft for the form on this page."""
    return page is not None and any(draft["page"] == _path(page) for draft in _kept())


def forget_drafts(response: WerkzeugResponse, reader_id: int | None, pages: Collection[str] | None = None) -> None:
    """Delete this reader's drafts, or only those of `pages`. Other readers' drafts in this browser stay hidden."""
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
        address = (request.view_args or {}).get("address")
        pages = [request.script_root + request.path, *([url_for("books.book", address=address)] if address else [])]
        forget_drafts(response, g.reader.id if g.get("reader") else None, pages)
    return response


def _kept() -> list[dict[str, Any]]:
    """Return the drafts of this browser, the latest first."""
    key = kept_cookie(COOKIE)
    stored = session_store().get(_stored_key(key)) if key else None
    return cast(list[dict[str, Any]], stored.get("drafts", [])) if stored else []  # none while they can't be read


def _keep(response: WerkzeugResponse, drafts: list[dict[str, Any]]) -> None:
    """Store the drafts under a new key, which nobody else can have put into the browser."""
    old = kept_cookie(COOKIE)
    if drafts:
        key = secrets.token_urlsafe(32)
        session_store().set(_stored_key(key), {"drafts": drafts}, timeout=TOKEN_LIFETIME)
        keep_cookie(response, COOKIE, key, TOKEN_LIFETIME)
    else:
        drop_cookie(response, COOKIE)
    if old:
        session_store().delete(_stored_key(old))


def _form_of(draft: dict[str, Any]) -> tuple[str, int | None]:
    return draft["page"], draft["reader_id"]


def _stored_key(key: str) -> str:
    return f"draft:{key}"


def _path(address: str) -> str:
    return unquote(urlsplit(address).path)
