"""Template filters for dates and texts."""

import re
from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_skeleton, get_datetime_format
from babel.numbers import format_decimal
from flask import Flask
from flask_babel import format_date, format_time, get_locale
from markupsafe import Markup, escape

from flyleaf.search.marking import marked
from flyleaf.web.review_text import paragraphs, review_text

Number = int | float | Decimal
_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE)


def register(app: Flask) -> None:
    app.jinja_env.filters.update(
        day=day,
        month=month,
        moment=moment,
        iso_time=iso_time,
        paragraphs=paragraphs,
        review_text=review_text,
        marked=mark,
        lang=language_tag,
        numberformat=decimal,
        decimalformat=decimal,
    )


def day(when: datetime) -> str:
    """Return the date, such as 24 November 2026 or 24 de novembro de 2026."""
    return str(format_date(when, "long"))


def month(when: date) -> str:
    """Return the month of a date, such as November 2026 or novembro de 2026."""
    return str(format_skeleton("yMMMM", when, locale=get_locale()))


def moment(when: datetime) -> str:
    """Return the date and time, such as 24 November 2026, 11:05 UTC."""
    pattern = get_datetime_format("medium", locale=get_locale())
    return f"{str(pattern).format(format_time(when, 'short'), format_date(when, 'long'))} UTC"


def decimal(value: Number, pattern: str | None = None) -> str:
    """1,234 and 4.5, as the language of the page writes them; Flask-Babel's filters do it anew each time."""
    return _decimal(value, pattern, str(get_locale()))


@lru_cache(maxsize=1 << 12, typed=True)
def _decimal(value: Number, pattern: str | None, locale: str) -> str:
    return str(format_decimal(value, pattern, locale))


def iso_time(when: datetime) -> str:
    """Return the value of a time element's datetime attribute, to the second."""
    return when.isoformat(timespec="seconds")


def mark(text: str, words: Collection[str]) -> Markup:
    """Return the text with the words that matched a search marked."""
    pieces = (f"<mark>{escape(piece)}</mark>" if matches else escape(piece) for piece, matches in marked(text, words))
    return Markup("".join(pieces))  # noqa: S704  # the pieces are escaped


@lru_cache
def language_tag(language: str | None) -> str | None:
    """Return the BCP 47 tag for a lang attribute, such as `en` for `eng`, or None if it isn't a language."""
    if not language or not _TAG.fullmatch(language):
        return None
    try:
        locale = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return None
    # Babel also guesses a country for codes of three letters.
    return locale.language if len(language) == 3 else str(locale).replace("_", "-")
