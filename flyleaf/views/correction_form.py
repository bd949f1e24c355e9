"""The form with a book's fields, and what was changed in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from flask_babel import format_decimal, gettext, lazy_gettext
from flask_babel.speaklater import LazyString
from wtforms import Field, HiddenField, StringField, TextAreaField
from wtforms import Form as WTForm
from wtforms.validators import Length, ValidationError

from flyleaf import limits
from flyleaf.importing.cleaning.cells import CellError, RowError
from flyleaf.importing.cleaning.subjects import names_in, problem_of, readable, split
from flyleaf.importing.fields import RULES, as_cell
from flyleaf.queries.corrections import FIELDS, SUBJECTS_BETWEEN
from flyleaf.series import read_title
from flyleaf.subjects import subject_key
from flyleaf.views.moderated_review import REASON_RULES
from flyleaf.web.forms import Form, line, no_control_characters, paragraphs

NAMES = {
    "title": lazy_gettext("Title"),
    "author": lazy_gettext("Author"),
    "series": lazy_gettext("Series"),
    "year": lazy_gettext("Year"),
    "publisher": lazy_gettext("Publisher"),
    "language": lazy_gettext("Language"),
    "pages": lazy_gettext("Pages"),
    "subjects": lazy_gettext("Subjects"),
    "other_titles": lazy_gettext("Other titles"),
    "description": lazy_gettext("Description"),
}
_DIGEST = 8  # hex digits


@dataclass(frozen=True, slots=True)
class Change:
    """A field that a reader changed in the form."""

    field: str
    before: str | None
    after: str | None


def most(characters: int) -> Length:
    message = lazy_gettext("This can have up to %(most)s characters.", most=LazyString(format_decimal, characters))
    return Length(max=characters, message=message)


def as_imported(form: WTForm, field: Field) -> None:
    """Clean what was entered as an import cleans a cell, and refuse what it would leave empty or refuse."""
    field.data = cleaned(field.name, field.data or "")
    if field.name == "title" and read_title(field.data)[0] != field.data:
        raise ValidationError(gettext("Enter the title without the series in brackets behind it."))


def as_subjects(_: WTForm, field: Field) -> None:
    """Read subjects as an import does, but only semicolons separate them, and refuse what it would leave out."""
    names: dict[str, str] = {}
    for spelling in split(f"{field.data or ''};"):
        for name in names_in(readable(spelling)):
            if problem_of(name):
                raise ValidationError(gettext("“%(name)s” can’t be a subject.", name=name))
            names.setdefault(subject_key(name), name)
    if len(names) > limits.SUBJECTS_MAX:
        raise ValidationError(gettext("A book has up to %(most)s subjects.", most=limits.SUBJECTS_MAX))
    field.data = SUBJECTS_BETWEEN.join(names.values())


def cleaned(name: str, entered: str) -> str:
    """Return what the catalogue would store. Raises ValidationError."""
    try:
        return RULES[name].cell(as_cell(name, entered))
    except (CellError, RowError) as error:
        raise ValidationError(_advice(name)) from error


def _advice(name: str) -> str:
    advice = {
        "title": lazy_gettext("A book needs a title."),
        "series": lazy_gettext("Enter a series and its number, such as “Dune #1”."),
        "other_titles": lazy_gettext(
            "Enter up to %(most)s titles with “|” between them.", most=str(limits.OTHER_TITLES_OF_A_BOOK)
        ),
        "year": lazy_gettext(
            "Enter a year from %(least)s to %(most)s.", least=str(limits.YEAR_MIN), most=str(limits.YEAR_MAX)
        ),
        "language": lazy_gettext("Enter a code such as en or pt, or the language’s English name."),
        "pages": lazy_gettext("Enter a whole number from 1 to %(most)s.", most=str(limits.PAGES_MAX)),
    }
    return str(advice.get(name) or lazy_gettext("This contains characters that can’t be stored."))


class CorrectionForm(Form):
    """The fields of a book. `seen` has a digest of what each of them said when the page was made, so that only what
    was changed in the form is a change, and what others changed meanwhile is noticed."""

    title = StringField(NAMES["title"], validators=[no_control_characters, most(limits.TITLE_MAX), as_imported])
    author = StringField(NAMES["author"], validators=[no_control_characters, most(limits.AUTHOR_MAX), as_imported])
    series = StringField(
        NAMES["series"], filters=[line], validators=[no_control_characters, most(limits.SERIES_MAX), as_imported]
    )
    year = StringField(NAMES["year"], validators=[no_control_characters, as_imported])
    publisher = StringField(
        NAMES["publisher"], validators=[no_control_characters, most(limits.PUBLISHER_MAX), as_imported]
    )
    language = StringField(NAMES["language"], validators=[no_control_characters, as_imported])
    pages = StringField(NAMES["pages"], validators=[no_control_characters, as_imported])
    subjects = StringField(
        NAMES["subjects"],
        filters=[line],
        validators=[no_control_characters, most(limits.LONGEST_SUBJECTS), as_subjects],
    )
    other_titles = StringField(
        NAMES["other_titles"],
        filters=[line],
        validators=[no_control_characters, most(limits.OTHER_TITLES_MAX), as_imported],
    )
    description = TextAreaField(
        NAMES["description"],
        filters=[paragraphs],
        validators=[no_control_characters, most(limits.DESCRIPTION_MAX), as_imported],
    )
    reason = StringField(lazy_gettext("How do you know?"), filters=[line], validators=REASON_RULES)
    seen = HiddenField()

    def __init__(self, sent: Any, values: Mapping[str, str | None]) -> None:
        self._values = values
        super().__init__(sent, data={name: values[name] or "" for name in FIELDS} | {"seen": _digests(values)})

    def validate(self, extra_validators: Any = None) -> bool:
        """Return whether the form is valid. Fields that were left as they were shown are what the book says now."""
        seen = dict(zip(FIELDS, (self.seen.data or "").split(), strict=False))
        self.seen.data = _digests(self._values)
        for name in FIELDS:
            if digest(self[name].data) == seen.get(name):
                self[name].data = self._values[name]
                self[name].validators = ()
        if not super().validate(extra_validators):
            return False
        for change in self.changes():
            if digest(change.before) != seen.get(change.field):
                said = gettext("Somebody changed this meanwhile. It now says: “%(value)s”.", value=change.before or "")
                self[change.field].errors = [said]
        return not self.errors

    def changes(self) -> list[Change]:
        """Return what differs from the book, once the form is valid."""
        entered = {name: self[name].data or None for name in FIELDS}
        return [
            Change(name, self._values[name], entered[name]) for name in FIELDS if entered[name] != self._values[name]
        ]


def _digests(values: Mapping[str, str | None]) -> str:
    return " ".join(digest(values[name]) for name in FIELDS)


def digest(value: str | None) -> str:
    """Return a few hex digits by which a form says what its page showed."""
    return sha256((paragraphs(value or "") or "").encode(errors="surrogatepass")).hexdigest()[:_DIGEST]
