"""The form for a review."""

from flask_babel import format_decimal, lazy_gettext, lazy_ngettext
from flask_babel.speaklater import LazyString
from wtforms import RadioField, SelectChoice, TextAreaField  # type: ignore[attr-defined]  # stubs of an older version
from wtforms.validators import InputRequired, Length

from flyleaf.limits import RATING_MAX, RATING_MIN, REVIEW_MAX
from flyleaf.web.forms import Form, no_control_characters, paragraphs


class ReviewForm(Form):
    rating = RadioField(
        lazy_gettext("Your rating"),
        choices=[
            SelectChoice(str(n), lazy_ngettext("%(num)s star", "%(num)s stars", n))
            for n in range(RATING_MIN, RATING_MAX + 1)
        ],
        validators=[
            InputRequired(
                lazy_gettext("Choose a rating from %(least)s to %(most)s stars.", least=RATING_MIN, most=RATING_MAX)
            )
        ],
    )
    text = TextAreaField(
        lazy_gettext("Your review"),
        filters=[paragraphs],
        validators=[
            Length(
                max=REVIEW_MAX,
                message=lazy_gettext(
                    "Reviews can have up to %(most)s characters.", most=LazyString(format_decimal, REVIEW_MAX)
                ),
            ),
            no_control_characters,
        ],
    )
