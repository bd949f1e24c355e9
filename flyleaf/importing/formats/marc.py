"""MARC records in ISO 2709: a leader, a directory with the positions of the fields, and the fields.

Only the fields that are used are extracted (marc_fields.py) and decoded (marc_text.py). So damage elsewhere doesn't
matter, and damage in these fields never results in a wrong book.
"""

import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Protocol

from flyleaf.importing.formats import marc21, unimarc
from flyleaf.importing.formats.marc_fields import (
    END_OF_FIELD,
    END_OF_RECORD,
    ENTRY_LENGTH,
    LEADER_LENGTH,
    Assumed,
    BrokenRecordError,
    located,
)
from flyleaf.importing.formats.marc_record import Broken, MarcRecord, is_unimarc, table_of
from flyleaf.importing.formats.marc_text import Encoding, decoded
from flyleaf.importing.reading.source import BLOCK, Source
from flyleaf.importing.table import Table

NAME = "marc"

RECORD_MAX = 99_999  # bytes: the length has five digits
_LENGTH_DIGITS = 5
_BETWEEN_RECORDS = b" \t\r\n\0\x1a\xef\xbb\xbf"
_LEADER = re.compile(rb"[0-9]{5}[ -~]{5}22[0-9]{5}[ -~]{3}45[ -~]{2}")
# A record starts with its leader, of which parts may be damaged, and its directory.
_FIRST_RECORD = re.compile(
    rb"(?:\A|\x1d)[ \t\r\n\0\xef\xbb\xbf]*(?:%b|[^\x1d-\x1f]{24,48}?(?:[ -~]{3}[0-9]{9})+\x1e)" % _LEADER.pattern
)
_UNREADABLE_TITLE = re.compile(rb"\x1f[\x80-\xff]")
_MAIN_AUTHOR = b"100"
_MARC21 = frozenset(tag.encode() for tag in marc21.USED)
_WITH_MAIN_AUTHOR = _MARC21 - {b"110", b"111", b"700", b"710", b"711"}  # which are used if it is missing
_UNIMARC = frozenset(tag.encode() for tag in unimarc.USED)
_SUBJECTS = frozenset(tag.encode() for tag in (*marc21.SUBJECTS, *unimarc.SUBJECTS))

logging.getLogger("pymarc").setLevel(logging.ERROR)  # it warns about missing indicators, which are not used here


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes | None: ...


def recognises(source: Source) -> bool:
    """Return whether it starts with the leader of a record, or contains one if the first is damaged."""
    return _FIRST_RECORD.search(source.head) is not None


def read(source: Source) -> Table:
    """Return the table of the records, which are read lazily."""
    return table_of(_records(source))


def _records(source: Source) -> Iterator[MarcRecord | Broken]:
    """Yield the fields of each record, and add remarks about assumptions."""
    counts: Counter[Assumed] = Counter()
    first: dict[Assumed, int] = {}
    for number, chunk in enumerate(_chunks(source.binary), 1):
        record, assumed = _record(chunk)
        for what in assumed:
            counts[what] += 1
            first.setdefault(what, number)
        yield record
    for what, count in counts.items():
        source.remarks.append(f"{what}: {count:,} (the first is record {first[what]:,}).")


def _chunks(file: _Readable) -> Iterator[bytes]:
    """Yield the records, split at the end marks, which occur nowhere else. So a record with a wrong length, or a
    truncated one, doesn't affect others."""
    rest = b""
    while block := file.read(BLOCK):
        *chunks, rest = (rest + block).split(END_OF_RECORD)
        for chunk in chunks:
            yield from _told_apart(_without_blanks(chunk) + END_OF_RECORD)
        if len(rest) > 2 * RECORD_MAX + 1:  # keeps memory bounded
            rest = rest[: RECORD_MAX + 1] + rest[-RECORD_MAX:]  # a complete record may start in its last part
    if rest := rest.strip(_BETWEEN_RECORDS):
        yield rest


def _without_blanks(chunk: bytes) -> bytes:
    """Return the record without separators before it, but with the blanks that its leader starts with: after the 24
    bytes of the leader come entries of 12."""
    record = chunk.lstrip(_BETWEEN_RECORDS)
    blanks = len(chunk) - len(record)
    missing = (LEADER_LENGTH - record.find(END_OF_FIELD)) % ENTRY_LENGTH
    return chunk[blanks - missing :] if missing <= min(blanks, _LENGTH_DIGITS) else record


def _told_apart(chunk: bytes) -> Iterator[bytes]:
    """Split off a complete record that follows a truncated one, found by its leader."""
    if chunk[:5] != b"%05d" % len(chunk):
        for leader in _LEADER.finditer(chunk, 1):
            if int(leader[0][:5]) == len(chunk) - leader.start():
                yield chunk[: leader.start()]
                chunk = chunk[leader.start() :]
                break
    yield chunk


def _record(chunk: bytes) -> tuple[MarcRecord | Broken, Sequence[Assumed]]:
    if len(chunk) > RECORD_MAX:
        return Broken(f"it has no end within the {RECORD_MAX:,} bytes that a record may have"), ()
    if not chunk.endswith(END_OF_RECORD):
        return Broken("it breaks off before its end"), ()
    try:
        leader, fields, assumed, extra = located(chunk, _wanted, _SUBJECTS)
    except BrokenRecordError as error:
        return Broken(str(error)), ()
    form = unimarc if is_unimarc({tag.decode() for tag, _ in fields}) else marc21
    if any(tag in (b"245", b"200") and _UNREADABLE_TITLE.search(content) for tag, content in fields):
        return Broken("the code of a subfield of its title is no ASCII character"), ()
    marked = Encoding.ISO5426 if form is unimarc else _marked(leader)
    texts, encoding = decoded(fields, form.USED, marked)
    # Apart from the others, so that damage in a subject doesn't cast doubt on the title.
    if extra := [field for field in extra if field[0].decode() in form.SUBJECTS]:
        texts += decoded(extra, form.SUBJECTS, marked)[0]
    assumed = [*assumed, *filter(None, [encoding, Assumed.UNIMARC if form is unimarc else None])]
    return MarcRecord(texts, "" if Assumed.LEADER in assumed else leader[6:8]), assumed


def _marked(leader: str) -> Encoding:
    return Encoding.UTF8 if leader[9] == "a" else Encoding.MARC8


def _wanted(tags: set[bytes]) -> frozenset[bytes]:
    if b"200" in tags and b"245" not in tags:
        return _UNIMARC
    return _WITH_MAIN_AUTHOR if _MAIN_AUTHOR in tags else _MARC21
