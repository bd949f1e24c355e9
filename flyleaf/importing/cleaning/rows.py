"""Turn a table's records into rows that fit the catalogue. Anything that doesn't fit is reported."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flyleaf.importing.cleaning.cells import CellError, RowError, Rule, is_damaged, shown
from flyleaf.importing.fields import IDENTIFIER_COLUMNS, RULES, SERIES
from flyleaf.importing.reporting.findings import Findings
from flyleaf.importing.table import Batch, Reason, Refusal, Table
from flyleaf.isbn import Isbn, IsbnError, RoundedIsbnError, isbn13, parse
from flyleaf.series import BRACKETS, read_title, with_series

# Storable rows by column, like a Batch, in the order of `staged_columns`: isbn13 is "" without an ISBN, or if its check
# digit is wrong, and so are empty cells.
Columns = Sequence[Sequence[str]]
Row = tuple[str, ...]


def staged_columns(table: Table) -> tuple[str, ...]:
    """Return the names of the columns that `clean_columns` yields. Series come from titles, too."""
    return ("line", "isbn13", *(() if SERIES in table.columns else (SERIES,)), *table.columns)


def clean_columns(table: Table, findings: Findings) -> Iterator[tuple[bytes, Columns]]:
    """Yield the rows to store: those already in COPY's format, and the others by column. Problems go to `findings`."""
    rules = [RULES[column] for column in table.columns[1:]]
    identifiers = [place for place, column in enumerate(table.columns[1:]) if column in IDENTIFIER_COLUMNS]
    names = staged_columns(table)
    for batch in table.batches:
        refused = [*batch.refused]
        cleaned = _cleaned(batch, rules, identifiers, findings, refused) if batch.lines else ()
        columns = _with_series(cleaned, names)
        for refusal in sorted(refused, key=lambda refusal: refusal.line):
            findings.refuse(refusal)
        yield batch.copied, columns


def _cleaned(
    batch: Batch, rules: Sequence[Rule], identifiers: Sequence[int], findings: Findings, refused: list[Refusal]
) -> Columns:
    """Return the clean columns. Rows with problems, or with an ISBN that has separators, are cleaned one by one."""
    isbns, *columns = batch.columns
    thirteens = [isbn13(isbn) or "" for isbn in isbns]
    odd = {place for place, isbn in enumerate(isbns) if isbn and not thirteens[place]}
    values = [_column(rule, cells, odd) for rule, cells in zip(rules, columns, strict=True)]
    cleaned = (list(map(str, batch.lines)), thirteens, isbns, *values)
    if not odd:
        return cleaned
    rows: list[Row | None] = list(zip(*cleaned, strict=True))
    for place in sorted(odd):
        cells = tuple(column[place] for column in batch.columns)
        rows[place] = _row(batch.lines[place], cells, rules, identifiers, findings, refused)
    return list(zip(*filter(None, rows), strict=True))


def _with_series(columns: Columns, names: Sequence[str]) -> Columns:
    """Return the columns with the series that titles name in the column of the series."""
    made = list(columns)
    if not made:  # every row was refused
        return made
    if len(made) < len(names):
        made.insert(names.index(SERIES), [""] * len(columns[0]))
    titles, series = list(made[names.index("title")]), list(made[names.index(SERIES)])
    for place, title in enumerate(titles):
        if title.endswith(BRACKETS):
            titles[place], found = read_title(title)
            series[place] = with_series(series[place], found) if found else series[place]
    made[names.index("title")], made[names.index(SERIES)] = titles, series
    return made


def _column(rule: Rule, cells: Sequence[str], odd: set[int]) -> Sequence[str]:
    """Return the clean column, and add the positions of cells that the rule refuses to `odd`."""
    try:
        return rule.column(cells)
    except (RowError, CellError):
        return [_cell_or_odd(rule, cell, place, odd) for place, cell in enumerate(cells)]


def _cell_or_odd(rule: Rule, cell: str, place: int, odd: set[int]) -> str:
    try:
        return rule.cell(cell)
    except (RowError, CellError):
        odd.add(place)
        return ""


def _row(
    line: int,
    cells: Row,
    rules: Sequence[Rule],
    identifiers: Sequence[int],
    findings: Findings,
    refused: list[Refusal],
) -> Row | None:
    """Return the clean row, or None if it is refused."""
    isbn, problem = _isbn(cells[0])
    if problem and problem.spoiled and not any(cells[1 + place].strip() for place in identifiers):
        refused.append(Refusal(line, problem.spoiled, problem.text, cells))
        return None
    try:
        values = [_value(rule, cell, line, findings) for rule, cell in zip(rules, cells[1:], strict=True)]
    except RowError as error:  # from title or author, which come first, so nothing else was reported about the row
        refused.append(Refusal(line, error.reason, str(error), cells))
        return None
    if problem:
        findings.wrong_isbns.add(line, problem.text)
    if isbn is None:
        return str(line), "", "", *values
    if isbn.isbn13 is None:
        findings.wrong_digits.add(line, isbn.isbn)
    return str(line), isbn.isbn13 or "", isbn.isbn, *values


class _IsbnProblem(NamedTuple):
    """What is wrong with the cell of an ISBN."""

    text: str
    spoiled: Reason | None  # by a program, so that the right number may be had where the file is from


def _isbn(cell: str) -> tuple[Isbn | None, _IsbnProblem | None]:
    """Return the ISBN, or what is wrong with it; neither if there is none."""
    if not cell.strip():
        return None, None
    try:
        return parse(cell), None
    except IsbnError as error:
        rounded = Reason.ROUNDED_ISBN if isinstance(error, RoundedIsbnError) else None
        return None, _IsbnProblem(f"isbn {shown(cell)}: {error}", Reason.DAMAGED if is_damaged(cell) else rounded)


def _value(rule: Rule, cell: str, line: int, findings: Findings) -> str:
    try:
        return rule.cell(cell)
    except CellError as error:
        findings.left_empty.add(line, str(error))
        return error.usable
