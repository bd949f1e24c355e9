"""The fields for choosing a new password, and for confirming the current one."""

from flask_babel import gettext, lazy_gettext
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length, ValidationError

from flyleaf.limits import PASSWORD_MAX, PASSWORD_MIN
from flyleaf.passwords import is_common
from flyleaf.queries.readers import name_key
from flyleaf.views.names import is_blank
from flyleaf.web.forms import Form, no_control_characters


class PasswordForm(Form):
    password = PasswordField(
        lazy_gettext("Current password"), validators=[InputRequired(lazy_gettext("Enter your password."))]
    )


class NewPasswordForm(Form):
    password = PasswordField(
        lazy_gettext("Password"),
        description=lazy_gettext("At least %(least)s characters. A short sentence works well.", least=PASSWORD_MIN),
        validators=[
            InputRequired(lazy_gettext("Choose a password.")),
            Length(
                PASSWORD_MIN,
                PASSWORD_MAX,
                lazy_gettext(
                    "Passwords must have %(least)s to %(most)s characters.", least=PASSWORD_MIN, most=PASSWORD_MAX
                ),
            ),
            no_control_characters,
        ],
    )
    confirmation = PasswordField(
        lazy_gettext("Confirm password"), validators=[InputRequired(lazy_gettext("Enter the password again."))]
    )

    @property
    def name(self) -> str:
        """Return the reader's name, which can't be the password."""
        raise NotImplementedError

    def validate_password(self, field: PasswordField) -> None:
        if is_blank(field.data or ""):
            raise ValidationError(gettext("Passwords can’t be only spaces. Try a short sentence."))
        if name_key(field.data or "") == name_key(self.name):
            raise ValidationError(gettext("Your password can’t be your username. Choose another."))
        if is_common(field.data or ""):
            raise ValidationError(gettext("This password is too common. Choose another."))

    def validate_confirmation(self, field: PasswordField) -> None:
        if field.data != self.password.data:
            raise ValidationError(gettext("The passwords don’t match."))
