"""The download of everything that the site keeps about a reader: a ZIP archive with all of it as JSON, and with the
reading history as CSV, which this site and others read again. The JSON is there alone, too.

It is written to a temporary file before any of it is sent, a list in batches that are each read in a transaction of
their own. So it needs little memory, holds no connection while it formats or sends, and is complete or an error: an
answer that breaks off could pass for all of the data. What changes meanwhile is in it as it was before or after.
"""

import io
import json
import logging
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from datetime import date
from itertools import islice
from typing import IO, Any, TypeVar

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound, ServiceUnavailable, TooManyRequests
from werkzeug.wsgi import wrap_file

from flyleaf.exporting import history_item, write_history
from flyleaf.importing.reading.archive import OWN_HISTORY
from flyleaf.limits import (
    DOWNLOADS,
    OWN_EVENTS_MAX,
    OWN_IMPORT_ROWS_MAX,
    OWN_PROPOSALS_MAX,
    OWN_REPORTS_MAX,
    OWN_REVIEWS_MAX,
    OWN_VOTES_MAX,
    SHELVED_MAX,
)
from flyleaf.paging import NEWEST, Key, Page, Place
from flyleaf.queries.api_tokens import select_api_tokens
from flyleaf.queries.attempts import insert_attempt
from flyleaf.queries.events import EventKind, count_events, insert_event, select_events
from flyleaf.queries.helpful_votes import select_own_votes
from flyleaf.queries.moderation import select_own_reports
from flyleaf.queries.named_shelves import select_shelves
from flyleaf.queries.own_history import OwnBook, select_own_entries, select_own_reviews
from flyleaf.queries.proposals import select_own_proposals
from flyleaf.queries.readers import Reader, select_own_details
from flyleaf.queries.reviewed_books import select_reviewed_books
from flyleaf.queries.second_factors import select_second_factors
from flyleaf.queries.sessions import select_sessions
from flyleaf.queries.shelved_books import select_shelved_books
from flyleaf.queries.upload_rows import OwnUploadRow, select_own_rows
from flyleaf.queries.uploads import Upload, select_uploads
from flyleaf.turns import Turns
from flyleaf.web.access import reader_required, session_hash
from flyleaf.web.attempts import download_limits
from flyleaf.web.current import transaction

blueprint = Blueprint("own_data", __name__, url_prefix="/account")
logger = logging.getLogger("flyleaf.own_data")

Item = TypeVar("Item")
AT_ONCE = 200  # rows of a batch: with reviews of 10,000 characters, a few megabytes
PIECE = 256 * 1024  # bytes that are read from the file at a time
_turns = Turns(1)


@blueprint.get("/data")
@reader_required
def download(reader: Reader) -> ResponseReturnValue:
    return downloaded(reader)


@blueprint.get("/export.zip")
@reader_required
def export(reader: Reader) -> ResponseReturnValue:
    return archived(reader)


def archived(reader: Reader) -> Response:
    """Return the response with the archive. Raises TooManyRequests, ServiceUnavailable and BusyError."""
    return _download(reader, _write_archive, "application/zip", "flyleaf.zip")


def downloaded(reader: Reader) -> Response:
    """Return the response with the reader's data. Raises TooManyRequests, ServiceUnavailable and BusyError."""
    return _download(reader, _write, "application/json", "flyleaf.json")


def _download(reader: Reader, write: Callable[[Reader, IO[bytes]], None], mimetype: str, name: str) -> Response:
    with _turns.take("data downloads"):
        _count_download(reader)
        try:
            file = _written(reader, write)
        except OSError as error:
            logger.error("unavailable", extra={"cause": f"data download: {error}"})  # noqa: TRY400
            raise ServiceUnavailable(gettext("Your data couldn’t be prepared. Try again later.")) from error
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    response = Response(wrap_file(request.environ, file, PIECE), mimetype=mimetype, direct_passthrough=True)
    response.content_length = size
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response


def _written(reader: Reader, write: Callable[[Reader, IO[bytes]], None]) -> IO[bytes]:
    """Return an unnamed file with the reader's data, which is closed with the response. Raises OSError."""
    file = tempfile.TemporaryFile()  # noqa: SIM115
    try:
        write(reader, file)
    except BaseException:
        file.close()
        raise
    return file


