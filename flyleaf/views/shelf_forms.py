"""The forms of shelves, and what pages call the statuses and orders."""

from datetime import date

from flask_babel import format_date, gettext, lazy_gettext
from wtforms import (  # type: ignore[attr-defined]  # stubs of an older version
    DateField,
    IntegerField,
    SearchField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms import Form as AnyForm
from wtforms.fields import Field
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from flyleaf.history import PartialDate, ReadingDates, is_shelf_name
from flyleaf.limits import NOTES_MAX, QUERY_MAX, RATING_MAX, READ_ON_MAX, READ_ON_MIN, SHELF_NAME_MAX
from flyleaf.queries.named_shelves import Status, status_of
from flyleaf.queries.shelf_pages import Order
from flyleaf.views.names import has_invisible
from flyleaf.web.forms import Form, PlainForm, line, no_control_characters, paragraphs

STATUS_NAMES = {
    Status.TO_READ: lazy_gettext("Want to read"),
    Status.READING: lazy_gettext("Reading"),
    Status.READ: lazy_gettext("Read"),
    Status.DID_NOT_FINISH: lazy_gettext("Did not finish"),
}
_ANY = SelectChoice("", lazy_gettext("any"))
ORDERS = [
    SelectChoice(Order.DATE, lazy_gettext("Date added")),
    SelectChoice(Order.TITLE, lazy_gettext("Title")),
    SelectChoice(Order.AUTHOR, lazy_gettext("Author")),
    SelectChoice(Order.RATING, lazy_gettext("Your rating")),
    SelectChoice(Order.YEAR, lazy_gettext("Year of publication")),
]
# Of another reader's shelf: ratings are in reviews, which may be private.
PUBLIC_ORDERS = [choice for choice in ORDERS if choice.value != Order.RATING]


def _addressable(form: AnyForm, field: Field) -> None:
    """Refuse names that can't be in an address, or can't be read."""
    name = field.data or ""
    if name and not is_shelf_name(name):
        raise ValidationError(gettext("Names of shelves need a letter or digit and can’t contain “/”."))
    if has_invisible(name):
        raise ValidationError(gettext("This name contains an invisible character. Remove it."))


_NAME_RULES = [
    Length(
        max=SHELF_NAME_MAX,
        message=lazy_gettext("Names of shelves can have up to %(most)s characters.", most=SHELF_NAME_MAX),
    ),
    no_control_characters,
    _addressable,
]


class ShelveForm(Form):
    """The button that puts a book on a shelf: that of a status, one that the reader names, or none at all."""

    shelf = StringField(lazy_gettext("Shelf"), filters=[line], validators=_NAME_RULES)


class ShelfNameForm(Form):
    """The name of a shelf of the reader's own."""

    name = StringField(
        lazy_gettext("Name of the shelf"),
        filters=[line],
        validators=[DataRequired(lazy_gettext("Enter a name for the shelf.")), *_NAME_RULES],
    )

    def validate_name(self, field: StringField) -> None:
        if status_of(field.data or ""):
            raise ValidationError(gettext("Every reader has a shelf of this name. Choose another name."))


class ReadingForm(Form):
    """When a book was begun and finished: the day, or only the year."""

    started_on = DateField(lazy_gettext("Started"), validators=[Optional()])
    finished_on = DateField(lazy_gettext("Finished"), validators=[Optional()])
    finished_year = IntegerField(lazy_gettext("or only the year"), validators=[Optional()])

    def validate_started_on(self, field: DateField) -> None:
        _check_day(field.data)

    def validate_finished_on(self, field: DateField) -> None:
        _check_day(field.data)
        if self.started_on.data and field.data and field.data < self.started_on.data:
            raise ValidationError(gettext("A book can’t be finished before it was started."))

    def validate_finished_year(self, field: IntegerField) -> None:
        year, started_on = field.data, self.started_on.data
        if year is None:
            return
        if not READ_ON_MIN.year <= year <= READ_ON_MAX.year:
            first, last = READ_ON_MIN.year, READ_ON_MAX.year
            raise ValidationError(gettext("Choose a year from %(first)s to %(last)s.", first=first, last=last))
        if self.finished_on.data:
            raise ValidationError(gettext("Enter the day on which you finished the book or only the year, not both."))
        if started_on and year < started_on.year:
            raise ValidationError(gettext("A book can’t be finished before it was started."))

    @property
    def dates(self) -> ReadingDates:
        """When the book was begun and when it was finished: days, or the year in which it was finished."""
        started, finished = (PartialDate(day) if day else None for day in (self.started_on.data, self.finished_on.data))
        year: int | None = self.finished_year.data
        return started, finished if year is None else PartialDate(date(year, 1, 1), "year")

    def validate(self, extra_validators: object = None) -> bool:
        """Return whether the form is valid. One of the dates has to be there."""
        valid = super().validate(extra_validators)
        if valid and self.dates == (None, None):
            self.started_on.errors = [gettext("Enter when you started the book, when you finished it, or both.")]
            return False
        return valid


def _check_day(day: date | None) -> None:
    if day and not READ_ON_MIN <= day <= READ_ON_MAX:
        first, last = format_date(READ_ON_MIN, "long"), format_date(READ_ON_MAX, "long")
        raise ValidationError(gettext("Choose a day from %(first)s to %(last)s.", first=first, last=last))


class NotesForm(Form):
    """What only the reader sees."""

    notes = TextAreaField(
        lazy_gettext("Private notes"),
        filters=[paragraphs],
        validators=[
            Length(max=NOTES_MAX, message=lazy_gettext("Notes can have up to %(most)s characters.", most=NOTES_MAX)),
            no_control_characters,
        ],
    )


class ShelfForm(PlainForm):
    """What of a shelf is shown, read from the address."""

    q = SearchField(
        lazy_gettext("Search this shelf"),
        filters=[line],
        validators=[
            Length(max=QUERY_MAX, message=lazy_gettext("Searches can have up to %(most)s characters.", most=QUERY_MAX)),
            no_control_characters,
        ],
    )
    order = SelectField(lazy_gettext("Sort by"), choices=ORDERS, default=Order.DATE)
    status = SelectField(
        lazy_gettext("Status"),
        choices=[_ANY, *(SelectChoice(status, name) for status, name in STATUS_NAMES.items())],
        default="",
    )
    rating = SelectField(
        lazy_gettext("Your rating"),
        choices=[_ANY, *(SelectChoice(str(stars), "★" * stars) for stars in range(RATING_MAX, 0, -1))],
        default="",
    )

    def address_values(self, **place: str) -> dict[str, str]:
        """Return the query arguments that ask for the same, at this place of the list."""
        return {field.name: field.data for field in self if field.data and field.data != Order.DATE} | place
