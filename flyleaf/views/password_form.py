"""The two fields in which a new password is chosen."""

from flask_babel import gettext, lazy_gettext
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length, ValidationError

from flyleaf.limits import PASSWORD_MAX, PASSWORD_MIN
from flyleaf.passwords import is_common
from flyleaf.queries.readers import name_key
from flyleaf.views.names import is_blank
from flyleaf.web.forms import Form, no_control_characters


class NewPasswordForm(Form):
    password = PasswordField(
        lazy_gettext("Password"),
        description=lazy_gettext("At least %(least)s characters. A short sentence is a good one.", least=PASSWORD_MIN),
        validators=[
            InputRequired(lazy_gettext("Choose a password.")),
            Length(
                PASSWORD_MIN,
                PASSWORD_MAX,
                lazy_gettext("A password has %(least)s to %(most)s characters.", least=PASSWORD_MIN, most=PASSWORD_MAX),
            ),
            no_control_characters,
        ],
    )
    confirmation = PasswordField(
        lazy_gettext("Password, once more"), validators=[InputRequired(lazy_gettext("Repeat the password."))]
    )

    @property
    def name(self) -> str:
        """Of the reader, whose password must not be it."""
        raise NotImplementedError

    def validate_password(self, field: PasswordField) -> None:
        if is_blank(field.data or ""):
            raise ValidationError(gettext("A password needs more than blanks. A short sentence is a good one."))
        if name_key(field.data or "") == name_key(self.name):
            raise ValidationError(gettext("The password is the user name. Choose one that nobody can guess."))
        if is_common(field.data or ""):
            raise ValidationError(gettext("Many people have this password, and it is tried first. Choose another."))

    def validate_confirmation(self, field: PasswordField) -> None:
        if field.data != self.password.data:
            raise ValidationError(gettext("The two passwords are not the same."))
