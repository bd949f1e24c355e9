"""How dates and texts of readers stand on a page."""

import re
from collections.abc import Collection
from datetime import datetime

from flask import Flask
from markupsafe import Markup, escape

from flyleaf.search.marking import marked


def register(app: Flask) -> None:
    app.jinja_env.filters.update(day=day, iso_time=iso_time, paragraphs=paragraphs, marked=mark)


def day(moment: datetime) -> str:
    """24 November 2026"""
    return f"{moment.day} {moment:%B %Y}"


def iso_time(moment: datetime) -> str:
    """As the datetime attribute of a time element takes it, to the second."""
    return moment.isoformat(timespec="seconds")


def paragraphs(text: str) -> Markup:
    """A reader's text as HTML: blank lines part paragraphs, single ones break the line, and all else is escaped."""
    parts = re.split(r"\n\s*\n", text.strip())
    lines = Markup("<br>")
    return Markup("").join(Markup("<p>{}</p>").format(lines.join(map(escape, part.split("\n")))) for part in parts)


def mark(text: str, words: Collection[str]) -> Markup:
    """The text with the matched words of a search marked."""
    pieces = (
        Markup("<mark>{}</mark>").format(piece) if matches else escape(piece) for piece, matches in marked(text, words)
    )
    return Markup("").join(pieces)
