"""What all forms share: the CSRF token, and rules for text."""

import hashlib
import secrets
import unicodedata
from typing import Any

from flask import Flask, Response, current_app, g, request, session
from flask_babel import get_locale, gettext
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.exceptions import BadRequest
from wtforms import Form as WTForm
from wtforms.csrf.core import CSRF, CSRFTokenField
from wtforms.fields import Field
from wtforms.form import BaseForm
from wtforms.meta import DefaultMeta
from wtforms.validators import ValidationError

from flyleaf import limits
from flyleaf.web.cookies import keep_cookie, kept_cookie

TOKEN_LIFETIME = 12 * 60 * 60  # seconds for which a form is valid
CSRF_COOKIE = "csrf"
SHA256 = {"digest_method": hashlib.sha256}  # the default of itsdangerous is SHA-1


class CsrfToken(CSRF):
    """A random value and the time, signed with the session's secret. Before login the secret is in a cookie, so that
    nothing is stored for visitors.

    The token is new in every response. A secret that is in each of them could be guessed from how well they compress
    (BREACH).
    """

    def generate_csrf_token(self, csrf_token_field: CSRFTokenField) -> str:
        return csrf_token()

    def validate_csrf_token(self, form: BaseForm, field: CSRFTokenField) -> None:
        try:
            _signer(_secret()).loads(field.data or "", max_age=TOKEN_LIFETIME)
        except BadSignature as error:
            author = written_by(field.data or "")
            if author not in (None, session.get("reader_id")):
                message = gettext("Another reader wrote this in this browser. Send it only if it’s yours.")
            else:
                message = gettext("This form expired. Your text is still here: send it again.")
            raise ValidationError(message) from error


class PlainForm(WTForm):
    """A form that changes nothing, so it needs no token. WTForms' own messages are in the reader's language."""

    class Meta(DefaultMeta):
        def get_translations(self, form: BaseForm) -> Any:
            self.locales = [str(get_locale())]
            return super().get_translations(form)

    @property
    def first_invalid(self) -> str | None:
        """Return the name of the field to focus, or None if no field is wrong or the whole form is."""
        if self.form_errors or "csrf_token" in self.errors:
            return None
        return next((field.name for field in self if field.errors), None)


class Form(PlainForm):
    """A form of this site. `status` is the status of the response that shows it."""

    class Meta(DefaultMeta):
        csrf = True
        csrf_class = CsrfToken

    def validate(self, extra_validators: Any = None) -> bool:
        """Return whether the form is valid. A field that was sent twice is refused as ambiguous."""
        valid = super().validate(extra_validators)
        for field in self:
            if len(field.raw_data or ()) > 1:
                field.errors = [*field.errors, gettext("This field was sent twice. Send it once.")]
                valid = False
        return valid

    @property
    def status(self) -> int:
        return 400 if self["csrf_token"].errors else 422 if self.errors else 200


def written_by(token: str) -> int | None:
    """Return the id of the reader for whom the page with this token was made, or None.

    It is not verified: the session, whose secret signed the token, may have ended.
    """
    _, payload = _signer(_secret()).loads_unsafe(token)
    if isinstance(payload, list) and len(payload) == 2 and type(payload[1]) is int:
        return payload[1]
    return None


def csrf_token() -> str:
    """Return the token for the forms of this answer: one for all of them, and another one in every answer."""
    secret, reader_id = made_for = _secret(), session.get("reader_id")
    made: tuple[object, str] | None = g.get("csrf_token")
    if made is None or made[0] != made_for:
        g.csrf_token = made = made_for, str(_signer(secret).dumps([secrets.token_urlsafe(8), reader_id]))
    return made[1]


def browser_secret() -> str:
    """Return the secret of this session or, before a login, of this browser."""
    return _secret()


def require_token() -> None:
    """Check the token of a form that is only a button and can't be shown again. Raises BadRequest."""
    if not Form(request.form).validate():
        raise BadRequest(gettext("This form expired. Go back, reload the page and try again."))


def line(value: str | None) -> str | None:
    """Return a line in NFKC, without white space at the ends and with single spaces inside."""
    if value is None:
        return None
    return " ".join(filter(None, unicodedata.normalize("NFKC", value).split(" "))).strip()


def paragraphs(value: str | None) -> str | None:
    """Return a text of several lines in NFC, with \\n as line break and no white space at the ends."""
    if value is None:
        return None
    return unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n")).strip()


def no_control_characters(form: WTForm, field: Field) -> None:
    """Refuse control characters except line breaks and tabs. PostgreSQL can't store NUL."""
    for letter in field.data or "":
        if unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\t":
            raise ValidationError(
                gettext("This contains a control character (%(code)s). Remove it.", code=f"U+{ord(letter):04X}")
            )


def register(app: Flask) -> None:
    app.jinja_env.globals.update(csrf_token=csrf_token, limits=limits)
    app.after_request(_keep_secret)


def _signer(secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt=f"csrf {secret}", signer_kwargs=SHA256)


def _secret() -> str:
    kept = session.get("csrf") or kept_cookie(CSRF_COOKIE)
    if isinstance(kept, str) and kept and kept.isascii():
        return kept
    if "new_csrf_secret" not in g:
        g.new_csrf_secret = secrets.token_urlsafe(32)
    return str(g.new_csrf_secret)


def _keep_secret(response: Response) -> Response:
    if "new_csrf_secret" in g:
        keep_cookie(response, CSRF_COOKIE, g.new_csrf_secret)
    return response
