"""What a search may be asked with, on the page and in the API."""

from wtforms import Form, IntegerField, SearchField
from wtforms.validators import Length, NumberRange, Optional

from flyleaf.limits import PAGE_MAX, PAGE_SIZE_MAX, QUERY_MAX
from flyleaf.views.forms import no_control_characters


class SearchForm(Form):
    """Read from the address; it changes nothing, and so carries no token."""

    q = SearchField(
        "Title, author or ISBN",
        validators=[
            Length(max=QUERY_MAX, message=f"That is too long: {QUERY_MAX} characters are enough to find any book."),
            no_control_characters,
        ],
    )
    page = IntegerField(
        validators=[
            Optional(),
            NumberRange(1, PAGE_MAX, f"There are pages 1 to {PAGE_MAX}: add a word to find what lies further down."),
        ]
    )

    @property
    def first_error(self) -> str | None:
        """The first thing to mend, in one sentence."""
        return next((str(error) for field in self for error in field.errors), None)


class ApiSearchForm(SearchForm):
    limit = IntegerField(
        validators=[Optional(), NumberRange(1, PAGE_SIZE_MAX, f"limit is a whole number from 1 to {PAGE_SIZE_MAX}.")]
    )
