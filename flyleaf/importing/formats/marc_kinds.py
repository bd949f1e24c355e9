"""What a MARC record describes, by its leader: a book, or music, a map, a film, a serial …

Most kinds are no books. Some are at times, such as atlases, recordings of books that are read, e-books and yearbooks:
of these the records with an ISBN are taken. So are those whose kind is not known.
"""

# The type of the record, in position 6, where MARC 21 and UNIMARC agree; text (a) is not here.
_TYPES = {
    "c": "notated music", "d": "notated music", "f": "a map in manuscript", "g": "a film or video",
    "j": "a music recording", "k": "a picture", "r": "an object",
}  # fmt: skip
_TYPES_WITH_ISBN = {"e": "a map", "i": "a sound recording"}
# Where they don't: manuscripts are t in MARC 21 and b in UNIMARC, electronic resources m and l.
_MARC21 = _TYPES | {"p": "a collection of materials"}
_MARC21_WITH_ISBN = _TYPES_WITH_ISBN | {"m": "a computer file", "o": "a kit"}
_UNIMARC_WITH_ISBN = _TYPES_WITH_ISBN | {"m": "multimedia"}
# The bibliographic level, in position 7.
_LEVELS_WITH_ISBN = {
    "a": "a part of a book", "b": "an article of a serial", "i": "a resource that is updated", "s": "a serial",
}  # fmt: skip
_FORM, _DOCUMENT = 26, "d"  # MARC 21's position in field 008 that says what kind of computer file it is: an e-book


def other_kind(kind: str, is_unimarc: bool, has_isbn: bool, fixed: str) -> str:
    """Return what the record describes if it is no book, or "". `kind`: its type and level; `fixed`: its field 008."""
    kind_of_record, level = kind[:1], kind[1:2]
    always, without_isbn = (_TYPES, _UNIMARC_WITH_ISBN) if is_unimarc else (_MARC21, _MARC21_WITH_ISBN)
    if kind_of_record in always:
        return always[kind_of_record]
    if has_isbn or (kind_of_record == "m" and not is_unimarc and fixed[_FORM : _FORM + 1] == _DOCUMENT):
        return ""
    return without_isbn.get(kind_of_record) or _LEVELS_WITH_ISBN.get(level, "")
