"""What the search must find, line by line: each query is one that a reader types, with the book that is meant."""

import pytest
from sqlalchemy import Connection, text

from flyleaf.search import SearchQuery, search_books
from tests.search.conftest import insert


def titles(connection: Connection, query: str, **options: object) -> list[str]:
    return [result.title for result in search_books(connection, SearchQuery(query, **options)).results]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("harry pottr and the gob", "Harry Potter and the Goblet of Fire"),  # misspelt, and unfinished
        ("harry potter and the golb", "Harry Potter and the Goblet of Fire"),  # the unfinished word misspelt
        ("harry poter chamber", "Harry Potter and the Chamber of Secrets"),
        ("gameof thrones", "A Game of Thrones"),  # run together
        ("gameofthrones", "A Game of Thrones"),
        ("game ofthrones martin", "A Game of Thrones"),
        ("air port", "Airport"),  # taken apart
        ("air port hailey", "Airport"),
        ("irp", "Airport"),  # three letters inside a word
        ("obl", "Harry Potter and the Goblet of Fire"),
        ("henry v", "Henry V"),
        ("henry 5", "Henry V"),
        ("henry five", "Henry V"),
        ("henry iv", "Henry IV, Part 1"),
        ("henry 4 part one", "Henry IV, Part 1"),
        ("rocky 2", "Rocky II"),
        ("rocky ii", "Rocky II"),
        ("it", "It"),
        ("IT", "It"),
        ("the the", "The The"),
        ("if", "If"),
        ("there there", "There There"),
        ("hobbit", "The Hobbit"),
        ("a hobbit", "The Hobbit"),
        ("verwandlung", "Die Verwandlung"),
        ("die verwandlung", "Die Verwandlung"),
        ("pride and prejudice", "Pride & Prejudice"),
        ("pride & prejudice", "Pride & Prejudice"),
        ("krieg & frieden", "Krieg und Frieden"),
        ("garcía & márquez", "Cien años de soledad"),  # between two names
        ("dune messiah by frank herbert", "Dune Messiah"),  # between title and author
        ("etranger", "L'Étranger"),
        ("l'etranger", "L'Étranger"),
        ("l’étranger", "L'Étranger"),
        ("letranger", "L'Étranger"),
        ("l etranger camus", "L'Étranger"),
        ("cien anos de soledad", "Cien años de soledad"),
        ("garcia marquez", "Cien años de soledad"),
        ("García Márquez", "Cien años de soledad"),
        ("marquez, gabriel garcia", "Cien años de soledad"),  # last, first
        ("tolkien, j.r.r.", "The Fellowship of the Ring"),
        ("村上", "ノルウェイの森"),
        ("村上春樹", "ノルウェイの森"),
        ("ノルウェイの森", "ノルウェイの森"),
        ("Война и мир", "Война и мир"),
        ("voina i mir", "Война и мир"),
        ("l'engle", "A Wrinkle in Time"),
        ("lengle", "A Wrinkle in Time"),
        ("madeleine l'engle", "A Wrinkle in Time"),
        ("100% cotton_shirts", "100% cotton_shirts \\ and more"),
        ("dune", "Dune"),
        ("dune mesiah", "Dune Messiah"),
        ("dune herbert", "Dune"),
        ("herbert dune messiah", "Dune Messiah"),
        ("jane austin", "Pride & Prejudice"),
        ("tolkein hobbit", "The Hobbit"),
        ("1984", "Nineteen Eighty-Four"),  # numbers as they are said
        ("catch twenty two", "Catch-22"),
        ("catch22", "Catch-22"),
        ("kaestner", "Emil und die Detektive"),  # umlauts as they are typed without one
        ("Kästner, Erich", "Emil und die Detektive"),
        ("dune 1965", "Dune"),  # a year of publication
        ("frank herbert 1969", "Dune Messiah"),
        ("dune mesiah 1969", "Dune Messiah"),
        ("middle earth quest hobbit", "The Hobbit"),  # words that are not in the book
        ("rama goblet fire voldemort", "Harry Potter and the Goblet of Fire"),
    ],
)
def test_the_book_that_is_meant_comes_first(connection: Connection, query: str, title: str) -> None:
    assert titles(connection, query)[:1] == [title]


def test_words_run_together_are_told_as_such(connection: Connection) -> None:
    page = search_books(connection, SearchQuery("gameofthrones"))
    assert page.corrected_query is None
    match = page.results[0].match
    assert (match.stage, match.fields, match.words) == ("start", ("title",), ("game", "of", "thrones"))


def test_words_left_out_are_reported(connection: Connection) -> None:
    page = search_books(connection, SearchQuery("middle earth quest hobbit"))
    assert page.corrected_query is None
    assert page.left_out == ("middle", "earth", "quest")
    assert page.results[0].match.stage == "surplus"
    assert page.results[0].match.loose
    assert search_books(connection, SearchQuery("middle earth quest hobbit", verbatim=True)).results == ()


def test_what_was_typed_comes_before_what_it_may_be_a_slip_of(connection: Connection) -> None:
    insert(connection, "9780000000019", "The Tots", "A. Writer")
    assert titles(connection, "pott")[0].startswith("Harry Potter")


