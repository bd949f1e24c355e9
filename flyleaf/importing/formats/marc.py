"""The reader of MARC 21 (ISO 2709): records of a leader, a directory that says where their fields lie, and the fields.

pymarc decodes them. Before it gets a record, the record's length and directory are checked, so that damage never turns
into a wrong book; and of the directory it gets the fields that are read, so that no time goes to the others.
"""

import logging
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import NoReturn, Protocol

from pymarc import Record, marc8
from pymarc.exceptions import NoFieldsFound, PymarcException

from flyleaf.importing.formats.marc_record import TAGS, Broken, table_of
from flyleaf.importing.source import BLOCK, Source
from flyleaf.importing.table import Table

NAME = "marc"

RECORD_MAX = 99_999  # bytes: the length has five digits
_END_OF_RECORD, _END_OF_FIELD, _ESCAPE = b"\x1d", b"\x1e", b"\x1b"
_LEADER_LENGTH, _ENTRY_LENGTH = 24, 12  # bytes
_BETWEEN_RECORDS = b" \t\r\n\0\x1a\xef\xbb\xbf"
_LEADER = re.compile(rb"[0-9]{5}[ -~]{5}22[0-9]{5}[ -~]{3}45[ -~]{2}")
_FIRST_LEADER = re.compile(rb"(?:\A|\x1d)[ \t\r\n\0\xef\xbb\xbf]*" + _LEADER.pattern)
_UNREADABLE_CODE = re.compile(rb"\x1f[\x80-\xff]")
_MAIN_AUTHOR, _OTHER_AUTHORS = b"100", (b"110", b"111", b"7")  # who are looked for where it is missing
_WANTED = frozenset(tag.encode() for tag in TAGS)

logging.getLogger("pymarc").setLevel(logging.ERROR)  # it warns of missing indicators, which nothing here needs


class _NotMarc8Error(Exception):
    pass


class _Strict:
    """Stands for the standard error on which pymarc says that it put a space for what it did not know. It has no other
    way to tell; and the process's own is not for a reader to exchange, which may run in a thread."""

    def write(self, complaint: str) -> NoReturn:
        raise _NotMarc8Error(complaint)


marc8.sys = SimpleNamespace(stderr=_Strict())  # type: ignore[assignment, attr-defined]


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes | None: ...


def recognises(source: Source) -> bool:
    """By the leader of the first record, or of another if that is damaged."""
    return _FIRST_LEADER.search(source.head) is not None


def read(source: Source) -> Table:
    return table_of(map(_record, _chunks(source.binary)))


def _chunks(file: _Readable) -> Iterator[bytes]:
    """What stands between the ends of records, each with the end, if it is there. The mark of the end is nowhere else:
    so a record with a wrong length costs no other. Nor does one that breaks off before its end."""
    rest = b""
    while block := file.read(BLOCK):
        *chunks, rest = (rest + block).split(_END_OF_RECORD)
        for chunk in chunks:
            yield from _told_apart(chunk.lstrip(_BETWEEN_RECORDS) + _END_OF_RECORD)
        if len(rest) > 2 * RECORD_MAX + 1:  # memory is bounded whatever the file holds
            rest = rest[: RECORD_MAX + 1] + rest[-RECORD_MAX:]  # its end may be the beginning of a whole record
    if rest := rest.strip(_BETWEEN_RECORDS):
        yield rest


def _told_apart(chunk: bytes) -> Iterator[bytes]:
    """Behind a record that breaks off a whole one may follow, which its leader shows."""
    if chunk[:5] != b"%05d" % len(chunk):
        for leader in _LEADER.finditer(chunk, 1):
            if int(leader[0][:5]) == len(chunk) - leader.start():
                yield chunk[: leader.start()]
                chunk = chunk[leader.start() :]
                break
    yield chunk


def _record(chunk: bytes) -> Record | Broken:
    if len(chunk) > RECORD_MAX:
        return Broken(f"it has no end within the {RECORD_MAX:,} bytes that a record may have")
    if not chunk.endswith(_END_OF_RECORD):
        return Broken("it breaks off before its end")
    if not _LEADER.match(chunk):
        return Broken("its first 24 bytes are no leader of a MARC 21 record")
    if int(chunk[:5]) != len(chunk):
        return Broken(f"its leader says that it has {int(chunk[:5]):,} bytes, and it has {len(chunk):,}")
    if _UNREADABLE_CODE.search(chunk):
        return Broken("the code of a subfield is no ASCII character")
    trimmed = _trimmed(chunk)
    return trimmed if isinstance(trimmed, Broken) else _decoded(trimmed, chunk)


def _trimmed(chunk: bytes) -> bytes | Broken:
    """The record with a directory of only the fields that are read."""
    base = int(chunk[12:17])
    directory = chunk[_LEADER_LENGTH : base - 1]
    if not base < len(chunk) or chunk[base - 1 : base] != _END_OF_FIELD or len(directory) % _ENTRY_LENGTH:
        return Broken("its directory does not end where the leader says")
    wanted = []
    for at in range(0, len(directory), _ENTRY_LENGTH):
        if directory[at : at + 3] in _WANTED:
            entry = directory[at : at + _ENTRY_LENGTH]
            if not entry.isdigit():
                return Broken("its directory has other characters than digits")
            start = base + int(entry[7:])
            end = start + int(entry[3:7]) - 1
            if chunk[start - 1 : start] != _END_OF_FIELD or chunk.find(_END_OF_FIELD, start) != end:
                return Broken(f"its directory is wrong about field {entry[:3].decode()}")
            wanted.append(entry)
    if any(entry.startswith(_MAIN_AUTHOR) for entry in wanted):
        wanted = [entry for entry in wanted if not entry.startswith(_OTHER_AUTHORS)]
    new_base = _LEADER_LENGTH + _ENTRY_LENGTH * len(wanted) + 1
    length = new_base + len(chunk) - base
    return b"%05d%b%05d%b%b\x1e%b" % (length, chunk[5:12], new_base, chunk[17:24], b"".join(wanted), chunk[base:])


def _decoded(record: bytes, chunk: bytes) -> Record | Broken:
    try:
        if chunk[9:10] == b"a" or _is_utf8(record):
            return Record(record, force_utf8=True)
        return Record(record)
    except NoFieldsFound:
        return Record()
    except _NotMarc8Error:
        return Broken("its text has bytes that are not MARC-8")
    except UnicodeDecodeError:
        return Broken("its text is not in the encoding that the leader says")
    except (PymarcException, ValueError, IndexError) as error:
        return Broken(f"pymarc can't read it ({error or type(error).__name__})")


def _is_utf8(record: bytes) -> bool:
    """Records in UTF-8 whose leader claims MARC-8 are frequent, and nothing with a mark above a letter is both: MARC-8
    puts the mark first. Plain ASCII is both, and UTF-8 is read much faster; but after an escape it is other letters."""
    if _ESCAPE in record:
        return False
    try:
        record.decode()
    except UnicodeDecodeError:
        return False
    return True
