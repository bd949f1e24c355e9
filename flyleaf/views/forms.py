"""What is common to all forms: the proof that this site's own page sent it, and how text is cleaned and bounded."""

import hmac
import secrets
import unicodedata
from typing import Any

from flask import Flask, Response, current_app, g, request, session
from itsdangerous import BadSignature, URLSafeTimedSerializer
from wtforms import Form as WTForm
from wtforms.csrf.core import CSRF, CSRFTokenField
from wtforms.fields import Field
from wtforms.form import BaseForm
from wtforms.meta import DefaultMeta
from wtforms.validators import ValidationError

TOKEN_LIFETIME = 12 * 60 * 60  # seconds that a form may stand open
CSRF_COOKIE = "csrf"


class CsrfToken(CSRF):
    """The secret of the session, signed with the time. Before log-in the secret is in a cookie of its own, so that
    nothing is stored for visitors."""

    def generate_csrf_token(self, csrf_token_field: CSRFTokenField) -> str:
        return str(_signer().dumps(_secret()))

    def validate_csrf_token(self, form: BaseForm, field: CSRFTokenField) -> None:
        try:
            sent = _signer().loads(field.data or "", max_age=TOKEN_LIFETIME)
        except BadSignature:
            sent = None
        if not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), _secret().encode()):
            raise ValidationError("This page was open for too long. Send it once more: what you wrote is still here.")


class Form(WTForm):
    """A form of this site. `status` is that of the answer which shows it again."""

    class Meta(DefaultMeta):
        csrf = True
        csrf_class = CsrfToken

    def validate(self, extra_validators: Any = None) -> bool:
        """Also refuses a field that was sent twice: which of the two was meant?"""
        valid = super().validate(extra_validators)
        for field in self:
            if len(field.raw_data or ()) > 1:
                field.errors = [*field.errors, "This was sent twice."]
                valid = False
        return valid

    @property
    def status(self) -> int:
        return 400 if self["csrf_token"].errors else 422 if self.errors else 200


def line(value: str | None) -> str | None:
    """White space at the ends dropped, inside collapsed; NFKC, so that what looks alike is alike."""
    if value is None:
        return None
    return " ".join(filter(None, unicodedata.normalize("NFKC", value).split(" "))).strip()


def paragraphs(value: str | None) -> str | None:
    """A text of several lines as people mean it: one kind of line break, NFC, nothing blank at the ends."""
    if value is None:
        return None
    return unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n")).strip()


def no_control_characters(form: WTForm, field: Field) -> None:
    """A validator: line breaks and tabs are welcome, NUL and its like are not (PostgreSQL can't even store NUL)."""
    for letter in field.data or "":
        if unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\t":
            raise ValidationError(f"There is a control character (U+{ord(letter):04X}) in this: delete it.")


def register(app: Flask) -> None:
    app.after_request(_keep_secret)


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="csrf")


def _secret() -> str:
    kept = session.get("csrf") or request.cookies.get(_cookie_name())
    if isinstance(kept, str) and kept and kept.isascii():
        return kept
    if "new_csrf_secret" not in g:
        g.new_csrf_secret = secrets.token_urlsafe(32)
    return str(g.new_csrf_secret)


def _cookie_name() -> str:
    # With the prefix no other host below the same domain can set it.
    return f"__Host-{CSRF_COOKIE}" if current_app.config["SESSION_COOKIE_SECURE"] else CSRF_COOKIE


def _keep_secret(response: Response) -> Response:
    if "new_csrf_secret" in g:
        secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
        response.set_cookie(_cookie_name(), g.new_csrf_secret, httponly=True, samesite="Lax", secure=secure)
    return response
