"""How well the books that are shipped are found. A change of the search that finds fewer of them fails here.

The floors are what was measured, less what one query or two make. Raise them when the search gets better; lowering one
needs a reason: when books.csv changes, the queries drawn from it do, and a prefix like "the" may be among them. They
say nothing about time, which `make bench-search` measures.
"""

from collections.abc import Sequence

import pytest
from sqlalchemy import Connection

from benchmarks.search import workload
from benchmarks.search.product import Product
from benchmarks.search.scoring import Answer, Score, by_kind, rank
from flyleaf.importing.command import BOOKS
from flyleaf.search import SearchQuery, search_books

pytestmark = pytest.mark.slow

SEED, EACH = 7, 20  # queries of a kind
SUCCESS, MRR = 0.93, 0.95
MRR_OF_KIND = {
    "ampersand": 0.97,
    "article": 0.97,
    "author+title": 0.94,
    "author_full": 0.97,
    "diacritics": 0.97,
    "exact_title": 0.94,
    "initials": 0.97,
    "isbn": 1.0,
    "isbn_prefix": 1.0,
    "last_first": 0.97,
    "numeral": 0.97,
    "run_together": 0.97,
    "substring": 0.92,
    "surname": 0.76,  # editions of one work add up their popularity: others of the name may be in front
    "taken_apart": 0.94,
    "title_prefix": 0.6,
    "title_words": 0.94,
    "typo_author": 0.77,
    "typo_mix": 0.94,
    "typo_title": 0.94,
}
# Of queries with more words than the title, of each group: none of a kind may find less than 19 of 20 in the first ten.
SURPLUS_MRR = {"surplus": 0.985, "unseen": 0.975}
FOUND_OF_KIND = 0.95

