"""The search form, on the page and in the API."""

from typing import Any

from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, SearchField, SelectChoice, SelectField, StringField  # type: ignore[attr-defined]  # stubs of an older version
from wtforms.validators import AnyOf, Length, ValidationError

from flyleaf.limits import (
    LANGUAGE_MAX,
    PAGE_MAX,
    PAGE_SIZE,
    PAGE_SIZE_MAX,
    QUERY_MAX,
    SUBJECT_NAME_MAX,
    YEAR_MAX,
    YEAR_MIN,
)
from flyleaf.search import Order, SearchQuery
from flyleaf.subjects import subject_key
from flyleaf.web.forms import PlainForm, line, no_control_characters
from flyleaf.web.numbers import WholeNumberField

ORDERS = [
    SelectChoice(Order.RELEVANCE, lazy_gettext("Best match")),
    SelectChoice(Order.NEWEST, lazy_gettext("Newest")),
    SelectChoice(Order.BEST_RATED, lazy_gettext("Best rated")),
]


class SearchForm(PlainForm):
    """The search form of the page, read from the address."""

    q = SearchField(
        lazy_gettext("Title, author or ISBN"),
        validators=[
            Length(
                max=QUERY_MAX,
                message=lazy_gettext("Searches can have up to %(most)s characters.", most=QUERY_MAX),
            ),
            no_control_characters,
        ],
    )
    page = WholeNumberField(
        lazy_gettext("Page"),
        least=1,
        most=PAGE_MAX,
        beyond=lazy_gettext(
            "Choose a page from 1 to %(last)s. To find later results, add words to your search.", last=PAGE_MAX
        ),
    )
    year_from = WholeNumberField(lazy_gettext("From year"), least=YEAR_MIN, most=YEAR_MAX)
    year_to = WholeNumberField(lazy_gettext("To year"), least=YEAR_MIN, most=YEAR_MAX)
    language = StringField(
        lazy_gettext("Language"), filters=[line], validators=[Length(max=LANGUAGE_MAX), no_control_characters]
    )
    has_reviews = BooleanField(lazy_gettext("Only books with reviews"), false_values=(False, "", "0", "false"))
    subject = StringField(
        lazy_gettext("Subjects"), filters=[line], validators=[Length(max=SUBJECT_NAME_MAX), no_control_characters]
    )
    order = SelectField(lazy_gettext("Sort by"), choices=ORDERS, default=Order.RELEVANCE)
    verbatim = BooleanField(false_values=(False, "", "0", "false"))  # try no other spelling

    def validate_year_to(self, field: WholeNumberField) -> None:
        """Raise ValidationError if the last year is before the first, because nothing could be found."""
        if self.year_from.data is not None and field.data is not None and self.year_from.data > field.data:
            raise ValidationError(
                gettext(
                    "“%(end)s” can’t be earlier than “%(start)s”.",
                    end=field.label.text,
                    start=self.year_from.label.text,
                )
            )

    @property
    def is_blank(self) -> bool:
        """Return whether a query was sent that has no visible character."""
        typed = self.q.data
        return typed is not None and not any(sign.isprintable() and not sign.isspace() for sign in typed)

    @property
    def filters(self) -> dict[str, Any]:
        """Return the values of the filters that are set, by field."""
        names = ("year_from", "year_to", "language", "subject", "has_reviews")
        return {name: self[name].data for name in names if self[name].data not in (None, "", False)}

    @property
    def first_error(self) -> str | None:
        """Return the first mistake in one sentence, or None."""
        return next((str(error) for field in self for error in field.errors), None)

    @property
    def is_narrowed(self) -> bool:
        """Return whether a filter is set."""
        return bool(self.filters)

    @property
    def subject_key(self) -> str:
        """Return the key of the subject to which the search is narrowed, however it is spelled, or ""."""
        return subject_key(self.subject.data or "")

    @property
    def decade(self) -> int | None:
        """Return the first year of the decade to which the filters for years narrow the search, or None."""
        first, last = self.year_from.data, self.year_to.data
        is_decade = first is not None and first % 10 == 0 and last == min(first + 9, YEAR_MAX)
        return first if is_decade else None

    def address_values(self, **other: Any) -> dict[str, Any]:
        """Return the query parameters of the same search with `other` values replaced, without those that are unset."""
        values = {field.name: field.data for field in self if field.name != "page"} | other
        return {
            name: 1 if value is True else value
            for name, value in values.items()
            if value not in (None, "", False, Order.RELEVANCE)
        }

    def query(self, page_size: int = PAGE_SIZE) -> SearchQuery:
        """Return the validated form as a query for the search."""
        return SearchQuery(
            self.q.data or "",
            self.page.data or 1,
            page_size,
            year_from=self.year_from.data,
            year_to=self.year_to.data,
            language=self.language.data or None,
            has_reviews=self.has_reviews.data,
            subject=self.subject.data or None,
            order=Order(self.order.data),
            verbatim=self.verbatim.data,
        )


class ApiSearchForm(SearchForm):
    """The search form for programs, whose errors name each field as the address does."""

    def process(self, *values: Any, **named: Any) -> None:
        for field in self:
            field.label.text = field.name
        super().process(*values, **named)

    @property
    def first_error(self) -> str | None:
        """Return the first mistake in one sentence that names its field, or None."""
        for field in self:
            for error in map(str, field.errors):
                return error if error.lstrip("“").startswith(field.name) else f"{field.name}: {error}"
        return None

    limit = WholeNumberField(least=1, most=PAGE_SIZE_MAX)
    order = SelectField(
        choices=list(Order),
        default=Order.RELEVANCE,
        validators=[AnyOf(list(Order), f"order must be one of {', '.join(Order)}.")],
        validate_choice=False,
    )
