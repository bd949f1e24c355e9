"""Queries made from books, for the benchmark of the search."""

import random
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.search import kinds, workload
from benchmarks.search.kinds import KINDS, Book, fold, misspelt
from flyleaf.importing.command import BOOKS

CHANCE = random.Random(1)
HENRY = Book("0521626889", "King Henry IV, part 2", "William Shakespeare", 9)


def ways(kind: str, book: Book) -> set[str]:
    """All that a kind makes of the book in many tries."""
    typed = next(one.typed for one in KINDS if one.name == kind)
    return {typed(book, CHANCE) for _ in range(200)}


@pytest.fixture(scope="module")
def queries() -> list[workload.Query]:
    return workload.make(BOOKS, 7, each=10)


def test_every_kind_has_as_many_queries_and_two_are_for_speed_alone(queries: list[workload.Query]) -> None:
    counts = Counter(query.kind for query in queries)
    assert {counts[kind.name] for kind in KINDS} == {10}
    assert {query.kind for query in queries if query.mode == "none"} == {"common", "gibberish"}


def test_a_seed_makes_the_same_queries_each_time_and_another_seed_others(queries: list[workload.Query]) -> None:
    assert workload.make(BOOKS, 7, each=10) == queries
    assert workload.make(BOOKS, 8, each=10) != queries


def test_what_is_saved_can_be_loaded(queries: list[workload.Query], tmp_path: Path) -> None:
    workload.save(queries, tmp_path / "queries.jsonl")
    assert workload.load(tmp_path / "queries.jsonl") == queries


def test_a_workload_from_elsewhere_is_folded_again(tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text('{"class": "x", "query": "q", "mode": "item", "target": "война и мир|þorn ǿ", "sample": "-"}\n')
    assert workload.load(path)[0].target == "voina i mir|thorn o"


def test_targets_are_titles_without_their_series(tmp_path: Path) -> None:
    catalogue, path = tmp_path / "books.csv", tmp_path / "queries.jsonl"
    catalogue.write_text('isbn,authors,title\n0439023483,Suzanne Collins,"The Hunger Games (The Hunger Games, #1)"\n')
    target = "the hunger games the hunger games 1|suzanne collins"
    path.write_text(f'{{"class": "x", "query": "q", "mode": "item", "target": "{target}"}}\n')
    assert workload.load(path)[0].target == target
    assert workload.load(path, catalogue)[0].target == "the hunger games|suzanne collins"
    assert Book("", "Dune (Dune, #1)", "Frank Herbert", 0).key == "dune|frank herbert"


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("numeral", {"king henry 4 part ii"}),
        ("last_first", {"shakespeare, william"}),
        ("article", {"the king henry iv, part 2"}),
        ("run_together", {"kinghenry iv part 2", "king henryiv part 2", "king henry ivpart 2", "king henry iv part2"}),
        ("ampersand", {""}),
        ("initials", {""}),
        ("taken_apart", {""}),
        ("diacritics", {""}),
        ("isbn_prefix", {"0521626889"[:size] for size in range(5, 10)}),
    ],
)
def test_a_book_is_typed_in_the_ways_of_a_kind(kind: str, typed: set[str]) -> None:
    assert ways(kind, HENRY) == typed


def test_an_isbn_is_typed_in_every_form() -> None:
    forms = {"0521626889", "0-5216-2688-9", "9780521626880", "978-0-5216-2688-0", "978 0521626880"}
    assert ways("isbn", HENRY) == forms
    assert {form[:3] for form in ways("isbn", Book("9791000000008", "Emma", "Jane Austen", 0))} == {"979"}


def test_initials_are_typed_with_and_without_points() -> None:
    assert ways("initials", Book("", "The Hobbit", "J. R. R. Tolkien", 0)) == {
        "jrr tolkien", "j.r.r. tolkien", "J R R tolkien",
    }  # fmt: skip


def test_and_becomes_an_ampersand_and_the_other_way_round() -> None:
    assert ways("ampersand", Book("", "War and peace", "", 0)) == {"war & peace"}
    assert ways("ampersand", Book("", "Bently & egg", "", 0)) == {"bently and egg"}


def test_a_leading_article_is_left_out() -> None:
    assert ways("article", Book("", "The tempest", "", 0)) == {"tempest"}


def test_a_slip_leaves_the_first_letter_and_changes_the_word_by_one() -> None:
    slips = {misspelt("tempest", CHANCE) for _ in range(500)}
    assert all(slip[0] == "t" and abs(len(slip) - 7) <= 1 for slip in slips)
    assert {"tmepest", "temest", "tempeest"} <= slips


def test_popular_books_are_drawn_more_often() -> None:
    books = [Book("", str(number), "", 10_000 if number < 10 else 0) for number in range(1000)]
    popular, even = workload.drawn(books, random.Random(1), size=10)
    assert sum(book.popularity > 0 for book in popular) > 3 >= sum(book.popularity > 0 for book in even)


def test_folding_leaves_letters_and_digits() -> None:
    assert fold("L'Étranger & Straße: Толстой, 村") == "letranger strasse tolstoi cun"
    assert fold(fold("Łódź – ‘x’")) == fold("Łódź – ‘x’")


def test_no_book_is_too_odd() -> None:
    for title, author in (("", ""), ("-", "-"), ("村", "村上"), ("A", "Plato"), ("II", "X."), ("ß and ß", "' '")):
        for kind in kinds.KINDS:
            for _ in range(20):
                kind.typed(Book("0521626889", title, author, 0), CHANCE)
