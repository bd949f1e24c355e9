"""Queries with words that the book does not have: what is found in spite of them, and what is said of it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine

from flyleaf.database import Database
from flyleaf.search import SearchPage, SearchQuery, search_books, suggest
from tests.postgresql import Server
from tests.search.conftest import insert

# isbn13, title, author, year, language, ratings_count
BOOKS = [
    ("9780000001009", "The Hobbit", "J. R. R. Tolkien", 1937, None, 900),
    ("9780000001016", "The A to Z of a Novel", "Ann Writer", 1990, None, 5),
    ("9780000001023", "Frankenstein", "Mary Shelley", 1818, None, 700),
    ("9780000001030", "Sapiens: A Brief History of Humankind", "Yuval Noah Harari", 2011, None, 800),
    ("9780000001047", "A Brief History of Everything", "Ken Wilber", 1996, None, 40),
    ("9780000001054", "A Brief History of Time", "Stephen Hawking", 1988, None, 500),
    ("9780000001061", "Japan: Its People and Places", "Some Traveller", 1970, None, 3),
    ("9780000001078", "A History of Alan", "Alan Nobody", 1980, None, 90),
    ("9780000001085", "Years of Grace", "Margaret Barnes", 1930, None, 60),
    ("9780000001092", "Lord of the Flies", "William Golding", 1954, None, 950),
    ("9780000001108", "Children of Dune", "Frank Herbert", 1976, None, 300),
    ("9780000001115", "The Children's Bonds", "A. Broker", 2001, None, 20),
    ("9780000001122", "Inspector Queen's Own Case", "Ellery Queen", 1956, None, 90),
    ("9780000001139", "Cien sonetos de amor", "Pablo Neruda", 1959, None, 80),
    ("9780000001146", "El amor en los tiempos del cólera", "Gabriel García Márquez", 1985, None, 400),
    ("9780000001153", "海辺のカフカ", "村上春樹", 2002, None, 30),
    ("9780000001160", "Kafka", "Nicholas Murray", 2004, None, 500),
    ("9780000001177", "The C++ Programming Language", "Bjarne Stroustrup", 2013, None, 100),
    ("9780000001184", "C# in Depth", "Jon Skeet", 2019, None, 90),
    ("9780000001191", "Coraline", "Neil Gaiman", 2002, None, 900),
    ("9780000001207", "The Sparrow", "Mary Doria Russell", 1996, None, 200),
    ("9780000001214", "Dead of Winter", "Mark Dawson", 2025, None, 10),
    ("9780000001221", "Cooper's Creek", "Alan Moorehead", 1963, None, 50),
    ("9780000001238", "A Still Small Voice", "John Harris", 1999, None, 4),
    ("9780000001245", "An Inspector Calls", "J. B. Priestley", 1945, None, 600),
    ("9780000001252", "Outside In", "Maria Snyder", 2011, None, 9),
    ("9780000001269", "The Family Saga", "Some Family", 1999, None, 30),
    ("9780000001276", "The King of Dreams", "Robert Silverberg", 2001, None, 9),
    ("9780000001283", "Dune", "Frank Herbert", 1965, None, 990),
    ("9780000001290", "The Book Thief", "Markus Zusak", 2005, None, 800),
    ("9780000001306", "Crime and Punishment", "Fyodor Dostoyevsky", 1866, None, 800),
    ("9780000001313", "A Guerra dos Tronos", "George R. R. Martin", 1996, None, 100),
    ("9780000001320", "Emma", "Jane Austen", 1815, None, 700),
    ("9780000001337", "Emma", "Alexander McCall Smith", 2014, None, 30),
    ("9780000001344", "Stephen King: A Biography", "Albert Rolls", 2008, None, 30),
    ("9780000001351", "The Shining", "Stephen King", 1977, None, 900),
]


@pytest.fixture(scope="module")
def catalogue(server: Server) -> Iterator[Engine]:
    database = Database(server.create_database("surplus", template="template"))
    with database.transaction() as connection:
        for book in BOOKS:
            insert(connection, *book)
    yield database.engine
    database.close()
    server.drop_database("surplus")


@pytest.fixture
def connection(catalogue: Engine) -> Iterator[Connection]:
    with catalogue.connect() as connection:
        yield connection
        connection.rollback()


def found(connection: Connection, query: str, **options: object) -> SearchPage:
    return search_books(connection, SearchQuery(query, **options))  # type: ignore[arg-type]


def titles(connection: Connection, query: str) -> list[str]:
    return [result.title for result in found(connection, query).results]


SURPLUS = [
    "{}: a novel",
    "{} - A Novel",
    "{}: a memoir",
    "{} book",
    "{} novel",
    "the book {}",
    "{} (the complete novel)",
    "{} read online free",
    "{}: the untold story of a nation",
    "{} (Inspector Morgan Mysteries Book 3)",
    "{} (The Family Saga, #1)",
    "{} paperback",
    "{} [hardcover]",
    "{} audiobook",
    "{} Kindle Edition",
    "{} large print edition",
    "{}.pdf",
    "livro {}",
    "{}: romance",
    "{} (capa dura)",
    "{} edição de bolso",
    "el libro {}",
    "{}: una novela",
    "{} tapa blanda",
    "descargar {} gratis",
    "Lopez Thrillers, Book 8: {}",  # what is surplus stands before the title
    "(The Quimby Chronicles #3) {}",
    "Inspector Morgan Mysteries - {}",
    "where can i find {} online",
    "{} 1998",
    "{}, 2012",
    "{} sparknotes lesson plan",
]


@pytest.mark.parametrize("form", SURPLUS)
@pytest.mark.parametrize(
    "title", ["The Sparrow", "dune", "crime and punishment", "Dead of Winter", "the king of dreams"]
)
def test_a_title_with_surplus_words_finds_its_book_first(connection: Connection, title: str, form: str) -> None:
    assert [found.lower() for found in titles(connection, form.format(title))[:1]] == [title.lower()]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("the hobbit a novel", "The Hobbit"),
        ("frankenstein: a novel", "Frankenstein"),
        ("sapiens: a brief history of mankind", "Sapiens: A Brief History of Humankind"),
        ("history of japan", "Japan: Its People and Places"),
        ("Dead of Winter (Charlie Cooper Thrillers Book 4)", "Dead of Winter"),
        ("A still small voice (Inspector Morgan Mysteries Book 3)", "A Still Small Voice"),
        ("Outside in (The Family Saga, #2)", "Outside In"),
        ("The king of dreams (Chronicles of the King, #1)", "The King of Dreams"),
        ("gabriel garcia marquez cien anos", "El amor en los tiempos del cólera"),
        ("カフカ", "海辺のカフカ"),
        ("c++", "The C++ Programming Language"),
        ("C++ programming", "The C++ Programming Language"),
        ("c#", "C# in Depth"),
        ("emma jane austen paperback", "Emma"),
        ("hobit novel", "The Hobbit"),  # a slip beside the surplus word
        ("the book theif paperback", "The Book Thief"),
        ("sparrow russell ebook", "The Sparrow"),
        ("stephen king shining hardcover", "The Shining"),
        ("guerra dos tronos livro capa comum", "A Guerra dos Tronos"),
        ("emma, 2003", "Emma"),  # not what has the word and is of that year
        ("a biography: stephen king", "Stephen King: A Biography"),
    ],
)
def test_the_book_that_is_meant_comes_first(connection: Connection, query: str, title: str) -> None:
    assert titles(connection, query)[:1] == [title]


def test_the_author_decides_between_equal_titles(connection: Connection) -> None:
    assert found(connection, "emma mccall smith audiobook").results[0].author == "Alexander McCall Smith"


@pytest.mark.parametrize(
    ("query", "not_instead"),
    [
        ("history of japan", "alan"),
        ("children books", "bonds"),
        ("lispector", "inspector"),
        ("one hundred years of solitude", "grace"),
        ("カフカ", "kafka"),
    ],
)
def test_a_word_is_not_replaced_by_another(connection: Connection, query: str, not_instead: str) -> None:
    assert not_instead not in (found(connection, query).corrected_query or "").split()
    assert not_instead not in titles(connection, query)[:1]


def test_what_was_left_out_is_named_as_it_was_typed(connection: Connection) -> None:
    page = found(connection, "Sapiens Müller Dostoyevsky Hobbit")
    assert "Müller" in page.left_out
    assert all(result.match.loose for result in page.results)
    assert found(connection, "dune herbert").left_out == ()
    assert found(connection, "dune (dune, #1) paperback").left_out == ("1", "paperback"), "dune is there"


def test_a_query_without_what_says_little_is_no_loose_match(connection: Connection) -> None:
    page = found(connection, "frankenstein: a novel")
    assert page.left_out == ("novel",)
    assert not page.results[0].match.loose


def test_exact_matches_come_before_loose_ones(connection: Connection) -> None:
    insert(connection, "9780000001405", "Dunes", "A. Sand", count=5)
    loose = [result.match.loose for result in found(connection, "dunes").results]
    assert loose == sorted(loose)
    assert titles(connection, "dunes")[0] == "Dunes"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("title:emma author:austen", ["Jane Austen"]),
        ('title:"stephen king"', ["Albert Rolls"]),
        ('author:"stephen king"', ["Stephen King"]),
        ('Author:"king" shining', ["Stephen King"]),
        ("autor:king titulo:shining", ["Stephen King"]),
        ("título:emma autor:smith", ["Alexander McCall Smith"]),
        ("author: herbert title: dune", ["Frank Herbert", "Frank Herbert"]),
        ("author:emma", []),
    ],
)
def test_a_field_is_asked_for_its_words(connection: Connection, query: str, expected: list[str]) -> None:
    assert [result.author for result in found(connection, query).results] == expected


def test_a_work_with_all_words_comes_before_one_that_lacks_a_generic_word(connection: Connection) -> None:
    insert(connection, "9780000001429", "Holding Out for the Second Edition of Chadwick", "A. Writer")
    insert(connection, "9780000001436", "Holding On: The Chadwick Family", "B. Writer", count=900)
    insert(connection, "9780000001443", "Flights", "Carla D. Tokarczuk")
    insert(connection, "9780000001450", "The Books of Jacob", "Olga Tokarczuk", count=900)
    assert found(connection, "holding edition chadwick").results[0].author == "A. Writer"
    assert titles(connection, "cd tokarczuk")[:1] == ["Flights"]


def test_a_title_that_looks_like_a_field_is_found(connection: Connection) -> None:
    insert(connection, "9780000001412", "Author: A Life", "B. Writer")
    assert titles(connection, "Author: A Life")[:1] == ["Author: A Life"]


@pytest.mark.parametrize("query", ["title:emma author:", "author: title:emma", 'title:"emma" author:""', "title:emma:"])
def test_a_field_without_a_word_asks_for_nothing(connection: Connection, query: str) -> None:
    assert titles(connection, query)[:1] == ["Emma"]


@pytest.mark.parametrize("query", ["title:", "titulo: ", 'title:""', "author: title:"])
def test_nothing_is_found_for_fields_alone(connection: Connection, query: str) -> None:
    page = found(connection, query)
    assert (page.results, page.corrected_query) == ((), None)


@pytest.mark.parametrize("query", ["f#", "d++", "x++ programming", "f# in depth"])
def test_the_signs_of_a_name_are_neither_left_out_nor_changed(connection: Connection, query: str) -> None:
    insert(connection, "9780000001467", "Sharpe's Plum Plus", "B. Writer", count=900)
    assert titles(connection, query) == []


def test_the_longer_of_two_titles_at_the_beginning_is_meant(connection: Connection) -> None:
    insert(connection, "9780000001474", "The Gathering (Rising Darkness, #1)", "A. Writer", count=900)
    insert(connection, "9780000001481", "Gathering Darkness (Kingdoms, #3)", "B. Writer", count=300)
    assert titles(connection, "gathering darkness sparknotes")[:1] == ["Gathering Darkness (Kingdoms, #3)"]


def test_a_known_word_is_not_read_as_the_title_that_it_resembles(connection: Connection) -> None:
    insert(connection, "9780000001498", "Rage", "A. Writer", count=900)
    insert(connection, "9780000001504", "Rare Birds", "B. Writer", count=3)
    assert titles(connection, "frankenstein rare")[:1] == ["Frankenstein"]


def test_a_field_may_be_misspelt(connection: Connection) -> None:
    assert titles(connection, "author:dostoyevski punishment")[:1] == ["Crime and Punishment"]


def test_the_isbn_of_a_field(connection: Connection) -> None:
    assert titles(connection, "isbn:978-0-00-000128-3") == ["Dune"]
    assert titles(connection, 'title:"emma" isbn:9780000001283') == ["Dune"]


@pytest.mark.parametrize("query", ["0783", "078", "isbn:0783", "ISBN 0783", "07-8"])
def test_a_piece_of_an_isbn_that_is_too_short_is_told_how_many_digits_it_needs(
    connection: Connection, query: str
) -> None:
    page = found(connection, query)
    assert page.results == ()
    assert page.digits_needed == 5


def test_a_piece_of_an_isbn_gets_suggestions(connection: Connection) -> None:
    suggestions = suggest(connection, "978000000128")
    assert [(one.kind, one.text, one.address) for one in suggestions] == [("title", "Dune", "9780000001283")]


def test_the_total_is_exact_up_to_200(connection: Connection) -> None:
    for n in range(230):
        insert(connection, f"97922222{n:05d}", f"Numbat number {n}", "Some One")
    page = found(connection, "numbat")
    assert (page.total, page.total_is_exact) == (200, False)
    assert (found(connection, "dune").total, found(connection, "dune").total_is_exact) == (2, True)
