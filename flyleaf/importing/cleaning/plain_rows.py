"""The fast path from CSV to COPY, for rows that no rule would change, thousands at a time.

Most rows of most files need no cleaning. They are recognised here by array arithmetic on blocks of bytes and converted
to COPY's format. All other rows are left to csv_table, rows.py and cells.py. Both paths give the same result for the
same rows, and tests compare them.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import compress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flyleaf.importing.cleaning.cells import CellError, Rule
from flyleaf.importing.cleaning.markup import may_hold_markup
from flyleaf.importing.fields import RULES, SERIES
from flyleaf.isbn import CHECK_10, CHECK_978, CHECK_979, SUMS
from flyleaf.series import BRACKETS

Bytes = NDArray[np.uint8]
Positions = NDArray[np.intp]
Mask = NDArray[np.bool_]

_TAB, _LF, _CR, _SPACE, _QUOTE, _APOSTROPHE, _EQUALS = b"\t\n\r \"'="
_BRACKETS = np.frombuffer("".join(BRACKETS).encode(), np.uint8)
_KEY = 8  # bytes of a cell that are compared in one operation
_KEY_MASKS = np.array([(1 << 8 * length) - 1 for length in range(_KEY + 1)], np.uint64)
_KNOWN = 1 << 14  # distinct cells in a column's cache

# What a UTF-8 byte implies for its row. It is 0 if all characters that start with it are printable and neither compose
# with the previous character nor decompose (NFC).
_LOOK, _NEVER = 1, 2  # the text must be examined; a rule or COPY would change the row
_SAFE_FIRST_BYTES = {*range(0xC3, 0xCC), 0xCF, 0xD0, 0xD1, 0xD3, *range(0xE4, 0xEA), 0xEB, 0xEC}
_SIGNS = bytearray(256)
for _byte in (*range(32), 127, ord("\\")):
    _SIGNS[_byte] = _NEVER if _byte not in (_TAB, _LF) else 0
for _byte in b"<&":  # of markup
    _SIGNS[_byte] = _LOOK
for _byte in range(0xC0, 0x100):
    _SIGNS[_byte] = _LOOK if _byte not in _SAFE_FIRST_BYTES else 0

_978, _979 = (int.from_bytes(prefix, "little") for prefix in (b"978", b"979"))
# The tables of check digits, by three-digit number and by sum.
_SUMS = [np.array(list(sums.values()), np.int32) for sums in SUMS]
_CHECK_10, _CHECK_978, _CHECK_979 = (
    np.frombuffer(digits.encode(), np.uint8) for digits in (CHECK_10, CHECK_978, CHECK_979)
)
_FOUR_DIGITS = np.frombuffer(b"".join(b"%04d" % number for number in range(10_000)), np.uint8).reshape(-1, 4)


class PlainRows(NamedTuple):
    """The result for the lines of a block."""

    copied: bytes  # plain rows in COPY's text format, with rows.staged_columns
    others: Sequence[tuple[int, str]]  # the other lines with their numbers; each is a complete row
    lines: int  # of both


class PlainReader:
    """Processes blocks of a CSV file with `width` columns. Those at `positions` are the catalogue's `columns`, in this
    order; the first is the isbn."""

    def __init__(self, width: int, positions: Sequence[int], columns: Sequence[str], delimiter: str) -> None:
        self._width = width
        self._positions = tuple(positions)
        named = dict(zip(columns, positions, strict=True))
        self._title, self._series = named["title"], named.get(SERIES)
        rules = [(named[name], RULES[name]) for name in columns[1:] if name != SERIES]
        self._texts = [(position, rule) for position, rule in rules if rule.longest]
        self._forms = [(position, rule.form.fullmatch) for position, rule in rules if rule.form]
        self._few = [(position, _FewCells(rule)) for position, rule in rules if not (rule.longest or rule.form)]
        self._delimiter = ord(delimiter)
        # COPY separates cells with tabs. A tab inside a cell becomes a character that no plain row contains.
        self._tabs = bytes.maketrans(b"\t" + delimiter.encode(), b"\x01\t") if delimiter != "\t" else None

    def read(self, text: str, first: int) -> PlainRows | None:
        """Process complete lines, numbered from `first`. Return None if the rows can't be separated by arithmetic:
        misplaced quotes, multi-line cells, lines that end with CR, or damaged bytes."""
        try:
            block = (text if text.endswith("\n") else text + "\n").encode()
        except UnicodeEncodeError:
            return None
        tabbed = self._tabbed(block)
        if tabbed is None:
            return None
        padded = tabbed.tobytes() + bytes(2 * _KEY)  # so that an ISBN can be read at any cell's start
        rows = _Rows(tabbed, padded, self._width)
        isbn13, plain = _isbn13(rows, self._positions[0])
        plain &= self._are_plain(rows)
        of_line = np.zeros(len(rows.lines), np.bool_)
        of_line[rows.whole] = plain
        _look(rows, of_line)
        numbers = np.arange(first, first + len(of_line))
        lines = list(compress(rows.lines, of_line.tolist()))
        copied = self._copied(numbers[of_line], isbn13[of_line[rows.whole]], lines)
        return PlainRows(copied, _lines_at(block, np.flatnonzero(~of_line), first), len(of_line))

    def _tabbed(self, block: bytes) -> Bytes | None:
        """Return the block with tabs between cells, LF as line ends, and without the quotes around cells."""
        source = np.frombuffer(block, np.uint8)
        tabbed = np.frombuffer(bytearray(block).translate(self._tabs), np.uint8)
        returns = np.flatnonzero(source == _CR) if b"\r" in block else np.empty(0, np.intp)
        quotes = np.flatnonzero(source == _QUOTE) if b'"' in block else returns[:0]
        if (source[returns + 1] != _LF).any() or len(quotes) % 2:
            return None
        kept = np.ones(len(block), np.bool_)
        kept[returns] = False
        kept[quotes] = False
        if len(quotes):
            opening, closing = quotes[::2], quotes[1::2]
            before, after = source[opening - 1], source[closing + 1]  # index -1 is the final LF
            doubled = before == _QUOTE
            begin = doubled | (before == self._delimiter) | (before == _LF)
            end = (after == _QUOTE) | (after == self._delimiter) | (after == _LF) | (after == _CR)
            inside = _ranges(opening, closing)
            quoted = source[inside]
            if not (begin.all() and end.all()) or (quoted == _LF).any():
                return None
            tabbed[inside[quoted == self._delimiter]] = self._delimiter if self._tabs else 1
            kept[opening[doubled]] = True
        return tabbed[kept] if len(quotes) or len(returns) else tabbed

    def _are_plain(self, rows: "_Rows") -> Mask:
        """Return which rows no rule would change, as far as this is visible without examining letters."""
        plain: Mask = (rows.signs < _NEVER) & ~rows.has_odd_space
        for position, rule in self._texts:
            lengths = rows.lengths(position)  # in bytes: at least as many as characters
            first = rows.padded[rows.starts[position]]
            plain &= (lengths >= rule.required) & (lengths <= rule.longest)
            plain &= (first != _APOSTROPHE) & (first != _EQUALS)  # spreadsheets' marks for text
        # A series is written in one of many forms, in its own cell or in a bracket that ends the title.
        plain &= ~np.isin(rows.padded[rows.stops[self._title] - 1], _BRACKETS)
        if self._series is not None:
            plain &= rows.lengths(self._series) == 0
        for position, matches in self._forms:
            plain &= np.fromiter(map(matches, rows.cells(position)), np.bool_, len(plain))
        for position, few in self._few:
            plain &= few.are_plain(rows.keys(position), rows.lengths(position))
        return plain

    def _copied(self, numbers: Positions, isbn13: Bytes, lines: list[bytes]) -> bytes:
        size = 27 if self._series is not None else 28  # then the series follows, an empty cell
        front = np.full((len(lines), size), _TAB, np.uint8)
        millions, rest = np.divmod(numbers, 10**8)
        thousands, ones = np.divmod(rest, 10**4)
        front[:, 0:4], front[:, 4:8], front[:, 8:12] = (_FOUR_DIGITS[part] for part in (millions, thousands, ones))
        front[:, 13:26] = isbn13
        parts = [b""] * (2 * len(lines))
        parts[::2] = front.view(f"S{size}").ravel().tolist()
        parts[1::2] = lines if self._positions == tuple(range(self._width)) else self._in_order(lines)
        return b"".join(parts)

    def _in_order(self, lines: list[bytes]) -> list[bytes]:
        """Return the lines with only the cells at the positions."""
        cells = b"".join(lines).replace(b"\n", b"\t").split(b"\t")
        columns = [cells[position : -1 : self._width] for position in self._positions]
        return [row + b"\n" for row in map(b"\t".join, zip(*columns, strict=True))]


class _Rows:
    """The lines of a tab-separated block, and the positions of the cells in lines that have `width` cells."""

    def __init__(self, tabbed: Bytes, padded: bytes, width: int) -> None:
        self.lines = padded.splitlines(keepends=True)[:-1]  # without the padding
        stops = np.flatnonzero((tabbed == _TAB) | (tabbed == _LF))
        last = np.flatnonzero(tabbed[stops] == _LF)
        widths = np.diff(last, prepend=-1)
        ends = stops[last]
        begins = np.concatenate((ends[:0], [0], ends[:-1] + 1))
        self.whole: Mask = widths == width
        if not self.whole.all():
            stops = stops[np.repeat(self.whole, widths)]
        self.stops = np.ascontiguousarray(stops.reshape(-1, width).T)  # by column
        self.starts = np.vstack((begins[self.whole], self.stops[:-1] + 1))
        self._block = padded
        self.padded = np.frombuffer(padded, np.uint8)
        signs = np.frombuffer(padded.translate(_SIGNS), np.uint8)[: len(tabbed)]
        self._words: NDArray[np.uint64] = np.ndarray(len(tabbed), "<u8", padded, strides=(1,))
        self.signs: Bytes = np.bitwise_or.reduceat(signs, begins)[self.whole]
        self.has_odd_space = _have_odd_space(tabbed, ends)[self.whole]

    def lengths(self, position: int) -> Positions:
        lengths: Positions = self.stops[position] - self.starts[position]
        return lengths

    def cells(self, position: int) -> Iterator[bytes]:
        places = zip(self.starts[position].tolist(), self.stops[position].tolist(), strict=True)
        return (self._block[start:stop] for start, stop in places)

    def words(self, starts: Positions) -> NDArray[np.uint64]:
        """Return the _KEY bytes at each of the positions."""
        return self._words[starts]

    def keys(self, position: int) -> NDArray[np.uint64]:
        """Return the first _KEY bytes of the cells, padded with 0."""
        return self.words(self.starts[position]) & _KEY_MASKS[np.minimum(self.lengths(position), _KEY)]


class _FewCells:
    """A column with few distinct cells, whose rule is called once for each."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._plain = np.zeros(1, np.uint64)  # sorted keys of cells that the rule doesn't change; 0: empty

    def are_plain(self, keys: NDArray[np.uint64], lengths: Positions) -> Mask:
        plain: Mask = self._plain.take(np.searchsorted(self._plain, keys), mode="clip") == keys
        plain &= lengths <= _KEY
        if not plain.all():
            new = set(keys[~plain & (lengths <= _KEY)].tolist())
            found = np.array(sorted(filter(self._is_plain, new)), np.uint64)
            plain |= np.isin(keys, found) & (lengths <= _KEY)
            if len(self._plain) + len(found) <= _KNOWN:
                self._plain = np.insert(self._plain, np.searchsorted(self._plain, found), found)
        return plain

    def _is_plain(self, key: int) -> bool:
        cell = key.to_bytes(_KEY, "little").rstrip(b"\0").decode()
        try:
            return self._rule.cell(cell) == cell
        except CellError:
            return False