def _write_archive(reader: Reader, file: IO[bytes]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("flyleaf.json", "w") as member:
            _write(reader, member)
        with archive.open(OWN_HISTORY, "w") as member:
            lines = io.TextIOWrapper(member, "utf-8", newline="", write_through=True)
            write_history(_history(reader), lines)
            lines.detach()


def _history(reader: Reader) -> Iterator[OwnBook]:
    """Return the books on the reader's shelves, and those that they have only reviewed."""
    yield from _all(lambda connection, place: select_own_entries(connection, reader.id, place, AT_ONCE))
    yield from _all(lambda connection, place: select_own_reviews(connection, reader.id, place, AT_ONCE))


def _count_download(reader: Reader) -> None:
    """Note the download among the reader's events. Raises TooManyRequests."""
    with transaction() as connection:
        wait = insert_attempt(connection, download_limits(reader)).wait
        if not wait:
            insert_event(connection, EventKind.DATA_DOWNLOADED, reader.id)
    if wait:
        limit = gettext("You can download your data %(most)s times an hour.", most=DOWNLOADS.most)
        minutes = -(-wait // 60)
        advice = ngettext("Try again in a minute.", "Try again in %(num)s minutes.", minutes)
        raise TooManyRequests(f"{limit} {advice}", retry_after=wait)


def _write(reader: Reader, file: IO[bytes]) -> None:
    with transaction() as connection:
        details = select_own_details(connection, reader.id)
        factors = select_second_factors(connection, reader.id)
        shelves = select_shelves(connection, reader.id)
        sessions = select_sessions(connection, reader.id, session_hash())
        tokens = select_api_tokens(connection, reader.id)
        events = count_events(connection, reader.id)
        uploads = select_uploads(connection, reader.id)
    if details is None:  # deleted a moment ago
        raise NotFound

    def reviews(connection: Connection, place: Key) -> Page[Any]:
        return select_reviewed_books(connection, reader.id, place, with_hidden=True, with_withdrawn=True, size=AT_ONCE)

    def shelved(connection: Connection, place: Key) -> Page[Any]:
        return select_shelved_books(connection, reader.id, place, AT_ONCE)

    def reports(connection: Connection, place: Key) -> Page[Any]:
        return select_own_reports(connection, reader.id, place, AT_ONCE)

    def votes(connection: Connection, place: Key) -> Page[Any]:
        return select_own_votes(connection, reader.id, place, AT_ONCE)

    def proposals(connection: Connection, place: Key) -> Page[Any]:
        return select_own_proposals(connection, reader.id, place, AT_ONCE)

    def own_events(connection: Connection, place: Key) -> Page[Any]:
        return select_events(connection, reader.id, place, AT_ONCE)

    file.write(b'{\n"account": ' + _line(details))
    _write_list(file, "reviews", islice(_all(reviews), OWN_REVIEWS_MAX))
    _write_list(file, "shelves", shelves)
    _write_list(file, "reading_history", map(history_item, _history(reader)))
    _write_list(file, "shelved_books", islice(_all(shelved), SHELVED_MAX))
    _write_list(file, "imports", uploads)
    _write_list(file, "import_rows", islice(_import_rows(uploads), OWN_IMPORT_ROWS_MAX))
    _write_list(file, "reports", islice(_all(reports), OWN_REPORTS_MAX))
    _write_list(file, "helpful_votes", islice(_all(votes), OWN_VOTES_MAX))
    _write_list(file, "proposals", islice(_all(proposals), OWN_PROPOSALS_MAX))
    file.write(b',\n"second_factors": ' + _line(factors))
    _write_list(file, "sessions", sessions)
    _write_list(file, "api_tokens", tokens)
    _write_list(file, "events", islice(_all(own_events), OWN_EVENTS_MAX))
    file.write(b',\n"older_events_left_out": %d\n}\n' % max(events - OWN_EVENTS_MAX, 0))


def _all(select: Callable[[Connection, Key], Page[Item]]) -> Iterator[Item]:
    """Return the items of all pages, each of which is read in a transaction of its own."""
    place: Place | None = NEWEST
    while isinstance(place, Key):
        with transaction() as connection:
            page = select(connection, place)
        yield from page.items
        place = page.next


def _import_rows(uploads: Iterable[Upload]) -> Iterator[OwnUploadRow]:
    """Return the rows of the uploads, a batch in each transaction."""
    for upload in uploads:
        after: int | None = 0
        while after is not None:
            with transaction() as connection:
                rows = select_own_rows(connection, upload.id, after, AT_ONCE)
            yield from rows
            after = rows[-1].n if len(rows) == AT_ONCE else None


def _write_list(file: IO[bytes], name: str, items: Iterable[Any]) -> None:
    """Write a list with an item on each line."""
    file.write(f',\n"{name}": ['.encode())
    for number, item in enumerate(items):
        file.write((b",\n" if number else b"\n") + _line(item))
    file.write(b"\n]")


def _line(item: Any) -> bytes:
    return json.dumps(item if isinstance(item, dict) else asdict(item), default=_iso, ensure_ascii=False).encode()


def _iso(value: object) -> str:
    if isinstance(value, date):  # a datetime is one, too
        return value.isoformat()
    raise TypeError(value)
