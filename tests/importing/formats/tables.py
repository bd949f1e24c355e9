"""A file of a format as its reader gives it, recognised by what stands in it."""

from dataclasses import dataclass
from pathlib import Path

from flyleaf.importing.formats import format_of
from flyleaf.importing.reading.source import open_source
from flyleaf.importing.table import Refusal, Table
from tests.importing.files import written


@dataclass(frozen=True)
class Read:
    """Everything that the reader gave."""

    format: str
    table: Table
    records: list[tuple[str, ...]]
    lines: list[int]  # of the records
    refused: list[Refusal]
    remarks: list[str]

    def column(self, name: str) -> list[str]:
        position = self.table.columns.index(name)
        return [record[position] for record in self.records]


def read_file(folder: Path, content: str | bytes) -> Read:
    """Raises UnusableFileError."""
    with open_source(written(folder, content)) as source:
        reader = format_of(source)
        table = reader.read(source)
        batches = list(table.batches)
        for batch in batches:
            assert [len(column) for column in batch.columns] == [len(batch.lines)] * len(table.columns)
        return Read(
            reader.NAME,
            table,
            [record for batch in batches for record in zip(*batch.columns, strict=True)],
            [line for batch in batches for line in batch.lines],
            [refusal for batch in batches for refusal in batch.refused],
            source.remarks,
        )