def _isbn13(rows: _Rows, position: int) -> tuple[Bytes, Mask]:
    """Return each row's ISBN-13, and whether it is valid: without separators and with a valid check digit."""
    lengths, starts = rows.lengths(position), rows.starts[position]
    long = lengths == 13
    prefix = np.where(long, rows.words(starts) & 0xFFFFFF, _978)
    begin = starts + 3 * long
    isbn13 = np.empty((len(begin), 13), np.uint8)
    isbn13[:, :3] = prefix.astype("<u4").view(np.uint8).reshape(-1, 4)[:, :3]
    isbn13[:, 3:11] = rows.words(begin).view(np.uint8).reshape(-1, 8)
    isbn13[:, 11] = rows.padded[begin + 8]
    values = isbn13[:, 3:12] - ord("0")  # 10 or more if not a digit
    is_number = values.max(axis=1, initial=0) < 10
    digits = np.minimum(values, 9).T.astype(np.int32)
    threes = digits[0::3] * 100 + digits[1::3] * 10 + digits[2::3]
    sums = _SUMS[0][threes[0]] + _SUMS[1][threes[1]] + _SUMS[2][threes[2]]
    tens, thirteens = sums >> 10, sums & 1023
    isbn13[:, 12] = np.where(prefix == _978, _CHECK_978[thirteens], _CHECK_979[thirteens])
    check = np.where(long, isbn13[:, 12], _CHECK_10[tens])
    valid = (long | (lengths == 10)) & ((prefix == _978) | (prefix == _979)) & (rows.padded[begin + 9] == check)
    return isbn13, valid & is_number


