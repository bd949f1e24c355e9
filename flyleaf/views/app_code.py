"""The field for a code of an authenticator app."""

from typing import Any

from flask_babel import lazy_gettext
from wtforms import StringField
from wtforms.validators import InputRequired, Regexp

from flyleaf.totp import DIGITS

_NOT_A_CODE = lazy_gettext("Enter the %(digits)s digits that the app shows.", digits=DIGITS)


class AppCodeField(StringField):
    """Six digits, which some apps show in two groups."""

    def __init__(self, label: str, **options: Any) -> None:
        rules = [InputRequired(_NOT_A_CODE), Regexp(rf"[0-9]{{{DIGITS}}}\Z", message=_NOT_A_CODE)]
        super().__init__(label, filters=[_without_spaces], validators=rules, **options)


def _without_spaces(text: str | None) -> str | None:
    return None if text is None else "".join(text.split())