@pytest.mark.parametrize(
    "number",
    [
        "22 twenty two",
        "1984 nineteen eighty four",
        "100 one hundred",
        "2001 two thousand one",
        "451 four fifty one",
        "13 thirteen",
        "40000 forty thousand",
    ],
)
def test_a_number_has_its_other_form(connection: Connection, number: str) -> None:
    digits, spelled = number.split(" ", 1)
    for given, other in ((digits, spelled), (spelled, digits)):
        if (given, other) != ("four fifty one", "451"):
            extra = connection.execute(text("SELECT search_numerals(:key)"), {"key": given}).scalar_one()
            assert set(other.split()) <= set(extra.split()), given


@pytest.mark.parametrize(
    "query",
    [
        "jrr tolkien",
        "j.r.r. tolkien",
        "J R R Tolkien",
        "J. R. R. Tolkien",
        "tolkien",
        "tolkein",
        "John Ronald Reuel Tolkien",
    ],
)
def test_initials_find_every_form_of_the_name(connection: Connection, query: str) -> None:
    assert "The Hobbit" in titles(connection, query)


@pytest.mark.parametrize("query", ["jrr tolkien", "j.r.r. tolkien", "J R R Tolkien", "tolkien"])
def test_initials_find_initials(connection: Connection, query: str) -> None:
    assert "The Fellowship of the Ring" in titles(connection, query)


@pytest.mark.parametrize("query", ["Tolstoy", "Tolstoi", "tolstoj", "Толстой", "leo tolstoi", "tolstoy, leo"])
def test_all_spellings_of_a_romanised_name_find_all_of_them(connection: Connection, query: str) -> None:
    found = titles(connection, query)
    assert {"Anna Karenina", "Krieg und Frieden"} <= set(found)
    assert "leo" in query or "Война и мир" in found


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        "%",
        "_",
        "\\",
        "' & | : ! ( ) *",
        "!!!",
        "\x00",
        "\ud800",
        "a\x00b",
        "🙂",
        "-",
        "''",
        "((((",
        ":*",
        "<->",
    ],
)
def test_marks_are_only_marks(connection: Connection, query: str) -> None:
    search_books(connection, SearchQuery(query))


def test_nothing_is_found_where_nothing_is_meant(connection: Connection) -> None:
    page = search_books(connection, SearchQuery("xqzvw kjhgq"))
    assert page.results == ()
    assert page.corrected_query is None


def test_a_year_that_titles_have_is_not_taken_from_a_misspelt_query(connection: Connection) -> None:
    insert(connection, "9780452284234", "1984: a novel", "George Orwell", 2003)
    page = search_books(connection, SearchQuery("orwel 1984"))
    assert [result.title for result in page.results][:1] == ["Nineteen Eighty-Four"]  # of which it is an edition
    assert page.corrected_query == "orwell 1984"


FRENCH = [
    ("9782253000013", "L'éducation d'une fée", "Didier van Cauwelaert", 2000),
    ("9782253000020", "D’une rive à l’autre", "Bernard Werber", 2001),
    ("9782253000037", "L'air du temps", "Nina Ricci", 2002),
    ("9782253000044", "Le livre d'art", "Anne Souriau", 2003),
    ("9782253000051", "Tess of the d'Urbervilles", "Thomas Hardy", 1891),
    ("9782253000068", "Hondo", "Louis L'Amour", 1953),
    ("9782253000075", "Lair of the Worm", "Bram Stoker", 1911),
    ("9782253000082", "T'ai Chi", "Cheng Man-ch'ing", 1967),
]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("l'éducation d'une fée", "L'éducation d'une fée"),
        ("leducation dune fee", "L'éducation d'une fée"),
        ("education fee", "L'éducation d'une fée"),
        ("d'une fée", "L'éducation d'une fée"),
        ("d`une rive", "D’une rive à l’autre"),
        ("l'autre rive", "D’une rive à l’autre"),
        ("livre d’art", "Le livre d'art"),
        ("d'urbervilles hardy", "Tess of the d'Urbervilles"),
        ("durbervilles hardy", "Tess of the d'Urbervilles"),
        ("tess of the durbervilles", "Tess of the d'Urbervilles"),
        ("louis l'amour", "Hondo"),
        ("lamour hondo", "Hondo"),
        ("tai chi", "T'ai Chi"),
        ("obrien patrick", "100% cotton_shirts \\ and more"),
        ("o'brien patrick", "100% cotton_shirts \\ and more"),
    ],
)
def test_an_elided_word_is_one_of_its_own(connection: Connection, query: str, title: str) -> None:
    for book in FRENCH:
        insert(connection, *book)
    assert search_books(connection, SearchQuery(query)).results[0].title == title


@pytest.mark.parametrize(
    ("query", "titles"),
    [("dune", ["Dune", "Dune Messiah"]), ("lair", ["Lair of the Worm"]), ("dart", []), ("lautre", [])],
)
def test_an_elided_word_is_no_part_of_another_word(connection: Connection, query: str, titles: list[str]) -> None:
    for book in FRENCH:
        insert(connection, *book)
    page = search_books(connection, SearchQuery(query))
    assert [result.title for result in page.results if result.match.stage == "words"] == titles
