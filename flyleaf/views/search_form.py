"""What a search may be asked with, on the page and in the API."""

from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, IntegerField, SearchField, SelectChoice, SelectField, StringField  # type: ignore[attr-defined]  # stubs of an older version
from wtforms.validators import Length, NumberRange, Optional, ValidationError

from flyleaf.limits import LANGUAGE_MAX, PAGE_MAX, PAGE_SIZE, PAGE_SIZE_MAX, QUERY_MAX, YEAR_MAX, YEAR_MIN
from flyleaf.search import Order, SearchQuery
from flyleaf.web.forms import PlainForm, line, no_control_characters

A_YEAR = NumberRange(
    YEAR_MIN,
    YEAR_MAX,
    lazy_gettext("A year is a whole number from %(least)s to %(most)s.", least=YEAR_MIN, most=YEAR_MAX),
)


class WholeNumberField(IntegerField):
    """Names itself by its label if it can't be read: a number in an address may have no field on the page."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(gettext("%(field)s is a whole number.", field=self.label.text)) from error


class SearchForm(PlainForm):
    """Read from the address."""

    q = SearchField(
        lazy_gettext("Title, author or ISBN"),
        validators=[
            Length(
                max=QUERY_MAX,
                message=lazy_gettext(
                    "That is too long: %(most)s characters are enough to find any book.", most=QUERY_MAX
                ),
            ),
            no_control_characters,
        ],
    )
    page = WholeNumberField(
        lazy_gettext("Page"),
        validators=[
            Optional(),
            NumberRange(
                1,
                PAGE_MAX,
                lazy_gettext(
                    "There are pages 1 to %(last)s: add a word to find what lies further down.", last=PAGE_MAX
                ),
            ),
        ],
    )
    year_from = WholeNumberField(lazy_gettext("From year"), validators=[Optional(), A_YEAR])
    year_to = WholeNumberField(lazy_gettext("To year"), validators=[Optional(), A_YEAR])
    language = StringField(
        lazy_gettext("Language"), filters=[line], validators=[Length(max=LANGUAGE_MAX), no_control_characters]
    )
    has_reviews = BooleanField(lazy_gettext("Only books with reviews"), false_values=(False, "", "0", "false"))
    order = SelectField(
        lazy_gettext("Order"),
        choices=[
            SelectChoice(Order.RELEVANCE, lazy_gettext("Best match")),
            SelectChoice(Order.NEWEST, lazy_gettext("Newest")),
            SelectChoice(Order.BEST_RATED, lazy_gettext("Best rated")),
        ],
        default=Order.RELEVANCE,
    )
    verbatim = BooleanField(false_values=(False, "", "0", "false"))  # no other spelling is tried

    def validate_year_to(self, field: IntegerField) -> None:
        """Refuse an end before the beginning, which would find nothing."""
        if self.year_from.data is not None and field.data is not None and self.year_from.data > field.data:
            raise ValidationError(gettext("“To year” must not be before “From year”."))

    @property
    def is_blank(self) -> bool:
        """Whether something was sent to search for, but no letter or sign of it can be seen."""
        typed = self.q.data
        return typed is not None and not any(sign.isprintable() and not sign.isspace() for sign in typed)

    @property
    def filters(self) -> dict[str, Any]:
        """Return the values of the filters that are set, by field."""
        names = ("year_from", "year_to", "language", "has_reviews")
        return {name: self[name].data for name in names if self[name].data not in (None, "", False)}

    @property
    def first_error(self) -> str | None:
        """The first thing to mend, in one sentence."""
        return next((str(error) for field in self for error in field.errors), None)

    @property
    def is_narrowed(self) -> bool:
        """Whether a filter is set."""
        return bool(self.filters)

    def address_values(self, **other: Any) -> dict[str, Any]:
        """What an address of the same search holds, with some values exchanged; what is not asked for is left out."""
        values = {field.name: field.data for field in self if field.name != "page"} | other
        return {
            name: 1 if value is True else value
            for name, value in values.items()
            if value not in (None, "", False, Order.RELEVANCE)
        }

    def query(self, page_size: int = PAGE_SIZE) -> SearchQuery:
        """The validated form as the search takes it."""
        return SearchQuery(
            self.q.data or "",
            self.page.data or 1,
            page_size,
            year_from=self.year_from.data,
            year_to=self.year_to.data,
            language=self.language.data or None,
            has_reviews=self.has_reviews.data,
            order=Order(self.order.data),
            verbatim=self.verbatim.data,
        )


class ApiSearchForm(SearchForm):
    """The same for programs, which know the fields by their names."""

    def process(self, *values: Any, **named: Any) -> None:
        for field in self:
            field.label.text = field.name
        super().process(*values, **named)

    limit = WholeNumberField(
        validators=[Optional(), NumberRange(1, PAGE_SIZE_MAX, f"limit is a whole number from 1 to {PAGE_SIZE_MAX}.")]
    )
