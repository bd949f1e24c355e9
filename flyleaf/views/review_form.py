"""The form for a review."""

from dataclasses import dataclass
from math import floor
from typing import Any

from flask_babel import format_decimal, lazy_gettext
from flask_babel.speaklater import LazyString
from wtforms import BooleanField, RadioField, SelectChoice, SelectField, TextAreaField  # type: ignore[attr-defined]  # stubs of an older version
from wtforms.validators import InputRequired, Length

from flyleaf.limits import RATING_MAX, RATING_MIN, REVIEW_MAX
from flyleaf.queries.reviews import Review
from flyleaf.web.current import flyleaf
from flyleaf.web.forms import Form, no_control_characters, paragraphs
from flyleaf.web.languages import language, language_name

HALVES = tuple(f"{n / 2:g}" for n in range(1, 2 * RATING_MAX + 1))  # "0.5", "1", … "5"
WHOLE = tuple(str(n) for n in range(RATING_MIN, RATING_MAX + 1))
# In which a review can be written: those of the pages, and others that many people read.
LANGUAGES = (
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr", "gl", "he", "hi", "hr",
    "hu", "id", "it", "ja", "ko", "lt", "lv", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "th", "tr",
    "uk", "ur", "vi", "zh",
)  # fmt: skip


class ReviewForm(Form):
    """`half_stars`, a setting of the site, lets a rating be "3.5", too."""

    rating = RadioField(
        lazy_gettext("Your rating"),
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
    written_in = SelectField(default="", choices=[SelectChoice(code, code) for code in ("", *LANGUAGES)])
    is_private = BooleanField(false_values=(False, "", "0", "false"))

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        self.rating.choices = [SelectChoice(rating, rating) for rating in ratings()]

    @property
    def whole_rating(self) -> int:
        """Return the rating that averages count: rounded, a half up, and at least one star."""
        return max(floor(float(self.rating.data) + 0.5), RATING_MIN)

    @property
    def exact_rating(self) -> float | None:
        """Return the rating as it was given, or None where the site has whole stars only."""
        return float(self.rating.data) if flyleaf().config.half_stars else None

    def stars(self, known: Review | None) -> tuple[int, float | None]:
        """Return the whole and the exact rating to store: those of the known review if it was shown as it was sent."""
        if known is not None and self.rating.data == rating_of(known):
            return known.rating, None
        return self.whole_rating, self.exact_rating

    @property
    def words(self) -> str:
        return self.text.data or ""

    @property
    def chosen_language(self) -> str:
        """Return the code of the language of the words, or an empty string."""
        return (self.written_in.data or "") if self.words else ""


def ratings() -> tuple[str, ...]:
    """Return the ratings among which readers of this site choose."""
    return HALVES if flyleaf().config.half_stars else WHOLE


def rating_of(review: Review) -> str:
    """Return which of these ratings a review has, or is closest to."""
    if not flyleaf().config.half_stars or review.exact_rating is None:
        return str(review.rating)
    return f"{max(round(2 * review.exact_rating), 1) / 2:g}"


@dataclass(frozen=True)
class ReviewChoices:
    """What the fields of a review offer: ratings, the codes and names of languages, and the page's own language."""

    ratings: tuple[str, ...]
    languages: tuple[tuple[str, str], ...]
    language: str


def review_choices() -> ReviewChoices:
    names = sorted(((code, language_name(code)) for code in LANGUAGES), key=lambda one: one[1].casefold())
    return ReviewChoices(ratings(), tuple(names), language().partition("-")[0])
