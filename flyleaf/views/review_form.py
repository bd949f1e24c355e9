"""What a review is made of."""

from wtforms import RadioField, SelectChoice, TextAreaField  # type: ignore[attr-defined]  # stubs of an older version
from wtforms.validators import InputRequired, Length

from flyleaf.limits import RATING_MAX, RATING_MIN, REVIEW_MAX
from flyleaf.views.forms import Form, no_control_characters, paragraphs


class ReviewForm(Form):
    rating = RadioField(
        "Your rating",
        choices=[SelectChoice(str(n), f"{n} star{'' if n == 1 else 's'}") for n in range(RATING_MIN, RATING_MAX + 1)],
        validators=[InputRequired(f"Give {RATING_MIN} to {RATING_MAX} stars.")],
    )
    text = TextAreaField(
        "Your review",
        filters=[paragraphs],
        validators=[
            Length(max=REVIEW_MAX, message=f"A review has at most {REVIEW_MAX:,} characters."),
            no_control_characters,
        ],
    )
