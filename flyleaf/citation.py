"""Cite a book, as a line of text or as a BibTeX entry."""

import re
from dataclasses import dataclass

from anyascii import anyascii

# Braces become commands: BibTeX counts even escaped braces, so an unbalanced one would break the entry.
_COMMANDS = {
    "\\": r"{\textbackslash}",
    "{": r"{\textbraceleft}",
    "}": r"{\textbraceright}",
    "~": r"{\textasciitilde}",
    "^": r"{\textasciicircum}",
} | {sign: "\\" + sign for sign in "$&#%_"}
_ARTICLES = frozenset(
    "a an the la le les el los las un una une der die das ein eine il lo o os as um uma het een".split()
)


@dataclass(frozen=True, slots=True)
class Citation:
    """The fields of a citation. An unknown author is empty; an unknown publisher, year or ISBN is None."""

    title: str
    author: str
    publisher: str | None
    year: int | None
    isbn: str | None  # with hyphens, as shown

    def plain(self) -> str:
        """Return a line such as: Frank Herbert. Dune. Ace, 1965. ISBN 978-0-441-17271-9."""
        printed = ", ".join(str(part) for part in (self.publisher, self.year) if part is not None)
        sentences = (self.author, self.title, printed, f"ISBN {self.isbn}" if self.isbn else "")
        return " ".join(sentence + ("" if sentence[-1] in ".?!…" else ".") for sentence in sentences if sentence)

    def bibtex(self) -> str:
        """Return a BibTeX entry. The double braces around the title preserve its capitals."""
        fields = {
            "author": _escaped(self.author),
            "title": f"{{{_escaped(self.title)}}}",
            "publisher": _escaped(self.publisher or ""),
            "year": "" if self.year is None else str(self.year),
            "isbn": self.isbn or "",
        }
        lines = "".join(f"  {name:9} = {{{value}}},\n" for name, value in fields.items() if value)
        return f"@book{{{self.key},\n{lines}}}"

    @property
    def key(self) -> str:
        """Return a key such as herbert1965dune: surname, year and the title's first word that is not an article, in
        ASCII."""
        author = _words(self.author)
        title = _words(self.title)
        word = next((word for word in title if word not in _ARTICLES), "".join(title[:1]))
        year = "" if self.year is None else str(abs(self.year))
        return f"{author[-1] if author else ''}{year}{word}" or "book" + re.sub(r"\D", "", self.isbn or "")


def _escaped(text: str) -> str:
    return "".join(_COMMANDS.get(letter, letter) for letter in text)


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", anyascii(text).lower().replace("'", ""))
