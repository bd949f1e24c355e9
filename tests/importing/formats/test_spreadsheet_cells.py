"""Cells that a spreadsheet would run as formulas, and the text that people make it keep."""

import random

import pytest

from flyleaf.importing.formats.spreadsheet_cells import protected, typed, unprotected


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-30-", "'-30-"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("'=x", "''=x"),
        ("''-x", "'''-x"),
        ("'Tis pity", "'Tis pity"),
        ("''x", "''x"),
        ("'", "'"),
        ("Dune", "Dune"),
        ("", ""),
    ],
)
def test_what_is_protected(cell: str, safe: str) -> None:
    assert protected(cell) == safe
    assert unprotected(safe) == cell


def test_whatever_was_protected_comes_back() -> None:
    dice = random.Random()
    for _ in range(20_000):
        cell = "".join(dice.choices("''=+-@\t\r\nx\"é ", k=dice.randint(0, 6)))
        assert unprotected(protected(cell)) == cell
        assert typed(protected(cell)) == cell or cell.strip().startswith("=")
        assert not protected(cell).startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('="0441172717"', "0441172717"),
        (' ="0441172717" ', "0441172717"),
        ('="The ""best"" book"', 'The "best" book'),
        ('=""', ""),
        ("=1+1", "=1+1"),
        ('="a', '="a'),
        ("'=1+1", "=1+1"),
        ('\'="1984"', '="1984"'),
        ("'Tis pity", "'Tis pity"),
        (" Dune", " Dune"),
    ],
)
def test_what_was_typed_into_a_cell(cell: str, text: str) -> None:
    assert typed(cell) == text
