"""Whole numbers in addresses and forms: a form's field, and the ids in paths."""

from typing import Any

from flask import Flask
from flask_babel import gettext
from werkzeug.routing import BaseConverter
from wtforms import IntegerField

from flyleaf.numbers import whole_number


class WholeNumberField(IntegerField):
    """A field for a number from `least` to `most`. Errors name the field, as a number in an address may have none on
    the page. `beyond` is another message for a number that is out of range."""

    def __init__(self, label: Any = None, *, least: int, most: int, beyond: Any = None, **named: Any) -> None:
        super().__init__(label, **named)
        self._least, self._most, self._beyond = least, most, beyond

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number. Raises ValueError with the message for the form."""
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        number = whole_number(valuelist[0])
        if number is None:
            raise ValueError(gettext("%(field)s must be a whole number.", field=self.label.text))
        if not self._least <= number <= self._most:
            values = {"field": self.label.text, "least": self._least, "most": self._most}
            message = gettext("%(field)s must be a whole number from %(least)s to %(most)s.", **values)
            raise ValueError(self._beyond or message)
        self.data = number


class IdConverter(BaseConverter):
    """The id of a row in a path: <id:review_id>. Others lead nowhere, without asking the database."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)


def register(app: Flask) -> None:
    app.url_map.converters["id"] = IdConverter
