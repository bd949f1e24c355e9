"""Turn a table's records into rows that fit the catalogue. Anything that doesn't fit is reported."""

from collections.abc import Iterator, Sequence

from flyleaf.importing.cleaning.cells import CellError, RowError, Rule, is_damaged, shown
from flyleaf.importing.fields import RULES, SERIES
from flyleaf.importing.reporting.findings import Findings
from flyleaf.importing.table import Batch, Reason, Refusal, Table
from flyleaf.isbn import IsbnError, RoundedIsbnError, isbn13, parse
from flyleaf.series import BRACKETS, read_title, with_series

# Storable rows by column, like a Batch, in the order of `staged_columns`: isbn13 is "" if the check digit is wrong, and
# so are empty cells.
Columns = Sequence[Sequence[str]]
Row = tuple[str, ...]


def staged_columns(table: Table) -> tuple[str, ...]:
    """Return the names of the columns that `clean_columns` yields. Series come from titles, too."""
    return ("line", "isbn13", *(() if SERIES in table.columns else (SERIES,)), *table.columns)


def clean_columns(table: Table, findings: Findings) -> Iterator[tuple[bytes, Columns]]:
    """Yield the rows to store: those already in COPY's format, and the others by column. Problems go to `findings`."""
    rules = [RULES[column] for column in table.columns[1:]]
    names = staged_columns(table)
    for batch in table.batches:
        refused = [*batch.refused]
        columns = _with_series(_cleaned(batch, rules, findings, refused), names) if batch.lines else ()
        for refusal in sorted(refused, key=lambda refusal: refusal.line):
            findings.refuse(refusal)
        yield batch.copied, columns


def _cleaned(batch: Batch, rules: Sequence[Rule], findings: Findings, refused: list[Refusal]) -> Columns:
    """Return the clean columns. Rows with problems, or with an ISBN that has separators, are cleaned one by one."""
    isbns, *columns = batch.columns
    thirteens = [isbn13(isbn) or "" for isbn in isbns]
    odd = {place for place, thirteen in enumerate(thirteens) if not thirteen}
    values = [_column(rule, cells, odd) for rule, cells in zip(rules, columns, strict=True)]
    cleaned = (list(map(str, batch.lines)), thirteens, isbns, *values)
    if not odd:
        return cleaned
    rows: list[Row | None] = list(zip(*cleaned, strict=True))
    for place in sorted(odd):
        cells = tuple(column[place] for column in batch.columns)
        rows[place] = _row(batch.lines[place], cells, rules, findings, refused)
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


def _row(line: int, cells: Row, rules: Sequence[Rule], findings: Findings, refused: list[Refusal]) -> Row | None:
    """Return the clean row, or None if it is refused."""
    try:
        isbn = parse(cells[0])
        values = [_value(rule, cell, line, findings) for rule, cell in zip(rules, cells[1:], strict=True)]
    except IsbnError as error:
        refused.append(Refusal(line, _reason(cells[0], error), f"isbn {shown(cells[0])}: {error}", cells))
        return None
    except RowError as error:  # from title or author, which come first, so nothing else was reported about the row
        refused.append(Refusal(line, error.reason, str(error), cells))
        return None
    if isbn.isbn13 is None:
        findings.wrong_digits.add(line, isbn.isbn)
    return str(line), isbn.isbn13 or "", isbn.isbn, *values


def _reason(cell: str, error: IsbnError) -> Reason:
    if not cell.strip():
        return Reason.NO_ISBN
    if is_damaged(cell):
        return Reason.DAMAGED
    return Reason.ROUNDED_ISBN if isinstance(error, RoundedIsbnError) else Reason.WRONG_ISBN


def _value(rule: Rule, cell: str, line: int, findings: Findings) -> str:
    try:
        return rule.cell(cell)
    except CellError as error:
        findings.left_empty.add(line, str(error))
        return error.usable
