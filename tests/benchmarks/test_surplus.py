"""Queries with more words than the title, and which books they are made of."""

import random

import pytest

from benchmarks.search import workload
from benchmarks.search.kinds import Book
from benchmarks.search.surplus import HELD_OUT, SURPLUS, UNSEEN
from benchmarks.search.workload import GROUPS, group_of
from flyleaf.importing.command import BOOKS

ALL = (*SURPLUS, *UNSEEN, *HELD_OUT)
HOBBIT = Book("0261102214", "The Hobbit: there and back again (Middle-earth, #0)", "J. R. R. Tolkien", 9)


def ways(kind: str, book: Book) -> set[str]:
    """All that a kind makes of the book in many tries."""
    chance = random.Random(1)
    typed = next(one.typed for one in ALL if one.name == kind)
    return {typed(book, chance) for _ in range(300)}


@pytest.fixture(scope="module")
def queries() -> list[workload.Query]:
    return workload.make(BOOKS, 7, each=10, groups=("surplus", "unseen", "held-out"))


def test_every_kind_has_as_many_queries(queries: list[workload.Query]) -> None:
    counts = {kind.name: sum(query.kind == kind.name for query in queries) for kind in ALL}
    assert set(counts.values()) == {10}
    assert len(queries) == 10 * len(ALL) == 10 * len(counts)


def test_a_group_has_the_same_queries_whatever_others_are_made_with_it(queries: list[workload.Query]) -> None:
    alone = workload.make(BOOKS, 7, each=10, groups=("surplus",))
    together = workload.make(BOOKS, 7, each=10, groups=GROUPS)
    assert {query for query in queries if group_of(query.kind) == "surplus"} == set(alone)
    assert {query for query in together if group_of(query.kind) != "classic"} == set(queries)


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("T book", {"The Hobbit: there and back again book", "the hobbit: there and back again book"}),
        ("livro T", {
            "livro The Hobbit: there and back again", "livro the hobbit: there and back again",
            "o livro The Hobbit: there and back again", "o livro the hobbit: there and back again",
            "The Hobbit: there and back again livro", "the hobbit: there and back again livro",
        }),
    ],
)  # fmt: skip
def test_words_are_added_to_the_title_without_its_brackets(kind: str, typed: set[str]) -> None:
    assert ways(kind, HOBBIT) == typed


def test_another_subtitle_takes_the_place_of_the_catalogues() -> None:
    typed = ways("T: other words", HOBBIT)
    assert len(typed) > 200
    assert all(text.lower().startswith("the hobbit: ") and "there and back" not in text for text in typed)


def test_a_word_that_the_title_has_is_not_surplus() -> None:
    assert ways("T: a novel", Book("", "The graphic novel", "", 0)) == {""}


def test_a_book_without_an_author_is_not_typed_with_one() -> None:
    assert ways("A - T.pdf", Book("", "Beowulf", "", 0)) == {""}


def test_what_two_works_are_called_means_neither() -> None:
    emma, other = Book("1", "Emma", "Jane Austen", 9), Book("2", "Emma: a life", "Ann Other", 1)
    edition, dune = Book("3", "EMMA", "Jane Austen", 0), Book("4", "Dune", "Frank Herbert", 5)
    assert workload.unmistakable([emma, dune], [other], [emma, other, dune]) == ([dune], [])
    assert workload.unmistakable([emma, dune], [edition], [emma, edition, dune]) == ([emma, dune], [edition])


def test_no_book_is_too_odd() -> None:
    chance = random.Random(1)
    for title, author in (("", ""), ("-", "-"), ("村", "村上"), ("A", "Plato"), ("{x}", "{0}"), ("(a)", "' '")):
        for kind in ALL:
            for _ in range(20):
                kind.typed(Book("0521626889", title, author, 0), chance)


def test_single_queries_are_listed_of_those_kinds_alone_that_the_search_may_be_tuned_with() -> None:
    assert {group_of(kind.name) for kind in SURPLUS} <= set(workload.OPEN)
    assert not {group_of(kind.name) for kind in (*UNSEEN, *HELD_OUT)} & set(workload.OPEN)