# What readers type, and how the title of the first result begins; in brackets, what its author ends with.
READERS = [
    # slips
    ("wuthering hights", "Wuthering Heights"),
    ("jane eire bronte", "Jane Eyre"),
    ("harry poter chamber", "Harry Potter and the Chamber of Secrets"),
    ("harry potter and the gobelt of fire", "Harry Potter and the goblet of fire"),
    ("huckelberry fin", "Adventures of Huckleberry Finn"),
    ("tess of the durbervilles", "Tess of the D'Urbervilles"),
    ("northhanger abey", "Northanger Abbey"),
    ("pride and predjudice", "Pride and prejudice"),
    ("shakespear midsumer", "A midsummer night's dream"),
    ("cassterbridge", "The mayor of Casterbridge"),
    ("handmaids tail", "The handmaid's tale"),
    ("robinson cruso", "Robinson Crusoe"),
    ("dostoyevski", "[Dostoyevsky]"),
    ("tolkein", "[Tolkien]"),
    ("hemmingway fishing", "Hemingway on fishing"),
    ("gabriel garcia marques", "[Gabriel García Márquez]"),
    ("nietzche", "[Nietzsche]"),
    # half typed, and half typed with a slip
    ("the screwt", "The Screwtape letters"),
    ("around the world in ei", "Around the world in eighty days"),
    ("importance of being ear", "The importance of being Earnest"),
    ("picture of dorain gr", "The picture of Dorian Gray"),
    ("harry pottr and the gob", "Harry Potter and the goblet of fire"),
    # little words, and next to nothing else
    ("as you like it", "As you like it"),
    ("to have and have not", "To have and have not"),
    ("all the names", "All the names"),
    ("as i lay dying", "As I lay dying"),
    ("the truth pratchett", "The truth: a novel of Discworld"),
    ("on writing", "On writing: a memoir of the craft"),
    ("emma", "Emma"),
    ("dar nabokov", "Dar"),
    # title and author, in any order, with little words between them
    ("emma by jane austen", "Emma"),
    ("austen persuasion", "Persuasion"),
    ("lem eden", "Eden"),
    ("the republic plato", "The republic"),
    ("christine stephen king", "Christine"),
    ("le guin telling", "The telling"),
    ("joyce portrait artist", "A portrait of the artist as a young man"),
    ("beloved morrison", "Beloved"),
    # names
    ("cs lewis letters", "Collected letters"),
    ("c.s. lewis", "[C. S. Lewis]"),
    ("jk rowling", "[J. K. Rowling]"),
    ("j.r.r. tolkien letters", "The letters of J.R.R. Tolkien"),
    ("JRR Tolkien hobbit", "The hobbit"),
    ("f scott fitzgerald", "[F. Scott Fitzgerald]"),
    ("borges, jorge luis", "[Jorge Luis Borges]"),
    ("le guin, ursula k.", "[Ursula K. Le Guin]"),
    ("woolf, virginia", "[Virginia Woolf]"),
    ("dr seuss", "[Dr. Seuss]"),
    # other letters
    ("толстой анна каренина", "Anna Karenina"),
    ("Чехов", "[Anton Chekhov]"),
    ("marquez siesta del martes", "La siesta del martes"),
    ("senor muy viejo con unas alas", "Un señor muy viejo con unas alas enormes"),
    ("Gunter Grass fur und widerworte", "Für- und Widerworte"),
    ("stanislaw lem", "[Stanisław Lem]"),
    ("jose saramago", "[José Saramago]"),
    ("ＤＵＢＬＩＮＥＲＳ", "Dubliners"),
    ("oteki renkler pamuk", "Öteki renkler"),
    # marks, numbers, articles, words apart and together
    ("mobydick", "Moby"),
    ("moby dick", "Moby"),
    ("wizard of oz annotated", "The annotated Wizard of Oz"),
    ("twenty thousand leagues", "20,000 leagues under the sea"),
    ("king henry 4 part two", "King Henry IV, part 2"),
    ("richard 3", "The tragedy of King Richard III"),
    ("faust part one", "Faust. Part I"),
    ("1984", "Nineteen Eighty-Four"),
    ("bently and egg", "Bently & egg"),
    ("gatsby before", "Before Gatsby"),
    ("the green mile", "The green mile"),
    ("a tempest", "The tempest"),
    ("tale of 2 cities", "A tale of two cities"),
    ("treasureisland", "Treasure Island"),
    ("dream catcher king", "Dreamcatcher"),
    ("pudd’nhead wilson", "Pudd'nhead Wilson"),
    ("puddnhead wilson", "Pudd'nhead Wilson"),
    # ISBNs
    ("0-439-13959-7", "Harry Potter and the goblet of fire"),
    ("9780439139595", "Harry Potter and the goblet of fire"),
    ("ISBN 978-0-439-13959-5", "Harry Potter and the goblet of fire"),
    ("978 0 439 13959 5", "Harry Potter and the goblet of fire"),
    ("043913959", "Harry Potter and the goblet of fire"),
    ("067978327x", "Moby Dick, or The whale"),
    ("439139597", "Harry Potter and the goblet of fire"),
]
# Queries with a slip in the ISBN, and the title that is offered for it.
SLIPS = [
    ("9780439139596", "Harry Potter and the goblet of fire"),  # another check digit
    ("0-439-13995-7", "Harry Potter and the goblet of fire"),  # two digits swapped
    ("9780439138595", "Harry Potter and the goblet of fire"),  # one wrong
]
# What readers type and don't find yet.
NOT_YET = {"twenty thousand leagues", "richard 3", "a tempest"}


@pytest.fixture(scope="session")
def answers(shipped: Connection) -> list[Answer]:
    """To queries that are made of the books, some of every kind."""
    product = Product(shipped)
    return [Answer(query, rank(query, product.search(query.text))) for query in workload.make(BOOKS, SEED, EACH)]


def test_the_book_that_is_meant_is_found(answers: list[Answer]) -> None:
    score = Score.of(answers)
    missed = [(answer.query.kind, answer.query.text, answer.rank) for answer in answers if answer.rank != 1]
    assert score.success_1 is not None
    assert score.mrr is not None
    assert (score.success_1 >= SUCCESS, score.mrr >= MRR) == (True, True), (score.success_1, score.mrr, missed)


