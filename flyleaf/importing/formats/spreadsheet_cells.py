"""Protect cells against being run as formulas by a spreadsheet, and undo that on import."""

import re

# The start of a formula, possibly after the apostrophes of an already protected cell.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_PROTECTED = re.compile(r"'+[=+\-@\t\r]")
_TEXT_FORMULA = re.compile(r'\s*="(.*)"\s*', re.DOTALL)  # keeps digits as text: ="0441172717"


def protected(cell: str) -> str:
    """Return the cell, with a leading apostrophe if a spreadsheet would run it as a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unprotected(cell: str) -> str:
    """Undo `protected`. A title such as "'Tis pity" is not changed."""
    return cell[1:] if _PROTECTED.match(cell) else cell


def typed(cell: str) -> str:
    """Return the cell's text as a spreadsheet shows it."""
    if not cell or (cell[0] not in "'=" and not cell[0].isspace()):
        return cell
    formula = _TEXT_FORMULA.fullmatch(cell)
    return formula[1].replace('""', '"') if formula else unprotected(cell)
