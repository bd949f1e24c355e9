"""Turn MARC records, of MARC 21 or UNIMARC, into a table, whether from ISO 2709 or MARCXML."""

from collections.abc import Container, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from pymarc import Field

from flyleaf.importing.cleaning.cells import is_damaged, shown
from flyleaf.importing.formats import marc21, unimarc
from flyleaf.importing.formats.marc21 import Fields, Row
from flyleaf.importing.formats.marc_kinds import other_kind
from flyleaf.importing.table import ROWS_AT_ONCE, Batch, Reason, Refusal, Table


class MarcRecord(NamedTuple):
    """The fields of a record that are used, and `kind`, the type and level in its leader, if that can be read."""

    fields: Sequence[Field]
    kind: str


class Broken(NamedTuple):
    """A record that can't be read."""

    problem: str  # the detail of its refusal


def is_unimarc(tags: Container[str]) -> bool:
    """Return whether the record is UNIMARC: its title is in 200, which MARC 21 doesn't have, instead of 245."""
    return "200" in tags and "245" not in tags


def table_of(records: Iterator[MarcRecord | Broken]) -> Table:
    """Return the table of the records' books."""
    return Table(Row._fields, (), _batches(enumerate(records, 1)), unit="record")


def _batches(numbered: Iterator[tuple[int, MarcRecord | Broken]]) -> Iterator[Batch]:
    while True:
        numbers: list[int] = []
        rows: list[Row] = []
        refused: list[Refusal] = []
        for number, record in islice(numbered, ROWS_AT_ONCE):  # records are large, so none is kept
            row = _row(number, record)
            if isinstance(row, Refusal):
                refused.append(row)
            else:
                numbers.append(number)
                rows.append(row)
        if not rows and not refused:
            return
        yield Batch(numbers, list(zip(*rows, strict=True)) or [()] * len(Row._fields), refused)


def _fixed(fields: Fields) -> str:
    return next((field.data or "" for field in fields.get("008", ())), "")


def _row(number: int, record: MarcRecord | Broken) -> Row | Refusal:
    if isinstance(record, Broken):
        return Refusal(number, Reason.UNREADABLE, record.problem, ())
    fields: Fields = {}
    for field in record.fields:
        fields.setdefault(field.tag, []).append(field)
    form, title_field = (unimarc, "200") if is_unimarc(fields) else (marc21, "245")
    row: Row = form.row(fields)
    named = f"isbn {shown(row.isbn)}" if row.isbn else row.identifiers.partition(" ")[0] or "it"
    if other := other_kind(record.kind, form is unimarc, bool(row.isbn), _fixed(fields)):
        return Refusal(number, Reason.NO_BOOK, f"{named} is {other} ({record.kind!r} in its leader)", row)
    if not row.title:
        return Refusal(number, Reason.NO_TITLE, f"{named} has no title (field {title_field})", row)
    if damaged := [name for name in ("title", "author") if is_damaged(getattr(row, name))]:
        encoding = "ISO 5426" if form is unimarc else "MARC-8"
        problem = f"its {' and '.join(damaged)} can be read neither as UTF-8 nor as {encoding}: export it in UTF-8"
        return Refusal(number, Reason.DAMAGED, problem, row)
    return row
