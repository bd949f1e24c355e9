"""Cells that a spreadsheet would run as formulas, on the way out of the catalogue and back in."""

import re

# What spreadsheets take for the beginning of a formula, behind the apostrophes of a cell that was protected before.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_PROTECTED = re.compile(r"'+[=+\-@\t\r]")
_TEXT_FORMULA = re.compile(r'\s*="(.*)"\s*', re.DOTALL)  # by which digits stay text: ="0441172717"


def protected(cell: str) -> str:
    """The cell as text for every spreadsheet: behind an apostrophe, where it would be a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unprotected(cell: str) -> str:
    """What `protected` was given. A title such as "'Tis pity" is left as it is."""
    return cell[1:] if _PROTECTED.match(cell) else cell


def typed(cell: str) -> str:
    """What stands in the cell for whoever looks at it in a spreadsheet."""
    if not cell or (cell[0] not in "'=" and not cell[0].isspace()):
        return cell
    formula = _TEXT_FORMULA.fullmatch(cell)
    return formula[1].replace('""', '"') if formula else unprotected(cell)
