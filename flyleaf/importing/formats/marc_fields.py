"""Where the fields of a record in ISO 2709 lie. Its length, its base address, its directory and the marks between its
fields say so four times: what is damaged in one is made up for by the others, and the report says what was assumed."""

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

END_OF_FIELD, END_OF_RECORD = b"\x1e", b"\x1d"
LEADER_LENGTH, ENTRY_LENGTH = 24, 12  # characters
_CONSTANTS = re.compile(r".{10}22.{8}45..", re.DOTALL)


class Assumed(StrEnum):
    """What was wrong with a record that was read all the same: what stands before the number of such records."""

    LEADER = "Records with a damaged leader, read by their directory"
    LENGTH = "Records with a wrong length in their leader, read up to the mark at their end"
    CHARACTERS = "Records whose lengths count characters instead of bytes, read so"
    DIRECTORY = "Records with wrong lengths in their directory, read by the marks between their fields"
    UTF8 = "Records marked as MARC-8, read as UTF-8"
    MARC8 = "Records marked as UTF-8, read as MARC-8"
    ISO5426 = "Records in ISO 5426, read as such"
    UNIMARC = "Records in UNIMARC, read as such"


class BrokenRecordError(ValueError):
    """The text is the detail of the record's refusal."""


class Entry(NamedTuple):
    """What the directory says of a field."""

    tag: bytes
    length: bytes  # digits, with the mark at its end
    start: bytes  # digits, from the base address on


class Located(NamedTuple):
    """A record taken apart."""

    leader: str  # 24 characters
    fields: Sequence[tuple[bytes, bytes]]  # tag and content of those that are wanted
    assumed: Sequence[Assumed]
    extra: Sequence[tuple[bytes, bytes]]  # of those that are wanted if there is no doubt about them


def located(
    record: bytes, choose: Callable[[set[bytes]], frozenset[bytes]], extra: frozenset[bytes] = frozenset()
) -> Located:
    """Return those fields of a record, up to its end, that `choose` names of all its tags, and those of `extra` that
    are in their places. Raises BrokenRecordError."""
    end = record.find(END_OF_FIELD)
    leader, entries = _directory(record, end)
    wanted = choose({entry.tag for entry in entries})
    of_use = [entry for entry in entries if entry.tag in wanted]
    data = record[end + 1 :]
    assumed = []
    fields = _by_bytes(of_use, data)
    if fields is None and (fields := _by_characters(of_use, data)) is not None:
        assumed.append(Assumed.CHARACTERS)
    if fields is None and (fields := _by_marks(entries, of_use, data)) is not None:
        assumed.append(Assumed.DIRECTORY)
    if fields is None:
        wrong = next(entry.tag for entry in of_use if _by_bytes([entry], data) is None)
        raise BrokenRecordError(f"its directory is wrong about field {wrong.decode()}")
    if not _CONSTANTS.fullmatch(leader) or leader[12:17] != f"{end + 1:05d}":
        assumed.append(Assumed.LEADER)
    if leader[:5] != f"{len(record):05d}":
        # Unless each field has its place, it may be cut off, or hold the beginning of the next one.
        if record.count(END_OF_FIELD) != len(entries) + 1:
            raise BrokenRecordError(f"its leader says that it has {leader[:5]!r} bytes, and it has {len(record):,}")
        if not assumed:
            assumed.append(Assumed.LENGTH)
    further = [entry for entry in entries if entry.tag in extra]
    others = (_by_characters if Assumed.CHARACTERS in assumed else _by_bytes)(further, data)
    return Located(leader, fields, assumed, others or ())


def _directory(record: bytes, end: int) -> tuple[str, list[Entry]]:
    """Return the leader, and what stands between it and the first end of a field."""
    at = LEADER_LENGTH + max(0, end - LEADER_LENGTH) % ENTRY_LENGTH
    leader = record[:at].decode(errors="replace")
    if end < at + ENTRY_LENGTH or len(leader) != LEADER_LENGTH:
        raise BrokenRecordError("its first 24 bytes are no leader of a MARC 21 record")
    return leader, [
        Entry(record[at : at + 3], record[at + 3 : at + 7], record[at + 7 : at + ENTRY_LENGTH])
        for at in range(at, end, ENTRY_LENGTH)
    ]


def _by_bytes(entries: Sequence[Entry], data: bytes) -> list[tuple[bytes, bytes]] | None:
    """Return the fields where the directory says; None where one does not begin or end there."""
    fields = []
    for tag, length, start in entries:
        if not (length.isdigit() and start.isdigit()):
            return None
        begin = int(start)
        stop = begin + int(length) - 1
        if (begin and data[begin - 1 : begin] != END_OF_FIELD) or data.find(END_OF_FIELD, begin) != stop:
            return None
        fields.append((tag, data[begin:stop]))
    return fields


def _by_characters(entries: Sequence[Entry], data: bytes) -> list[tuple[bytes, bytes]] | None:
    """The same for a directory that was made before the text was encoded."""
    text = data.decode(errors="surrogateescape")
    # Every character becomes one byte: where it stands is all that counts.
    fields = None if len(text) == len(data) else _by_bytes(entries, text.encode("ascii", "replace"))
    if fields is None:
        return None
    begins = [int(entry.start) for entry in entries]
    return [
        (tag, text[begin : begin + len(field)].encode(errors="surrogateescape"))
        for begin, (tag, field) in zip(begins, fields, strict=True)
    ]


def _by_marks(entries: Sequence[Entry], of_use: Sequence[Entry], data: bytes) -> list[tuple[bytes, bytes]] | None:
    """Return the fields between the marks, where there are as many as entries, and these are in order."""
    *fields, rest = data.split(END_OF_FIELD)
    starts = [entry.start for entry in entries]
    is_in_order = all(earlier < later for earlier, later in pairwise(starts))
    if rest != END_OF_RECORD or len(fields) != len(entries) or not is_in_order or not b"".join(starts).isdigit():
        return None
    return [(entry.tag, field) for entry, field in zip(entries, fields, strict=True) if entry in of_use]
