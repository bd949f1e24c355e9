"""From a table's records to rows that the catalogue can hold. What it can't hold is told, never lost in silence."""

from collections.abc import Iterator, Sequence

from flyleaf.importing.cells import RULES, CellError, RowError, Rule, shown
from flyleaf.importing.findings import Findings
from flyleaf.importing.table import Batch, Reason, Refusal, Table
from flyleaf.isbn import IsbnError, isbn13, parse

# Rows that can be stored, turned like a Batch: line, isbn, isbn13 ("": the check digit is wrong), then a column of
# clean cells ("": none) for each of the table's columns behind isbn.
Columns = Sequence[Sequence[str]]


def clean_columns(table: Table, findings: Findings) -> Iterator[Columns]:
    """What can be stored; what is wrong with the other rows, or with their cells, goes to `findings`."""
    rules = [RULES[column] for column in table.columns[1:]]
    for batch in table.batches:
        try:
            columns = _at_once(batch, rules)
        except (IsbnError, RowError, CellError):
            columns = _row_by_row(batch, rules, findings)
        yield columns


def _at_once(batch: Batch, rules: list[Rule]) -> Columns:
    """Raises where something is to be told of a row, or an ISBN is not compact."""
    isbns, *columns = batch.columns
    thirteens = [isbn13(isbn) or "" for isbn in isbns]
    if "" in thirteens:
        raise IsbnError("one has hyphens, or a wrong check digit, or is none")
    values = [rule.column(cells) for rule, cells in zip(rules, columns, strict=True)]
    return [list(map(str, batch.lines)), isbns, thirteens, *values]


def _row_by_row(batch: Batch, rules: list[Rule], findings: Findings) -> Columns:
    """The same for a batch at which a closer look is needed."""
    rows = []
    for line, cell, *cells in zip(batch.lines, *batch.columns, strict=True):
        try:
            isbn = parse(cell)
            values = [_value(rule, value, line, findings) for rule, value in zip(rules, cells, strict=True)]
        except IsbnError as error:
            detail = f"isbn {shown(cell)}: {error}"
            findings.refuse(Refusal(line, Reason.WRONG_ISBN, detail, (cell, *cells)))
        except RowError as error:  # of title or author, which come first: nothing else has been told of the row
            findings.refuse(Refusal(line, error.reason, str(error), (cell, *cells)))
        else:
            if isbn.isbn13 is None:
                findings.wrong_digits.add(line, isbn.isbn)
            rows.append((str(line), isbn.isbn, isbn.isbn13 or "", *values))
    return list(zip(*rows, strict=True))


def _value(rule: Rule, cell: str, line: int, findings: Findings) -> str:
    try:
        return rule.cell(cell)
    except CellError as error:
        findings.left_empty.add(line, str(error))
        return ""
