"""Whole numbers that visitors send, bounded before anything computes with them.

Python refuses to convert more than 4,300 digits, and a number of 309 digits doesn't fit into a float.
"""

import re

BEYOND = 10**18  # more than any limit
_WHOLE_NUMBER = re.compile(r"\s*([+-]?)(\d+)\s*")


def whole_number(text: str) -> int | None:
    """Return the whole number that is written in `text`, in the digits of any script, or None if there is none.

    Numbers of more than 18 digits become BEYOND or its negative.
    """
    found = _WHOLE_NUMBER.fullmatch(text)
    if found is None:
        return None
    sign, digits = found.groups()
    number = int(digits) if len(digits) <= 18 else BEYOND
    return -number if sign == "-" else number
