"""The pages of subjects: the largest ones, and the works that have one."""

from flask import Blueprint, redirect, request
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from flyleaf.limits import PAGE_SIZE
from flyleaf.queries.readers import Reader
from flyleaf.queries.subjects import (
    LARGEST_ON_A_PAGE,
    ListedSubject,
    count_largest_subjects,
    select_largest_subjects,
    select_subject,
    select_works_about,
)
from flyleaf.search import require
from flyleaf.subjects import subject_key
from flyleaf.web.access import login_to_read
from flyleaf.web.addresses import url_for
from flyleaf.web.covers import covers_of
from flyleaf.web.paging import numbered, page_number
from flyleaf.web.rendering import Answer, render_later

blueprint = Blueprint("subjects", __name__)


@blueprint.get("/subjects")
@login_to_read
def subjects(connection: Connection, reader: Reader) -> Answer:
    require(connection)
    page = page_number(request.args)
    largest = select_largest_subjects(connection, page)
    count = count_largest_subjects(connection)
    return render_later("subjects.html", subjects=numbered(largest, page, count, LARGEST_ON_A_PAGE))


@blueprint.get("/subjects/<path:key>")
@login_to_read
def subject(connection: Connection, reader: Reader, key: str) -> Answer:
    found = find_subject(connection, key)
    if key != found.key:  # "Science Fiction"
        return redirect(url_for("subjects.subject", key=found.key), 301)
    page = page_number(request.args)
    works = select_works_about(connection, found, page)
    covers = covers_of(connection, works)
    pages = numbered(works, page, found.listed, PAGE_SIZE)
    return render_later("subject.html", subject=found, works=pages, covers=covers)


def find_subject(connection: Connection, name: str) -> ListedSubject:
    """Return the subject of this name, in any spelling. Raises NotFound and SearchNotReadyError."""
    require(connection)
    found = select_subject(connection, subject_key(name))
    if found is None:
        raise NotFound(gettext("The catalogue has no books with this subject."))
    return found
