"""How a book is cited."""

import pytest

from flyleaf.citation import Citation


def cite(
    title: str = "Dune",
    author: str = "Frank Herbert",
    publisher: str | None = None,
    year: int | None = 1965,
    isbn: str = "978-0-441-17271-9",
) -> Citation:
    return Citation(title, author, publisher, year, isbn)


@pytest.mark.parametrize(
    ("citation", "plain"),
    [
        (cite(), "Frank Herbert. Dune. 1965. ISBN 978-0-441-17271-9."),
        (cite(publisher="Ace"), "Frank Herbert. Dune. Ace, 1965. ISBN 978-0-441-17271-9."),
        (cite(author="", year=None), "Dune. ISBN 978-0-441-17271-9."),
        (cite(title="Who?", author="A. A."), "A. A. Who? 1965. ISBN 978-0-441-17271-9."),
    ],
)
def test_in_words(citation: Citation, plain: str) -> None:
    assert citation.plain() == plain


def test_as_bibtex() -> None:
    assert cite(publisher="Ace").bibtex() == (
        "@book{herbert1965dune,\n"
        "  author    = {Frank Herbert},\n"
        "  title     = {{Dune}},\n"
        "  publisher = {Ace},\n"
        "  year      = {1965},\n"
        "  isbn      = {978-0-441-17271-9},\n"
        "}"
    )


@pytest.mark.parametrize(
    ("title", "escaped"),
    [
        ("50% of R&D for $1 #2 a_b", r"50\% of R\&D for \$1 \#2 a\_b"),
        ("}{", r"{\textbraceright}{\textbraceleft}"),
        ("\\input{x}", r"{\textbackslash}input{\textbraceleft}x{\textbraceright}"),
        ("a~b^c", r"a{\textasciitilde}b{\textasciicircum}c"),
    ],
)
def test_what_bibtex_takes_for_more_than_a_letter_is_escaped(title: str, escaped: str) -> None:
    entry = cite(title).bibtex()
    assert f"{{{{{escaped}}}}}" in entry
    assert entry.count("{") == entry.count("}")


@pytest.mark.parametrize(
    ("citation", "key"),
    [
        (cite("The Left Hand of Darkness", "Ursula K. Le Guin", year=1969), "guin1969left"),
        (cite("Cien años de soledad", "Gabriel García Márquez", year=1967), "marquez1967cien"),
        (cite("The", "Frank O'Hara", year=None), "oharathe"),
        (cite("The Epic of Gilgamesh", "", year=-2100), "2100epic"),
        (cite("罪と罰", "", year=None, isbn="978-4-10-101001-4"), "zuitofa"),
        (cite("…", "", year=None), "book9780441172719"),
    ],
)
def test_the_key_is_made_of_ascii_and_stays(citation: Citation, key: str) -> None:
    assert citation.key == key