def test_no_kind_of_query_is_neglected(answers: list[Answer]) -> None:
    found = {kind: score.mrr for kind, score in by_kind(answers).items() if score.mrr is not None}
    assert found.keys() == MRR_OF_KIND.keys()
    assert {kind: mrr for kind, mrr in found.items() if mrr < MRR_OF_KIND[kind]} == {}


@pytest.fixture(scope="session")
def surplus_answers(shipped: Connection) -> list[Answer]:
    """Answers to queries that have words too many, some of every kind."""
    product = Product(shipped)
    queries = workload.make(BOOKS, SEED, EACH, tuple(SURPLUS_MRR))
    return [Answer(query, rank(query, product.search(query.text))) for query in queries]


@pytest.mark.parametrize("group", SURPLUS_MRR)
def test_words_too_many_hide_no_book(surplus_answers: list[Answer], group: str) -> None:
    answers = [answer for answer in surplus_answers if workload.group_of(answer.query.kind) == group]
    kinds = {kind: score.success_10 for kind, score in by_kind(answers).items() if score.success_10 is not None}
    assert kinds
    assert {kind: found for kind, found in kinds.items() if found < FOUND_OF_KIND} == {}
    mrr = Score.of(answers).mrr
    missed = [(answer.query.text, answer.rank) for answer in answers if answer.rank != 1]
    assert mrr is not None
    assert mrr >= SURPLUS_MRR[group], (mrr, missed if group in workload.OPEN else len(missed))


def test_what_readers_type_finds_the_book_first(shipped: Connection) -> None:
    product = Product(shipped)
    missed = {query for query, meant in READERS if not _is(meant, product.search(query)[:1])}
    assert missed <= NOT_YET


def test_an_isbn_with_a_slip_leads_to_the_book(shipped: Connection) -> None:
    with shipped.begin():
        pages = {query: search_books(shipped, SearchQuery(query)) for query, _ in SLIPS}
    offered = {query: [book.title.casefold() for book in page.did_you_mean] for query, page in pages.items()}
    assert {query: titles[:1] for query, titles in offered.items()} == {
        query: [title.casefold()] for query, title in SLIPS
    }
    assert not any(page.results for page in pages.values())


def _is(meant: str, first: Sequence[tuple[str, str, str]]) -> bool:
    if meant.startswith("["):
        return any(author.endswith(meant.strip("[]")) for _, _, author in first)
    return any(title.casefold().startswith(meant.casefold()) for _, title, _ in first)


@pytest.mark.parametrize(
    ("query", "word"),
    [
        # known words, of which one resembles another that no more works have: "robin hook" and the like
        ("robin hood", "hood"),
        ("captain nemo", "nemo"),
        ("red barn", "barn"),
        ("tim burton", "burton"),
        ("robin banks", "banks"),
        # a word that was typed beside another one: "king king"
        ("king kong", "kong"),
        ("mary marie", "marie"),
        ("tom tam", "tam"),
        ("emma: emna", "emma"),
        # short words that resemble one in the middle of a single title: "toko", "food bar"
        ("tokyo", None),
        ("kyoto", None),
        ("foo: bar", None),
        ("foo: qux", None),
    ],
)
def test_a_query_is_not_replaced_by_one_that_is_no_likelier(shipped: Connection, query: str, word: str | None) -> None:
    """Its own words come first; what resembles them is shown as close, and not as what was meant."""
    with shipped.begin():
        page = search_books(shipped, SearchQuery(query))
    assert page.corrected_query is None
    assert all(result.match.loose for result in page.results)
    assert word is None or word in page.results[0].match.words


@pytest.mark.parametrize(
    ("query", "corrected"),
    [
        ("jane austin", "jane austen"),  # a known word, but more works have the other
        ("sherlock homes", "sherlock holmes"),
        ("moby duck", "moby dick"),
        ("green mule", "green mile"),
        ("teh hobbit", "the hobbit"),
        ("lve story", "love story"),
        ("galaxxy", "galaxy"),
        ("emna", "emma"),
    ],
)
def test_a_likelier_query_still_replaces_what_was_typed(shipped: Connection, query: str, corrected: str) -> None:
    with shipped.begin():
        assert search_books(shipped, SearchQuery(query)).corrected_query == corrected