def _look(rows: _Rows, plain: Mask) -> None:
    """Remove lines from the mask `plain` whose text is not in NFC, contains unprintable characters or may contain
    markup."""
    doubtful = np.zeros(len(plain), np.bool_)
    doubtful[rows.whole] = rows.signs == _LOOK
    doubtful &= plain
    joined = b"".join(compress(rows.lines, doubtful.tolist())).decode().replace("\t", " ")
    texts = joined.split("\n")[:-1]
    plain[doubtful] = [text.isprintable() and unicodedata.is_normalized("NFC", text) for text in texts]
    if may_hold_markup(joined):
        plain[doubtful] &= [not may_hold_markup(text) for text in texts]


def _have_odd_space(tabbed: Bytes, ends: Positions) -> Mask:
    """Return which lines have a space at either end of a cell, or two in a row."""
    space = tabbed == _SPACE
    edge = space | (tabbed <= _LF)
    odd = np.flatnonzero(space & (np.roll(edge, 1) | np.roll(edge, -1)))  # before the first byte stands the last, a LF
    mask = np.zeros(len(ends), np.bool_)
    mask[np.searchsorted(ends, odd)] = True
    return mask


def _lines_at(block: bytes, places: Positions, first: int) -> list[tuple[int, str]]:
    """Return the lines at these places with their numbers."""
    if not len(places):
        return []
    ends = np.flatnonzero(np.frombuffer(block, np.uint8) == _LF)
    begins = np.where(places > 0, ends[places - 1] + 1, 0)
    return [
        (first + place, block[begin : end + 1].decode())
        for place, begin, end in zip(places.tolist(), begins.tolist(), ends[places].tolist(), strict=True)
    ]


def _ranges(low: Positions, high: Positions) -> Positions:
    """Return all positions from each low up to, but not including, its high."""
    counts = high - low
    skipped = np.cumsum(counts) - counts
    return np.repeat(low - skipped, counts) + np.arange(counts.sum())
