"""Read the Library of Congress's class marks: which shelf a book is on, and whose work it is.

A literary author's books share a class mark with books about the author: PS3561.I483 is for works by Stephen King and
for works about him. The mark is made from the name of the author whom the books are by or about, so comparing it with
the record's author tells the two kinds apart.
"""

import re

from scripts.catalogue_cleaning import plain

SHELVES = (
    ("children", r"PZ(?:[5-9]|\d\d)"),
    ("literature", r"PZ[134]\b|P[ABCGHJ-LQ-T]\d|MLC.*\(P\)"),
    ("history", r"[DEF][A-X]?\d|C[BT]\d|G[1-9]\d{0,2}\b"),
    ("ideas", r"B[CDFHJLQ]?\d|H[MNQVX]\d"),
    ("science", r"Q[BCDEHKLMPR]?\d"),
    ("arts", r"N[A-EKX]?\d|ML\d|TR\d|PN199[3-9]"),
    ("home", r"TX\d|S[BF]\d|GV\d"),
)

# In these ranges the number stands for the first letter of the name, with two numbers or one number for each letter.
LETTERS_BY_TWO = "ABCDEFGHIJKLMNOPQRSTUVWYZ"
LETTERS_BY_ONE = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BLOCKS_BY_TWO = (("PS", 3501), ("PR", 6001), ("PQ", 2601), ("PQ", 4801), ("PQ", 6601), ("PT", 2601))
BLOCKS_BY_ONE = (
    *(("PS", 3551), ("PS", 3601), ("PR", 6051), ("PR", 6101), ("PQ", 2661), ("PQ", 4861), ("PQ", 6651)),
    *(("PT", 2661), ("PG", 7160)),
)
AUTHOR_MARK = re.compile(r"([A-Z]{2})(\d+)(?:\.(\d+))?\s?\.([A-Z])\d")

DULL = re.compile(
    r"\b(?:proceedings|workshop|symposi\w+|conferences?|congress|papers|reports?|thesis|handbook|manual|guide(?:book)?"
    r"|directory|bibliograph\w+|catalog\w*|index|census|genealog\w+|textbook|workbook|teach(?:er|ing)s?|curriculum"
    r"|introduction to|dictionary|encyclopedia|critic\w+|companion to|poetics|rhetoric|discourse|hermeneutic\w*"
    r"|narratolog\w+|phenomenolog\w+|epistemolog\w+|semiotic\w*|scholarship|readings in|essays on|studies|statistic\w*"
    r"|exhibition|exposici[oó]n|exposition|ausstellung|mostra|actas|congreso|jornadas|tesis|festschrift|kongress"
    r"|catálogo|katalog|untersuchung\w*|étude|estudios?|lettura|lectura|dummies|idiot's|exams?|kaplan)\b",
    re.IGNORECASE,
)
TIE_IN = re.compile(
    r"\b(?:disney\w*|barbie|pok[eé]mon|star wars|star trek|nickelodeon|rugrats|scooby|teletubbies|digimon|powerpuff"
    r"|novelization|sticker\w*|colou?ring|activity book|movie|blue's clues|sesame|elmo\w*|tank engine|toy story"
    r"|based on the (?:screenplay|teleplay|motion picture|film|movie|tv)|7th heaven|ace ventura|presentation"
    r"|rescue heroes|lego|dragon tales|nintendo|wishbone|star-studded|pop-up|lift-the-flap|storybook|board book"
    r"|pajama sam|freddi fish|putt-putt|sweet valley|x-files|buffy|olsen)\b",
    re.IGNORECASE,
)


def shelf_of(lcc: str) -> str:
    """Return the shelf's name, or an empty string for subjects that aren't for the general public."""
    return next((shelf for shelf, marks in SHELVES if re.match(marks, lcc)), "")


def is_dull(title: str) -> bool:
    """Return whether the title suggests a textbook, a trade book, criticism, or a film or toy tie-in."""
    return bool(DULL.search(title) or TIE_IN.search(title))


def writes_own_work(lcc: str, author: str) -> bool:
    """Return whether the class mark is made from this author's name, as far as it names anyone."""
    mark = AUTHOR_MARK.match(lcc)
    if not mark:
        return lcc.startswith(("PZ", "MLC"))
    letters, number, decimal, cutter = mark.groups()
    initial = _initial(letters, int(number), decimal)
    beginning = (initial + cutter if initial else cutter).casefold()
    return any(word.startswith(beginning) for word in plain(author).split()[1:])


def _initial(letters: str, number: int, decimal: str | None) -> str:
    """Return the first letter of the name if the number before the cutter encodes it (.11 is A, .36 is Z)."""
    if decimal and re.fullmatch(r"1[1-9]|2\d|3[0-6]", decimal):
        return LETTERS_BY_ONE[int(decimal) - 11]
    for alphabet, width, blocks in ((LETTERS_BY_TWO, 2, BLOCKS_BY_TWO), (LETTERS_BY_ONE, 1, BLOCKS_BY_ONE)):
        for block_letters, first in blocks:
            if letters == block_letters and 0 <= (number - first) // width < len(alphabet):
                return alphabet[(number - first) // width]
    return ""
