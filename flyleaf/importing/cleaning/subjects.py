"""Clean subjects: split a cell, fold each subject to its id, and leave out what is none.

The catalogue stores the ids at the book, so that a merge compares and stores them like any other column. The names go
to the database beside the rows.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple, TextIO

from flyleaf.importing.cleaning.cells import is_damaged, one_line, shown
from flyleaf.importing.cleaning.punctuation import without_end_marks
from flyleaf.importing.reporting.findings import Findings
from flyleaf.limits import SUBJECT_NAME_MAX, SUBJECTS_MAX
from flyleaf.subjects import subject_id, subject_key

KNOWN_MAX = 1 << 17  # spellings in memory; a name that is forgotten is sent to the database again, which has it
KNOWN_LONGEST = 200  # characters; longer spellings hardly come again

_SEPARATORS = re.compile("[;|]")
_LIST = re.compile(r"\[(.*)\]", re.DOTALL)  # "['Fiction', 'Fantasy']", as a program prints a list
_QUOTES = "'\"‘’“” "
_SUBDIVISIONS = re.compile(r"\s*--\s*|\s+>\s+")  # of a heading in a library's catalogue
_LEVELS = re.compile(r"\s+/\s+")  # of the book trade's: "FICTION / Fantasy / General"
_JOINED = " — "
# Forms stand behind any heading: "Dogs -- Fiction" is of the subjects Dogs and Fiction.
_FORMS = frozenset(
    "fiction juvenile-fiction juvenile-literature biography juvenile-biography poetry drama humor anecdotes essays "
    "comic-books-strips-etc correspondence diaries quotations sermons cookbooks guidebooks textbooks dictionaries "
    "encyclopedias periodicals bibliography".split()
)
_ROMAN = re.compile("[IVX]+")
_ENOUGH_LETTERS = 5  # of a word in capitals that is no abbreviation

# Keys of what says nothing of the book: how a library lends it, and a reader's shelves.
_NO_SUBJECTS = frozenset(
    "accessible-book protected-daisy in-library overdrive internet-archive-wishlist lending-library large-type-books "
    "open-library-staff-picks open-syllabus-project general "
    "to-read toread to-buy to-be-read tbr want-to-read wishlist wish-list currently-reading now-reading read "
    "unread already-read re-read did-not-finish dnf abandoned stopped-reading owned i-own books-i-own my-books "
    "my-library own-it library borrowed lent favorites favourites favorite favoritos default to-be-reviewed reviewed "
    "ebook ebooks e-book e-books kindle kobo nook epub pdf audiobook audiobooks audible audio hardcover paperback "
    "quero-ler lendo lidos lido leidos leido por-leer leyendo quiero-leer".split()
)
# "2017-reading-challenge", "read in 2019", "2021": a reader's years, and numbers.
_READ, _YEAR = re.compile(r"\bread(?:ing|s)?\b"), re.compile(r"\b(?:19|20)\d\d\b")
_MACHINE_TAG = re.compile(r"[a-z_]+:\S.*|.*[=@{}].*|(?:https?|www)\b.*", re.IGNORECASE)
# Of the Library of Congress (PS3558.E63, QA76.73.P98 L88), Dewey's (813/.54, 823.914) and the book trade's (FIC033000).
_CALL_NUMBER = re.compile(r"[A-Z]{1,3} ?[0-9]{1,4}(?:\.[0-9]+)?(?: ?\.[A-Z][0-9]+.*)|[A-Z]{3}[0-9]{6}|[0-9./\[\] -]+")


class _Told(NamedTuple):
    """What became of a spelling: the ids to store, and what the operator is told."""

    ids: tuple[str, ...]
    problems: tuple[str, ...] = ()


class SubjectIds:
    """Turns the cells of an import into ids. The names of those that it met first are written to `names`, in COPY's
    text format: id, key, name."""

    def __init__(self, names: TextIO, findings: Findings) -> None:
        self._names = names
        self._findings = findings
        self._known: dict[str, _Told] = {}
        self._written: set[str] = set()
        self._left_out: list[tuple[int, str]] = []

    def arrays(self, lines: Sequence[str], cells: Sequence[str]) -> list[str]:
        """Return an array of ids for each cell, "" for one without subjects."""
        return [self._array(line, cell) if cell else "" for line, cell in zip(lines, cells, strict=True)]

    def report(self) -> None:
        """Report what was left out since the last call, in the order of the lines."""
        for line, problem in sorted(self._left_out, key=itemgetter(0)):
            self._findings.no_subjects.add(line, problem)
        self._left_out.clear()

    def _array(self, line: str, cell: str) -> str:
        ids: dict[str, None] = {}
        for spelling in split(cell):
            told = self._known.get(spelling) or self._learn(spelling)
            ids.update(dict.fromkeys(told.ids))
            self._left_out += ((int(line), problem) for problem in told.problems)
        kept = list(ids)
        if len(kept) > SUBJECTS_MAX:
            problem = f"it has {len(kept)} subjects, of which the first {SUBJECTS_MAX} are kept"
            self._left_out.append((int(line), problem))
            del kept[SUBJECTS_MAX:]
        return f"{{{','.join(kept)}}}" if kept else ""

    def _learn(self, spelling: str) -> _Told:
        if max(len(self._known), len(self._written)) >= KNOWN_MAX:
            self._known.clear()
            self._written.clear()
        told = self._told(spelling)
        if len(spelling) <= KNOWN_LONGEST:
            self._known[spelling] = told
        return told

    def _told(self, spelling: str) -> _Told:
        if _is_mark(spelling):
            return _Told((), (f"{shown(spelling)} is no subject",))
        ids, problems = [], []
        for name in names_in(spelling):
            if problem := problem_of(name):
                problems.append(problem)
                continue
            key = subject_key(name)
            number = str(subject_id(key))
            ids.append(number)
            if number not in self._written:
                self._written.add(number)
                self._names.write("\t".join((number, key, name.replace("\\", "\\\\"))) + "\n")
        return _Told(tuple(ids), tuple(problems))


def split(cell: str) -> list[str]:
    """Return the subjects in a cell as they are spelled: between semicolons or bars, and where there are none,
    between commas."""
    text = cell.strip()
    if printed := _LIST.fullmatch(text):
        text = printed[1]
    parts = _SEPARATORS.split(text) if ";" in text or "|" in text else text.split(",")
    if printed:
        parts = [part.strip(_QUOTES) for part in parts]
    return [part for part in map(str.strip, parts) if part]


def joined(names: Iterable[str]) -> str:
    """Return a cell from which `split` makes these names."""
    return " ".join(f"{_SEPARATORS.sub(',', name.strip())};" for name in names if name.strip())


def subdivided(heading: str, subdivisions: Sequence[str]) -> Iterator[str]:
    """Yield the heading, the same with its first subdivision ("Dogs — Training"), and forms on their own."""
    yield heading
    forms = [part for part in subdivisions if subject_key(part) in _FORMS]
    yield from (f"{heading}{_JOINED}{part}" for part in [part for part in subdivisions if part not in forms][:1])
    yield from forms


def names_in(spelling: str) -> Iterator[str]:
    """Yield the names of what one spelling stands for: "Dogs -- Training" is about dogs, and about their training."""
    heading, *subdivisions = list(filter(None, map(_name, _SUBDIVISIONS.split(spelling)))) or [""]
    *levels, last = list(filter(None, map(_name, _LEVELS.split(heading)))) or [""]
    yield from levels
    if last:
        yield from subdivided(last, subdivisions)


def readable(cell: str) -> str:
    """Return a cell as a reader would see it. Bytes that are not text stay, for `problem_of` to find."""
    return one_line(cell.replace("\0", "\udc00"))


def problem_of(name: str) -> str | None:
    """Return why this is no subject, or None."""
    if is_damaged(name):
        return f"{shown(name)} contains bytes that are not text"
    if len(name) > SUBJECT_NAME_MAX or len(subject_key(name)) > SUBJECT_NAME_MAX:
        return f"{shown(name)} has more than {SUBJECT_NAME_MAX} characters"
    key = subject_key(name)
    is_letter = len(key) == 1 and key.isascii()
    if is_letter or not any(map(str.isalpha, key)) or key in _NO_SUBJECTS or _is_mark(name):
        return f"{shown(name)} is no subject"
    return None


def _is_mark(spelling: str) -> bool:
    """Return whether a program, a library or a reader has marked the book for themselves."""
    words = spelling.replace("-", " ").replace("_", " ").casefold()
    if _READ.search(words) and _YEAR.search(words):
        return True
    return bool(_MACHINE_TAG.fullmatch(spelling) or _CALL_NUMBER.fullmatch(spelling))


def _name(text: str) -> str:
    """Return the name as it is shown: without the marks of a record, not in capitals, and with one at the beginning."""
    name = " ".join(text.split())
    while (shorter := without_end_marks(name.strip('"“” ').lstrip("#"))) != name:  # "/ #dogs"
        name = shorter
    is_lower = name.islower()
    if name.isupper() and any(len(word) >= _ENOUGH_LETTERS for word in name.split()):
        name = " ".join(word if _ROMAN.fullmatch(word) else word.lower() for word in name.split())
        is_lower = True
    return name[:1].upper() + name[1:] if is_lower else name
